// One whole photograph, large, with its detections.

import { address, read } from "./api.js";
import { element, facts } from "./elements.js";
import { picture } from "./picture.js";
import { counted, moment } from "./quantities.js";
import { inWords } from "./scores.js";

const LARGE_PX = 2048;

export const wholePicture = (frame, max_px) => address(`frames/${frame.frame_id}/picture.jpg`, { max_px });
export const wholeBox = (frame) => ({ x_px: 0, y_px: 0, width_px: frame.width_px, height_px: frame.height_px });

/** Opens the dialog; `detections` are the frame's, at or over `threshold`; the `chosen` one is marked. */
export function view(frame, detections, threshold, chosen) {
  const dialog = document.getElementById("viewer");
  const close = element(
    "button",
    { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() },
    "×",
  );
  const shown = picture({
    address: wholePicture(frame, LARGE_PX),
    frame,
    box: wholeBox(frame),
    detections,
    label: `Photograph ${frame.label} with ${counted(detections.length, "detection")}`,
  });
  const mark = chosen && shown.querySelector(`[data-detection="${chosen.detection_id}"]`);
  mark?.classList.add("chosen");
  const file = element("a", { target: "_blank" }, "open as stored");
  const told = facts([
    ["Detections", `${counted(detections.length, "tile")} at ≥ ${inWords(threshold)}`],
    ["Highest score", frame.highest_score === null ? "not scored" : inWords(frame.highest_score)],
    ["Scale", frame.placement.mm_per_px ? `${frame.placement.mm_per_px.toPrecision(3)} mm/px` : "unknown"],
    ["Size", `${frame.width_px} × ${frame.height_px} px`],
    ["Taken", moment(frame)],
    ["File", file],
  ]);
  dialog.replaceChildren(
    element("header", {}, element("h2", {}, frame.label), close),
    element("div", { class: "large" }, shown),
    told,
  );
  dialog.showModal();
  readHash(frame).then(
    (sha256) => file.setAttribute("href", address(`evidence/${sha256}`)),
    () => file.remove(),
  );
}

/** Lists of frames leave out the SHA-256 under which the file is kept. */
async function readHash(frame) {
  return (await read(`frames/${frame.frame_id}`)).image_sha256;
}
