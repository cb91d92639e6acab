// What a detection really is, and where: its kind chosen anew, its line or area drawn anew.

import { choiceField, filledIn, panelForm, textField } from "./fields.js";
import { element } from "./elements.js";
import { FINDINGS, MASKS, word } from "./kinds.js";
import { area, counted, length } from "./quantities.js";
import { area_m2, length_m } from "./rings.js";

/**
 * `keep(fields)` gets what a review takes: kind, shape, note. `draw(type, onDone)` draws on the chart; null where the
 * detection has no place on it.
 */
export function correctionForm(keep, cancel, draw) {
  let shape = null;
  const kinds = [
    ["", "a crack, as found"],
    ...[...FINDINGS.filter((kind) => kind !== "crack"), ...MASKS].map((kind) => [kind, word(kind)]),
  ];
  const told = element(
    "p",
    { class: "note", role: "status" },
    draw ? "Its shape stays the tile." : "It has no place on the chart: only what it is can be corrected.",
  );
  const redraw = (type) =>
    draw(type, (points) => {
      shape = type === "polyline" ? { type, line_m: points } : { type, rings_m: [points] };
      told.textContent = shapeInWords(shape);
      form.querySelector("button").focus();
    });
  const button = (text, type) => element("button", { type: "button", onclick: () => redraw(type) }, text);
  const form = panelForm(
    "Correct",
    () => {
      const { kind, note } = filledIn(form);
      // The server wants one of the two; a person who leaves both says that it is a crack.
      return keep({ kind: kind ?? (shape ? null : "crack"), shape, note: note ?? "" });
    },
    cancel,
    choiceField("It is", "kind", null, kinds),
    draw
      ? element("div", { class: "actions" }, button("Draw its line", "polyline"), button("Draw its area", "polygon"))
      : null,
    told,
    textField("Note (may be empty)", "note", ""),
  );
  return form;
}

/** "line of 3 points, 31 cm" */
export function shapeInWords(shape) {
  if (shape.type === "polyline")
    return `line of ${counted(shape.line_m.length, "point")}, ${length(length_m(shape.line_m))}`;
  return `area of ${area(area_m2(shape.rings_m))}`;
}
