// Masks and findings of a surface: read, drawn, listed, added and deleted.

import { mayJudge, newId, write } from "./api.js";
import { element } from "./elements.js";
import { readList } from "./kept.js";
import { FINDINGS, MASKS, word } from "./kinds.js";

export class Additions {
  /** `desk` draws, `attempt(work)` runs what may fail, `onChange()` is called when masks changed. */
  constructor(box, desk, attempt, onChange) {
    Object.assign(this, { box, desk, attempt, onChange });
    this.items = [];
  }

  /** Read and draw those of the shown surface and inspection. */
  async open(shown, signal) {
    this.desk.leave();
    const { surface_id, inspection_id } = shown.filter;
    const [masks, findings] = await Promise.all(
      [
        ["masks", "mask"],
        ["findings", "finding"],
      ].map(([path, kind]) => readList(path, kind, surface_id, shown.closeOut, signal)),
    );
    const own = findings.filter(({ content }) => content.inspection_id === inspection_id);
    this.items = [
      ...masks.map((item) => ({ path: "masks", ...item })),
      ...own.map((item) => ({ path: "findings", ...item })),
    ];
    this.shown = shown;
    this.#show(mayJudge() && !shown.closeOut);
  }

  #show(writable) {
    this.shown.chart.showAdditions(this.items);
    const options = (path, kinds) =>
      element(
        "optgroup",
        { label: path === "masks" ? "Mask a known thing" : "Add a finding" },
        kinds.map((kind) => element("option", { value: `${path} ${kind}` }, word(kind))),
      );
    const choice = element(
      "select",
      { "aria-label": "What to draw" },
      options("masks", MASKS),
      options("findings", FINDINGS),
    );
    const lines = this.items.map((item) =>
      element(
        "li",
        {},
        element(
          "span",
          {},
          `${item.path === "masks" ? "mask" : "finding"}: ${word(item.content.kind)}`,
          item.content.note ? element("em", {}, ` ${item.content.note}`) : null,
        ),
        writable
          ? element("button", { type: "button", class: "link", onclick: () => this.#delete(item) }, "Delete")
          : null,
      ),
    );
    this.box.replaceChildren(
      element("h2", {}, "Masks and findings"),
      lines.length
        ? element("ul", { class: "lines" }, lines)
        : element("p", { class: "note" }, "None on this surface yet."),
      writable
        ? element(
            "div",
            { class: "actions" },
            choice,
            element("button", { type: "button", onclick: () => this.#draw(choice.value) }, "Draw"),
          )
        : "",
    );
  }

  #draw(choice) {
    const [path, kind] = choice.split(" ");
    const type = kind === "crack" ? "polyline" : "polygon";
    this.desk.start(this.shown.chart.map, type, (points) => this.#ask(path, kind, type, points));
  }

  #ask(path, kind, type, points) {
    const note = element("input", {
      type: "text",
      maxlength: 4000,
      placeholder: "Note (may be empty)",
      "aria-label": "Note",
    });
    const form = element("form", { class: "say" }, note, element("button", {}, `Keep this ${word(kind)}`));
    const id = newId(); // of the drawing: keeping it twice makes one
    form.onsubmit = (event) => {
      event.preventDefault();
      this.attempt(async () => {
        await write("PUT", `${path}/${id}`, this.#content(path, kind, type, points, note.value.trim()));
        await this.#again(path);
      });
    };
    this.box.append(form);
    note.focus();
  }

  #content(path, kind, type, points, note) {
    const { surface_id, inspection_id } = this.shown.filter;
    if (path === "masks") return { surface_id, kind, polygon_m: [points], note };
    const shape = type === "polyline" ? { type, line_m: points } : { type, rings_m: [points] };
    return { surface_id, inspection_id, kind, shape, note };
  }

  #delete(item) {
    this.attempt(async () => {
      await write("DELETE", `${item.path}/${item.id}`, undefined, item.version);
      await this.#again(item.path);
    });
  }

  /** Masks change what is counted, findings only what is drawn. */
  #again(path) {
    return path === "masks" ? this.onChange() : this.open(this.shown);
  }
}
