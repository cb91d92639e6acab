// Drawing a line or an area on the chart, point by point; a click on the last point, or Enter, ends it.

import { element } from "./elements.js";

const LEAST = { polyline: 2, polygon: 3 };

export class DrawingTool {
  /** `onDone(points)` gets chart points [u, v]. */
  constructor(map, type, onDone) {
    this.map = map;
    this.type = type;
    this.onDone = onDone;
    this.points = [];
    this.hint = element("div", { class: "drawing-hint", role: "status" });
    this.shape = L[type]([], { color: "#c2185b", weight: 3, dashArray: "6 4", interactive: false }).addTo(map);
    this.click = ({ latlng }) => this.#add(latlng);
    map.on("click", this.click);
    map.doubleClickZoom.disable();
    map.getContainer().append(this.hint);
    map.getContainer().classList.add("drawing");
    this.#say();
  }

  /** Whether there were enough points to end it. */
  finish() {
    if (this.points.length < LEAST[this.type]) return false;
    const points = this.points.map(({ lat, lng }) => [lng, lat]);
    this.close();
    this.onDone(points);
    return true;
  }

  close() {
    this.map.off("click", this.click);
    this.map.doubleClickZoom.enable();
    this.shape.remove();
    this.hint.remove();
    this.map.getContainer().classList.remove("drawing");
  }

  #add(latlng) {
    const last = this.points.at(-1);
    const near = last && this.map.latLngToContainerPoint(last).distanceTo(this.map.latLngToContainerPoint(latlng)) < 6;
    if (near) {
      this.finish();
      return;
    }
    this.points.push(latlng);
    this.shape.setLatLngs(this.points);
    this.#say();
  }

  #say() {
    const missing = LEAST[this.type] - this.points.length;
    this.hint.textContent =
      missing > 0 ? `Click ${missing} more point${missing === 1 ? "" : "s"} · Esc leaves it` : "Enter ends it · Esc leaves it";
  }
}
