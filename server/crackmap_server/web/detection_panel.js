// The chosen detection: its picture, its score, where it is and how sure that is.

import { address } from "./api.js";
import { element, facts } from "./elements.js";
import { halfAxes } from "./ellipse.js";
import { picture } from "./picture.js";
import { count, moment } from "./quantities.js";
import { reviewBox } from "./review_box.js";
import { inWords } from "./scores.js";

const FLAGS = { out_of_range: "the picture's mm/px lies outside what the model promises" };
const SMALLEST_MARGIN_PX = 24;

/** What the crop shows: the tile and a margin around it, as far as the picture reaches. */
function cropBox(detection, frame, margin_px) {
  const left = Math.max(0, detection.x_px - margin_px);
  const top = Math.max(0, detection.y_px - margin_px);
  return {
    x_px: left,
    y_px: top,
    width_px: Math.min(frame.width_px, detection.x_px + detection.width_px + margin_px) - left,
    height_px: Math.min(frame.height_px, detection.y_px + detection.height_px + margin_px) - top,
  };
}

function crop(detection, frame) {
  if (frame.evidence === "expected") {
    return element("p", { class: "note" }, "The picture has not arrived yet; the robot will send it.");
  }
  if (frame.evidence === "removed") return element("p", { class: "note" }, "The picture was old, and was removed.");
  // Where the frame is not kept, its tile may be, alone and without anything around it.
  const margin_px = frame.evidence === "none" ? 0 : Math.max(SMALLEST_MARGIN_PX, Math.round(detection.width_px / 2));
  const { x_px, y_px, width_px, height_px } = detection;
  return picture({
    address: address(`frames/${frame.frame_id}/crop.jpg`, { x_px, y_px, width_px, height_px, margin_px }),
    frame,
    box: cropBox(detection, frame, margin_px),
    detections: [detection],
    label: `Tile of ${frame.label} with score ${inWords(detection.score)}`,
  });
}

function positionError(detection) {
  if (!detection.covariance_m2) return "position error unknown";
  const { major_m, minor_m } = halfAxes(detection.covariance_m2);
  return `± ${(major_m * 1000).toFixed(1)} × ${(minor_m * 1000).toFixed(1)} mm (half axes of the 95 % ellipse)`;
}

function tileSize(corners_m) {
  const side = ([a, b]) => Math.hypot(corners_m[a][0] - corners_m[b][0], corners_m[a][1] - corners_m[b][1]) * 1000;
  return `somewhere in this ${side([0, 1]).toFixed(0)} × ${side([1, 2]).toFixed(0)} mm tile`;
}

function position(detection, frame) {
  if (detection.placement === "placed") {
    return [
      ["Position", `u ${detection.u_m.toFixed(3)} m, v ${detection.v_m.toFixed(3)} m`],
      ["Position error", positionError(detection)],
      ["The crack", tileSize(detection.corners_m)],
    ];
  }
  if (detection.placement === "no_pose") return [["Position", `unknown: ${frame.placement.cause}`]];
  return [["Position", "in its photograph only; the photograph has no place on the surface"]];
}

/**
 * Fills the panel.
 *
 * @param {object} actions  view(), approach() (or null where there is no place to go to), step(±1), close(),
 *   review(verdict, fields) (or null for who only reads) and draw(type, onDone) (or null where it has no place)
 */
export function showDetection(panel, detection, frame, rank, actions) {
  const button = (text, act, attributes = {}) =>
    element("button", { type: "button", onclick: act, ...attributes }, text);
  const title = `Detection ${count(rank.place)} of ${count(rank.of)}`;
  const flags = (detection.flags ?? []).map((flag) => FLAGS[flag] ?? flag).join("; ");
  panel.replaceChildren(
    element(
      "header",
      {},
      button("‹", () => actions.step(-1), {
        "aria-label": "Previous detection (higher score)",
        title: "Left arrow key",
      }),
      element("h2", {}, title),
      button("›", () => actions.step(1), { "aria-label": "Next detection (lower score)", title: "Right arrow key" }),
      button("×", actions.close, { class: "close", "aria-label": "Close", title: "Esc" }),
    ),
    reviewBox(detection, actions.review, actions.draw),
    crop(detection, frame),
    facts([
      ["Score", element("strong", { class: "score" }, inWords(detection.score))],
      ...position(detection, frame),
      ["Frame", frame.label],
      ["Taken", moment(frame)],
      ["Tile", `${detection.width_px} × ${detection.height_px} px at x ${detection.x_px}, y ${detection.y_px} px`],
      ["Flags", flags],
      ["Known thing", detection.masked && `in a mask: ${detection.masked.replaceAll("_", " ")}`],
    ]),
    element(
      "div",
      { class: "actions" },
      frame.evidence === "held" ? button("Whole picture", actions.view) : null,
      actions.approach ? button("Zoom to it", actions.approach) : null,
    ),
  );
  panel.hidden = false;
  document.getElementById("spoken").textContent = `${title}, score ${inWords(detection.score)}`;
}
