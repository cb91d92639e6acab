// Photographs that have no place on the surface, and frames whose pose is missing.

import { element } from "./elements.js";
import { picture } from "./picture.js";
import { counted, moment } from "./quantities.js";
import { inWords } from "./scores.js";
import { wholeBox, wholePicture } from "./viewer.js";

const THUMBNAIL_PX = 480;
const EVIDENCE = { expected: "The picture has not arrived yet.", none: "No picture was kept.", removed: "The picture was old, and was removed." };

function byScore(one, other) {
  return (
    (other.highest_score ?? -1) - (one.highest_score ?? -1) ||
    one.label.localeCompare(other.label, "en", { numeric: true })
  );
}

function found(detections, threshold) {
  return `${counted(detections.length, "detection")} at ≥ ${inWords(threshold)}`;
}

function card(frame, detections, threshold, onView) {
  const shown =
    frame.evidence === "held"
      ? picture({
          address: wholePicture(frame, THUMBNAIL_PX),
          frame,
          box: wholeBox(frame),
          detections,
          label: `${frame.label}: ${found(detections, threshold)}`,
        })
      : element("p", { class: "note" }, EVIDENCE[frame.evidence]);
  return element(
    "li",
    { "data-frame": frame.frame_id },
    element("button", { type: "button", onclick: () => onView(frame), disabled: frame.evidence !== "held" }, shown),
    element("strong", {}, frame.label),
    element("span", { class: "found" }, found(detections, threshold)),
    element("span", {}, frame.highest_score === null ? "not scored" : `highest score ${inWords(frame.highest_score)}`),
    element("span", {}, `${frame.placement.mm_per_px.toPrecision(3)} mm/px`),
  );
}

export class ContactSheet {
  /** `onView(frame)` opens a photograph large. */
  constructor(section, onView) {
    this.section = section;
    this.onView = onView;
    this.frames = [];
  }

  open(frames) {
    this.frames = frames.filter((frame) => frame.placement.kind === "unplaced").toSorted(byScore);
    const lost = frames.filter((frame) => frame.placement.kind === "no_pose");
    this.section.replaceChildren(
      element("h2", {}, `${counted(this.frames.length, "photograph")} without a place on the surface`),
      element(
        "p",
        { class: "note" },
        this.frames.length ? EXPLAINED : "Every photograph here has a place, or its pose is missing.",
      ),
      (this.list = element("ul", { class: "sheet" })),
      ...(lost.length ? this.#lost(lost) : []),
    );
  }

  /** Draw the cards; `detectionsOf` maps frame_id to that frame's detections at or over `threshold`. */
  show(detectionsOf, threshold) {
    const cards = this.frames.map((frame) => {
      const detections = detectionsOf.get(frame.frame_id) ?? [];
      const known = this.list.querySelector(`[data-frame="${frame.frame_id}"]`);
      // A card whose detections stay keeps its picture; only its words follow the threshold.
      if (known && Number(known.dataset.tiles) === detections.length) {
        known.querySelector(".found").textContent = found(detections, threshold);
        return known;
      }
      const made = card(frame, detections, threshold, this.onView);
      made.dataset.tiles = detections.length;
      return made;
    });
    this.list.replaceChildren(...cards);
  }

  /** Mark a detection's tile; null marks none. */
  choose(detection) {
    for (const tile of this.section.querySelectorAll("rect.chosen")) tile.classList.remove("chosen");
    const tile = detection && this.section.querySelector(`rect[data-detection="${detection.detection_id}"]`);
    tile?.classList.add("chosen");
    tile?.closest("li").scrollIntoView({ block: "nearest" });
  }

  #lost(frames) {
    const rows = frames.map((frame) =>
      element(
        "tr",
        {},
        element("td", {}, frame.label),
        element("td", {}, frame.placement.cause),
        element("td", {}, moment(frame)),
        element("td", {}, frame.highest_score === null ? "not scored" : inWords(frame.highest_score)),
      ),
    );
    const head = ["Frame", "Why it has no pose", "Taken", "Highest score"].map((title) =>
      element("th", { scope: "col" }, title),
    );
    return [
      element("h2", {}, `${counted(frames.length, "frame")} with no pose`),
      element("p", { class: "note" }, "Taken and scored, but nobody knows of which part of the surface."),
      element("table", { class: "lost" }, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows)),
    ];
  }
}

const EXPLAINED =
  "Each has a scale of its own, but no position: it is not on the map and counts for no photographed area. " +
  "Scan with a pose file and a camera file to place photographs.";
