// How things look on the chart.

/** How a tile is drawn by what people said of it: what they rejected, or masked, steps back. */
export function saidOf({ review, masked }) {
  if (review?.state === "needs_review") return { weight: 3, dashArray: "4 3", fillOpacity: 0.6 };
  if (review?.crack) return { weight: 3, dashArray: null, fillOpacity: 0.75 };
  if (masked || review?.crack === false) return { weight: 1, dashArray: "2 3", fillOpacity: 0.12 };
  return { weight: 1, dashArray: null, fillOpacity: 0.6 };
}

/** Leaflet's styles, in the colours of the present scheme. */
export function look(container) {
  const style = getComputedStyle(container);
  const tint = (name) => style.getPropertyValue(name).trim();
  return {
    footprint: { color: tint("--footprint"), weight: 1, opacity: 0.55, fill: false },
    photographed: { color: tint("--shown"), weight: 2, fill: false },
    shown: { stroke: false, fillColor: tint("--shown"), fillOpacity: 0.14 },
    hidden: { stroke: false, fillColor: tint("--hidden"), fillOpacity: 0.45 },
    never: { color: tint("--never"), weight: 1.5, dashArray: "3 4", fillColor: tint("--never"), fillOpacity: 0.12 },
    unsure: { stroke: false, fillColor: tint("--hidden"), fillOpacity: 0.14 },
    mask: { color: tint("--mask"), weight: 1.5, dashArray: "6 3", fillColor: tint("--mask"), fillOpacity: 0.18 },
    boundary: { color: tint("--ink"), weight: 2, opacity: 0.8, dashArray: "10 3 2 3", fill: false },
    finding: { color: tint("--finding"), weight: 3, fillColor: tint("--finding"), fillOpacity: 0.15 },
    halo: { color: tint("--chart"), weight: 6, opacity: 0.9, fill: false },
    chosen: { color: tint("--chosen"), weight: 2.5, fill: false },
    ellipse: {
      color: tint("--ellipse"),
      weight: 2,
      dashArray: "6 4",
      fillColor: tint("--ellipse"),
      fillOpacity: 0.12,
    },
  };
}
