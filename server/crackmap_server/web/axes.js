// Grid and ticks in metres: lines under the chart, numbers over it, u along the lower edge and v along the left one.

import { element } from "./elements.js";
import { roundDown } from "./quantities.js";

const WIDEST_PX = 150; // between two lines
const EDGE_PX = 16;

/** Round values between two ends, at most WIDEST_PX apart on the screen. */
export function ticks(from_m, to_m, px_per_m) {
  const step_m = roundDown(WIDEST_PX / px_per_m);
  const [low, high] = [Math.min(from_m, to_m), Math.max(from_m, to_m)];
  const values = [];
  for (let index = Math.ceil(low / step_m); index * step_m <= high; index += 1) values.push(index * step_m);
  return { step_m, values };
}

export class Axes {
  constructor(map) {
    this.map = map;
    this.lines = this.#sheet("grid");
    this.numbers = this.#sheet("numbers");
    map.on("move zoom resize viewreset", () => this.draw());
    map.on("zoomanim", () => map.getContainer().classList.add("zooming"));
    map.on("zoomend", () => map.getContainer().classList.remove("zooming"));
    map.on("unload", () => [this.lines, this.numbers].forEach((sheet) => sheet.remove())); // the container stays
    this.draw();
  }

  #sheet(name) {
    const sheet = element("canvas", { class: `axes ${name}`, "aria-hidden": "true" });
    this.map.getContainer().append(sheet);
    return sheet;
  }

  #pen(sheet, { x, y }) {
    const sharp = window.devicePixelRatio || 1;
    sheet.width = x * sharp; // which also wipes it
    sheet.height = y * sharp;
    const pen = sheet.getContext("2d");
    pen.scale(sharp, sharp);
    return pen;
  }

  draw() {
    const size = this.map.getSize();
    const { x: width, y: height } = size;
    const [lines, numbers] = [this.#pen(this.lines, size), this.#pen(this.numbers, size)];
    const style = getComputedStyle(this.numbers);
    lines.strokeStyle = style.getPropertyValue("--grid");
    numbers.strokeStyle = style.getPropertyValue("--chart");
    numbers.fillStyle = style.color;
    numbers.lineWidth = 3;
    numbers.font = "11px system-ui, sans-serif";
    const [start, end] = [this.map.containerPointToLatLng([0, height]), this.map.containerPointToLatLng([width, 0])];
    const px_per_m = width / Math.abs(end.lng - start.lng);
    const across = ticks(start.lng, end.lng, px_per_m);
    const up = ticks(start.lat, end.lat, px_per_m);
    for (const u_m of across.values) {
      const x = Math.round(this.map.latLngToContainerPoint([0, u_m]).x) + 0.5;
      line(lines, [x, 0, x, height]);
      if (x > 44 && x < width - 70) label(numbers, words(u_m, across.step_m), x, height - 5, "center");
    }
    for (const v_m of up.values) {
      const y = Math.round(this.map.latLngToContainerPoint([v_m, 0]).y) + 0.5;
      line(lines, [0, y, width, y]);
      if (y < height - 2 * EDGE_PX && y > EDGE_PX) label(numbers, words(v_m, up.step_m), 5, y + 4, "left");
    }
    label(numbers, "v ↑ m", 5, 14, "left");
    label(numbers, this.map.options.crs.reflected ? "← u m" : "u → m", width - 5, height - 5, "right");
  }
}

function words(value_m, step_m) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step_m) - 1e-9));
  return (Math.abs(value_m) < step_m / 2 ? 0 : value_m).toFixed(digits).replace("-", "−");
}

function line(pen, [x0, y0, x1, y1]) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function label(pen, text, x, y, align) {
  pen.textAlign = align;
  pen.strokeText(text, x, y);
  pen.fillText(text, x, y);
}
