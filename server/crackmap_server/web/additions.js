// Masks and findings of a surface: read, drawn, listed, added and deleted.

import { all, mayJudge, newId, write } from "./api.js";
import { DrawingTool } from "./drawing_tool.js";
import { element } from "./elements.js";

const MASKS = ["joint", "tie_hole", "pipe", "cable", "fixture", "drain", "stain", "vegetation", "marking", "obstruction", "other"];
const FINDINGS = ["crack", "spall", "rust", "efflorescence", "leakage"];
const word = (kind) => kind.replaceAll("_", " ");

export class Additions {
  /** `onChange()` is called when masks changed, `attempt(work)` runs what may fail. */
  constructor(box, onChange, attempt) {
    this.box = box;
    this.onChange = onChange;
    this.attempt = attempt;
    this.items = [];
    this.tool = null;
  }

  /** Read and draw those of one surface and inspection. */
  async open(chart, filter, signal) {
    this.leave();
    this.chart = chart;
    this.filter = filter;
    const { surface_id, inspection_id } = filter;
    const [masks, findings] = await Promise.all(["masks", "findings"].map((path) => all(path, { surface_id }, signal)));
    const own = findings.filter(({ content }) => content.inspection_id === inspection_id);
    this.items = [...masks.map((item) => ({ path: "masks", ...item })), ...own.map((item) => ({ path: "findings", ...item }))];
    this.#show();
  }

  /** Whether a drawing was ended. */
  finish() {
    return this.tool?.finish() ?? false;
  }

  /** Whether there was something to leave. */
  leave() {
    const open = this.tool !== null;
    this.tool?.close();
    this.tool = null;
    return open;
  }

  #show() {
    this.chart.showAdditions(this.items);
    const options = (path, kinds) =>
      element("optgroup", { label: path === "masks" ? "Mask a known thing" : "Add a finding" },
        kinds.map((kind) => element("option", { value: `${path} ${kind}` }, word(kind))));
    const choice = element("select", { "aria-label": "What to draw" }, options("masks", MASKS), options("findings", FINDINGS));
    const lines = this.items.map((item) =>
      element("li", {},
        element("span", {}, `${item.path === "masks" ? "mask" : "finding"}: ${word(item.content.kind)}`,
          item.content.note ? element("em", {}, ` ${item.content.note}`) : null),
        mayJudge()
          ? element("button", { type: "button", class: "link", onclick: () => this.#delete(item) }, "Delete")
          : null));
    this.box.replaceChildren(
      element("h2", {}, "Masks and findings"),
      lines.length ? element("ul", {}, lines) : element("p", { class: "note" }, "None on this surface yet."),
      mayJudge()
        ? element("div", { class: "actions" }, choice,
            element("button", { type: "button", onclick: () => this.#draw(choice.value) }, "Draw"))
        : "",
    );
  }

  #draw(choice) {
    this.leave();
    const [path, kind] = choice.split(" ");
    const type = kind === "crack" ? "polyline" : "polygon";
    this.tool = new DrawingTool(this.chart.map, type, (points) => {
      this.tool = null;
      this.#ask(path, kind, type, points);
    });
  }

  #ask(path, kind, type, points) {
    const note = element("input", { type: "text", maxlength: 4000, placeholder: "Note (may be empty)", "aria-label": "Note" });
    const form = element("form", { class: "say" }, note, element("button", {}, `Keep this ${word(kind)}`));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.attempt(async () => {
        await write("PUT", `${path}/${newId()}`, this.#content(path, kind, type, points, note.value.trim()));
        await this.#again(path);
      });
    };
    this.box.append(form);
    note.focus();
  }

  #content(path, kind, type, points, note) {
    const { surface_id, inspection_id } = this.filter;
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

  async #again(path) {
    await this.open(this.chart, this.filter);
    if (path === "masks") await this.onChange();
  }
}
