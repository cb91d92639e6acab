// A person's word on the chosen detection: sent, and what it touches read again.

import { all, newId, write } from "./api.js";

/** Sends one review of a detection and gives all detections whose state it may have changed, read again. */
export async function review(detection, verdict, fields, filter, threshold) {
  const { frame_id, analysis_id, tile } = detection;
  // Who sees that people disagree, and decides, has decided it.
  const settles = verdict !== "comment" && detection.review?.state === "needs_review";
  await write("PUT", `reviews/${newId()}`, { frame_id, analysis_id, tile, verdict, settles, ...fields });
  const found = await all("detections", { ...filter, threshold, frame_id });
  if (detection.placement !== "placed") return found;
  return [...found, ...(await all("detections", { ...filter, threshold, bbox: around(detection.corners_m) }))];
}

/** u0,v0,u1,v1 of the tile and as much around it: the middle of no tile of the same place lies beyond. */
function around(corners_m) {
  const us = corners_m.map(([u]) => u);
  const vs = corners_m.map(([, v]) => v);
  const [low_u, high_u, low_v, high_v] = [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)];
  const margin = Math.max(high_u - low_u, high_v - low_v);
  return [low_u - margin, low_v - margin, high_u + margin, high_v + margin].join(",");
}
