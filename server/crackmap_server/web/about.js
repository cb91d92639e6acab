// What the shown scan is: model, tile grid, poses, frames.

import { element, facts } from "./elements.js";
import { counted } from "./quantities.js";
import { inWords } from "./scores.js";
import { current } from "./versions.js";

/** The threshold of the scans' current analyses; the lowest where they differ. */
export function standardThreshold(scans) {
  const thresholds = scans
    .map((scan) => current(scan.analyses)?.threshold)
    .filter((threshold) => threshold !== undefined);
  return thresholds.length ? Math.min(...thresholds) : 0.5;
}

function frames({ frames_placed, frames_unplaced, frames_no_pose }) {
  const kinds = [
    [frames_placed, "placed"],
    [frames_unplaced, "without a place"],
    [frames_no_pose, "with no pose"],
  ];
  return (
    kinds
      .filter(([number]) => number)
      .map(([number, kind]) => `${number} ${kind}`)
      .join(", ") || "none"
  );
}

export function showAbout(section, scans, coverage) {
  const told = scans.map((scan) => {
    const analysis = current(scan.analyses);
    const poses = current(scan.pose_solutions);
    return facts([
      ["Frames", frames(coverage)],
      ["Model", analysis && element("span", { title: `SHA-256 ${analysis.model_sha256}` }, analysis.model)],
      ["Tiles", analysis && `${analysis.tile_px} px every ${analysis.stride_px} px`],
      ["Threshold", analysis && `${inWords(analysis.threshold)} in the scan`],
      ["Poses", poses ? poses.source : "none"],
      ["Scanned by", scan.software],
    ]);
  });
  const title = scans.length > 1 ? counted(scans.length, "scan") : "This scan";
  section.replaceChildren(element("h2", {}, title), ...told);
}
