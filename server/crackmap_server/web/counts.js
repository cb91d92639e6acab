// How much was found, in how much that was photographed, and in how much of it a crack would have shown.

import { element } from "./elements.js";
import { area, count, counted } from "./quantities.js";
import { inWords } from "./scores.js";
import { neverSeen, told as sightsTold } from "./sights.js";
import { MOST_SHOWN } from "./detections.js";

/** Detections by placement kind, as { placed, unplaced, no_pose }. */
export function byPlacement(detections) {
  const sorted = { placed: [], unplaced: [], no_pose: [] };
  for (const detection of detections) sorted[detection.placement].push(detection);
  return sorted;
}

/**
 * Lines for people: `sorted` as by `byPlacement`, all at or over `threshold`; `coverage` as the API gives it.
 * `target_width_mm` is the inspection's, null where none was set.
 */
export function lines(sorted, coverage, threshold, target_width_mm) {
  const at = `at ≥ ${inWords(threshold)}`;
  const told = [];
  if (coverage.frames_placed || !coverage.frames_unplaced) {
    told.push(`${counted(sorted.placed.length, "detection")} ${at} in ${area(coverage.area_m2)} photographed`);
  }
  const shown = sightsTold(coverage, target_width_mm);
  if (shown) told.push(shown);
  const missing = neverSeen(coverage);
  if (missing) told.push(missing);
  const unknown = sorted.placed.filter((detection) => !detection.covariance_m2).length;
  if (unknown)
    told.push(`${unknown === sorted.placed.length ? "all" : count(unknown)} of them with unknown position error`);
  if (coverage.frames_unplaced) {
    const photographs = counted(coverage.frames_unplaced, "photograph");
    told.push(`${counted(sorted.unplaced.length, "detection")} ${at} in ${photographs} without a place on the surface`);
  }
  if (coverage.frames_no_pose) {
    const frames = counted(coverage.frames_no_pose, "frame");
    told.push(`${counted(sorted.no_pose.length, "detection")} ${at} in ${frames} with no pose`);
  }
  const outside = Object.values(sorted)
    .flat()
    .filter((detection) => detection.flags.includes("out_of_range")).length;
  if (outside)
    told.push(`${counted(outside, "detection")} in pictures whose mm/px lies outside what the model promises`);
  return told;
}

/** What to say where more detections were asked for than can be shown. */
function tooMany(asked, threshold) {
  return (
    `More than ${count(MOST_SHOWN)} detections are at ≥ ${inWords(asked)}, too many to show. ` +
    `Shown are those at ≥ ${inWords(threshold)}; where none is shown, there may be some with lower scores.`
  );
}

/** Tells the lines; `asked` is the slider's threshold, `threshold` the one that could be shown. */
export function showCounts(told, asked, threshold) {
  const paragraphs = told.map((line, index) => {
    const [, number, rest] = line.match(/^([\d,]+ \S+)(.*)$/) ?? [null, null, line];
    return element("p", { class: index ? "more" : "first" }, number && element("strong", {}, number), rest);
  });
  if (asked < threshold) paragraphs.push(element("p", { class: "warning" }, tooMany(asked, threshold)));
  document.getElementById("count-text").replaceChildren(...paragraphs);
}
