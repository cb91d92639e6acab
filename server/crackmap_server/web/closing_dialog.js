// Are you sure? What closing freezes, what it does not, and the button that does it.

import { isAnybody } from "./api.js";
import { element } from "./elements.js";
import { field } from "./fields.js";
import { counted } from "./quantities.js";
import { inWords } from "./scores.js";
import { current } from "./versions.js";

/** Asks; `close({ by, note })` is called only where a person says yes. */
export function confirmClosing({ inspection, scans, number }, close) {
  const note = element("input", {
    type: "text",
    name: "note",
    maxlength: 4000,
    placeholder: "as reported to the owner",
  });
  const by = element("input", { type: "text", name: "by", maxlength: 200, required: true, autocomplete: "name" });
  const form = element(
    "form",
    { class: "fields" },
    element("p", {}, `Close-out ${number} keeps, as they are now:`),
    element(
      "ul",
      {},
      frozen(scans).map((each) => element("li", {}, each)),
    ),
    element(
      "p",
      {},
      "It can never be changed or deleted. Nothing is locked: what comes later is stored and shown as ever, is not in this close-out, and can be closed again.",
    ),
    isAnybody() ? field("Closed by", by) : null,
    field("Why (may be empty)", note),
    element(
      "div",
      { class: "actions" },
      element("button", { class: "strong" }, `Close ${inspection.name}`),
      element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  const dialog = element(
    "dialog",
    { class: "small", "aria-label": "Close the inspection", onclose: () => dialog.remove() },
    element("h2", {}, `Close ${inspection.name}?`),
    form,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    close({ by: by.value.trim(), note: note.value.trim() });
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** What counts, in words: `scans` are all of the inspection's. */
function frozen(scans) {
  const surfaces = new Set(scans.map(({ surface_id }) => surface_id)).size;
  const frames = scans.reduce((sum, scan) => sum + scan.frames, 0);
  const analyses = scans.map((scan) => current(scan.analyses)).filter(Boolean);
  const models = new Set(analyses.map(({ model, threshold }) => `${model} at ≥ ${inWords(threshold)}`));
  return [
    `${counted(frames, "frame")} of ${counted(scans.length, "scan")} on ${counted(surfaces, "surface")}, with their scores and places`,
    `the detections of ${[...models].join(", ") || "no model"}`,
    "the reviews that have arrived",
    "masks, findings, boundaries, places and conditions",
    "the areas where a crack of the target width would have shown",
  ];
}
