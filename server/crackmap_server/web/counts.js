// How much was found, in how much that was photographed. The page never says "no crack": photographed is not yet seen.

import { element } from "./elements.js";
import { area, count, counted } from "./quantities.js";
import { inWords } from "./scores.js";
import { MOST_SHOWN } from "./detections.js";

/** Detections by placement kind, as { placed, unplaced, no_pose }. */
export function byPlacement(detections) {
  const sorted = { placed: [], unplaced: [], no_pose: [] };
  for (const detection of detections) sorted[detection.placement].push(detection);
  return sorted;
}

/** Lines for people. `sorted` as by `byPlacement`, `coverage` as the API gives it, `whole` false where more exist. */
export function lines(sorted, coverage, threshold, whole) {
  const at = `at ≥ ${inWords(threshold)}`;
  const told = [];
  if (coverage.frames_placed || !coverage.frames_unplaced) {
    told.push(`${counted(sorted.placed.length, "detection")} ${at} in ${area(coverage.area_m2)} photographed`);
  }
  const unknown = sorted.placed.filter((detection) => !detection.covariance_m2).length;
  if (unknown) told.push(`${unknown === sorted.placed.length ? "all" : count(unknown)} of them with unknown position error`);
  if (coverage.frames_unplaced) {
    const photographs = counted(coverage.frames_unplaced, "photograph");
    told.push(`${counted(sorted.unplaced.length, "detection")} ${at} in ${photographs} without a place on the surface`);
  }
  if (coverage.frames_no_pose) {
    told.push(`${counted(sorted.no_pose.length, "detection")} ${at} in ${counted(coverage.frames_no_pose, "frame")} with no pose`);
  }
  if (!whole) told.push(`There are more than ${count(MOST_SHOWN)}; only so many are shown. Raise the threshold to see all that remain.`);
  return told;
}

export function showCounts(told, whole) {
  const paragraphs = told.map((line, index) => {
    if (index === told.length - 1 && !whole) return element("p", { class: "warning" }, line);
    const [, number, rest] = line.match(/^([\d,]+ \S+)(.*)$/) ?? [null, null, line];
    return element("p", { class: index ? "more" : "first" }, number && element("strong", {}, number), rest);
  });
  document.getElementById("count-text").replaceChildren(...paragraphs);
}
