// Corners of a polygon on the chart: dragged, or moved by arrow keys; new ones between two, Delete takes one away.

import { pointedAt } from "./chart_points.js";
import { rounded } from "./rings.js";

const MOST = 300; // corners with a handle; more are changed as text
const STEP_M = 0.01; // of an arrow key; with Shift a tenth
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const latlng = ([u_m, v_m]) => [v_m, u_m];

export class CornerHandles {
  /** `onChange(rings)` is called with new rings when a person moved, added or took away a corner. */
  constructor(map, onChange) {
    this.map = map;
    this.onChange = onChange;
    this.rings = [];
    this.layer = L.layerGroup().addTo(map);
    this.outline = L.polygon([], {
      color: "#c2185b",
      weight: 2,
      dashArray: "6 4",
      fillOpacity: 0.08,
      interactive: false,
    });
    this.outline.addTo(map);
    map.getContainer().classList.add("editing");
  }

  /** Rings are not closed: no corner stands twice. */
  show(rings) {
    this.rings = rings;
    this.outline.setLatLngs(rings.map((ring) => ring.map(latlng)));
    this.layer.clearLayers();
    if (rings.flat().length > MOST) return;
    rings.forEach((ring, place) => {
      const of = place ? `opening ${place}` : "the outer edge";
      ring.forEach((corner, index) => {
        const next = ring[(index + 1) % ring.length];
        this.#corner(place, index, corner, `Corner ${index + 1} of ${of}`);
        this.#between(
          place,
          index + 1,
          corner.map((each, axis) => (each + next[axis]) / 2),
          `Add a corner to ${of}`,
        );
      });
    });
  }

  close() {
    this.layer.remove();
    this.outline.remove();
    this.map.getContainer().classList.remove("editing");
  }

  #corner(place, index, corner, title) {
    const put = (point) => this.#change(place, (ring) => ring.with(index, point));
    const marker = this.#handle(corner, "corner", title, put);
    marker.getElement().addEventListener("keydown", (event) => {
      const removes = ["Delete", "Backspace"].includes(event.key);
      if (!removes && !MOVES[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      if (removes) this.#change(place, (ring) => (ring.length > 3 ? ring.toSpliced(index, 1) : ring));
      else put(this.#moved(corner, MOVES[event.key], event.shiftKey));
      this.#focus(title);
    });
  }

  #between(place, index, middle, title) {
    const insert = (point) => this.#change(place, (ring) => ring.toSpliced(index, 0, point));
    this.#handle(middle, "corner between", title, insert).on("click", () => insert(middle.map(rounded)));
  }

  #handle(corner, kind, title, put) {
    const icon = L.divIcon({ className: kind, iconSize: [16, 16] });
    const marker = L.marker(latlng(corner), { icon, draggable: true, title, bubblingMouseEvents: false });
    marker.addTo(this.layer);
    marker.getElement().setAttribute("aria-label", title);
    marker.on("dragend", () => put(pointedAt(this.map, marker.getLatLng())));
    return marker;
  }

  /** As it looks on the chart: a reflected one has u to the left. */
  #moved([u_m, v_m], [right, up], fine) {
    const step_m = fine ? STEP_M / 10 : STEP_M;
    const along = this.map.options.crs.reflected ? -right : right;
    return [rounded(u_m + along * step_m), rounded(v_m + up * step_m)];
  }

  #change(place, make) {
    this.show(this.rings.with(place, make(this.rings[place])));
    this.onChange(this.rings);
  }

  #focus(title) {
    this.map.getContainer().querySelector(`.corner[title="${title}"]`)?.focus();
  }
}
