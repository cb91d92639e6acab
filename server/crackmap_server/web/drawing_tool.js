// Drawing a line or an area on the chart, point by point: by clicks, or by a cross that the arrow keys move.

import { pointedAt } from "./chart_points.js";
import { element } from "./elements.js";

const LEAST = { polyline: 2, polygon: 3 };
const SAME_PX = 6; // a click so near to the last point is one on it

export class DrawingTool {
  /** `onDone(points)` gets chart points [u, v]; `onLeave()` is called when a person gives it up. */
  constructor(map, type, onDone, onLeave) {
    this.map = map;
    this.type = type;
    this.onDone = onDone;
    this.points = [];
    this.at = null; // of the cross, in pixels of the chart
    this.said = element("span", { role: "status" });
    const button = (text, act) => element("button", { type: "button", onclick: act }, text);
    this.end = button("Done", () => this.finish());
    const keys = element("span", { class: "for-readers" }, "Arrow keys move a cross, Space sets a point, Esc leaves.");
    this.bar = element(
      "div",
      { class: "drawing-bar" },
      this.said,
      keys,
      this.end,
      button("Undo", () => this.undo()),
      button("Leave", onLeave),
    );
    this.cross = element("div", { class: "drawing-cross", hidden: true });
    this.shape = L[type]([], { color: "#c2185b", weight: 3, dashArray: "6 4", interactive: false }).addTo(map);
    this.click = ({ latlng }) => this.#add(latlng);
    map.on("click", this.click);
    map.doubleClickZoom.disable();
    const container = map.getContainer();
    container.append(this.cross);
    container.parentElement.append(this.bar); // over the legend: every point of the chart stays in reach
    container.classList.add("drawing");
    container.focus({ preventScroll: true });
    this.#say();
  }

  /** Whether there were enough points to end it. */
  finish() {
    if (this.points.length < LEAST[this.type]) return false;
    const points = this.points.map((point) => pointedAt(this.map, point));
    this.close();
    this.onDone(points);
    return true;
  }

  /** Takes the last point away. */
  undo() {
    this.points.pop();
    this.#redraw();
  }

  close() {
    this.map.off("click", this.click);
    this.map.doubleClickZoom.enable();
    this.shape.remove();
    this.bar.remove();
    this.cross.remove();
    this.map.getContainer().classList.remove("drawing");
  }

  /** Moves the cross by pixels; the first time it appears in the chart's middle. */
  move(right_px, down_px) {
    const size = this.map.getSize();
    const next = (this.at ?? size.divideBy(2)).add([right_px, down_px]);
    this.at = L.point(Math.min(Math.max(next.x, 0), size.x), Math.min(Math.max(next.y, 0), size.y));
    this.cross.hidden = false;
    L.DomUtil.setPosition(this.cross, this.at);
    this.#say();
  }

  /** Sets a point where the cross is. */
  set() {
    if (this.at) this.#add(this.map.containerPointToLatLng(this.at), 1);
  }

  #add(latlng, same_px = SAME_PX) {
    const last = this.points.at(-1);
    const pixels = (point) => this.map.latLngToContainerPoint(point);
    if (last && pixels(last).distanceTo(pixels(latlng)) < same_px) {
      this.finish();
      return;
    }
    this.points.push(latlng);
    this.#redraw();
  }

  #redraw() {
    this.shape.setLatLngs(this.points);
    this.#say();
  }

  #say() {
    const missing = LEAST[this.type] - this.points.length;
    const where = this.at && this.map.containerPointToLatLng(this.at);
    const place = where ? `u ${where.lng.toFixed(3)} v ${where.lat.toFixed(3)} m, Space sets a point · ` : "";
    const next =
      missing > 0 ? `Click ${missing} more point${missing === 1 ? "" : "s"}` : "Click the last point again, or Done";
    this.said.textContent = place + next;
    this.end.disabled = missing > 0;
  }
}
