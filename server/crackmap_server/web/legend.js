// Above the chart: colours of the scores, and switches for what lies under the detections.

import { element } from "./elements.js";
import { CLASSES, colour } from "./scores.js";

/** Fills in the colours of the present colour scheme. */
export function showClasses() {
  const ranges = CLASSES.map((known, index) => {
    const swatch = element("i", { class: "swatch" });
    swatch.style.backgroundColor = colour(known.from);
    const next = CLASSES[index + 1];
    return element("li", {}, swatch, next ? `${known.from} – ${next.from}` : `≥ ${known.from}`);
  });
  document.getElementById("score-classes").replaceChildren(element("span", {}, "Score"), element("ul", {}, ranges));
}

/** `toggle(name, on)` is called when a switch moves. */
export function onSwitch(toggle) {
  for (const name of ["photographed", "footprints"]) {
    document.getElementById(`show-${name}`).addEventListener("change", ({ target }) => toggle(name, target.checked));
  }
}

/** On a small screen the legend is folded at first; on a large one nothing folds it. */
export function foldWhereSmall() {
  const small = matchMedia("(max-width: 860px)");
  const fold = () => {
    document.getElementById("legend").open = !small.matches;
  };
  small.addEventListener("change", fold);
  fold();
}

/** Whether that layer is switched on. */
export function isOn(name) {
  return document.getElementById(`show-${name}`).checked;
}
