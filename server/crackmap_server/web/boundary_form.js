// The boundary of a surface and its openings, as text and as corners on the chart; each follows the other.

import { CornerHandles } from "./corner_handles.js";
import { element } from "./elements.js";
import { field, panelForm } from "./fields.js";
import { opened, ringOf, textOf } from "./rings.js";

const LINES = 6;

export class BoundaryForm {
  /** `keep(rings)`: null takes the boundary away. `desk` draws, `close()` is called when the form is left. */
  constructor(chart, desk, boundary, keep, close) {
    this.chart = chart;
    this.desk = desk;
    this.rings = (boundary ?? []).map(opened);
    this.close = close;
    this.handles = new CornerHandles(chart.map, (rings) => this.#follow(rings));
    this.list = element("div", {});
    const button = (text, act) => element("button", { type: "button", onclick: act }, text);
    this.add = button("", () => this.#draw());
    this.form = panelForm(
      "Boundary",
      () => keep(this.rings.length ? this.rings : null),
      close,
      element(
        "p",
        { class: "note" },
        "What is to be inspected: u and v in metres, a corner a line. Corners can be dragged on the chart.",
      ),
      this.list,
      element("div", { class: "actions" }, this.add),
    );
    this.#show();
  }

  /** Takes away what it put on the chart. */
  leave() {
    this.desk.leave();
    this.handles.close();
  }

  #draw() {
    this.desk.start(this.chart.map, "polygon", (points) => {
      this.rings = [...this.rings, points];
      this.#show();
      this.add.focus();
    });
  }

  #show() {
    this.handles.show(this.rings);
    this.list.replaceChildren(...this.rings.map((ring, place) => this.#fields(ring, place)));
    this.add.textContent = this.rings.length ? "Draw an opening" : "Draw the outer edge";
  }

  #fields(ring, place) {
    const name = place ? `Opening ${place}` : "Outer edge";
    const text = element("textarea", { rows: Math.min(ring.length, LINES), spellcheck: "false" }, textOf(ring));
    text.addEventListener("input", () => this.#typed(text, place));
    const remove = () => {
      this.rings = place ? this.rings.toSpliced(place, 1) : [];
      this.#show();
      this.add.focus();
    };
    const words = place ? `Remove opening ${place}` : "Remove the boundary";
    return element(
      "div",
      {},
      field(name, text),
      element("button", { type: "button", class: "link", onclick: remove }, words),
    );
  }

  #typed(text, place) {
    try {
      this.rings = this.rings.with(place, ringOf(text.value));
      this.handles.show(this.rings);
      text.setCustomValidity("");
    } catch (problem) {
      text.setCustomValidity(problem.message); // the browser says it, and keeps nothing meanwhile
    }
  }

  #follow(rings) {
    this.rings = rings;
    for (const [place, text] of this.list.querySelectorAll("textarea").entries()) {
      text.value = textOf(rings[place]);
      text.setCustomValidity("");
    }
  }
}
