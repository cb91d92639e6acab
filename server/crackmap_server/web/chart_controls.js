// What stands on the chart's corners: scale bar, coordinates under the cursor, "show all".

import { drawing, element } from "./elements.js";
import { length, roundDown } from "./quantities.js";

const LONGEST_PX = 140;

function control(position, made) {
  const leaflet = new L.Control({ position });
  leaflet.onAdd = () => {
    L.DomEvent.disableClickPropagation(made);
    return made;
  };
  return leaflet;
}

/** A bar of a round length in mm, cm or m. */
export function scaleBar(map) {
  const bar = element("div", { class: "scale-bar" });
  const draw = () => {
    const middle = map.getSize().divideBy(2);
    const m_per_px = Math.abs(
      map.containerPointToLatLng(middle.add([1, 0])).lng - map.containerPointToLatLng(middle).lng,
    );
    const length_m = roundDown(LONGEST_PX * m_per_px);
    bar.style.width = `${length_m / m_per_px}px`;
    bar.textContent = length(length_m);
  };
  map.on("zoom resize viewreset", draw);
  map.whenReady(draw);
  return control("bottomright", bar);
}

/** u and v under the cursor, to the millimetre. */
export function cursor(map) {
  const shown = element("div", { class: "cursor" });
  map.on("mousemove", ({ latlng }) => {
    shown.textContent = `u ${latlng.lng.toFixed(3)} m   v ${latlng.lat.toFixed(3)} m`;
  });
  map.on("mouseout", () => {
    shown.textContent = "";
  });
  return control("bottomright", shown);
}

/** A button that brings everything into view. */
export function showAll(fit) {
  const corners = drawing("path", {
    d: "M2 6V2h4 M10 2h4v4 M14 10v4h-4 M6 14H2v-4",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 2,
  });
  const icon = drawing("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, corners);
  return control(
    "topright",
    element(
      "button",
      { type: "button", class: "show-all", title: "Show all", "aria-label": "Show all", onclick: fit },
      icon,
    ),
  );
}
