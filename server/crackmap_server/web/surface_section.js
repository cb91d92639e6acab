// What people said of the surface: its element, its boundary, where it stands; read, drawn and changed.

import { address, mayJudge, write } from "./api.js";
import { BoundaryForm } from "./boundary_form.js";
import { element, facts } from "./elements.js";
import { openForm, refill } from "./fields.js";
import { readCounting } from "./kept.js";
import { partInWords, readParts } from "./parts.js";
import { elementForm, partForm } from "./parts_form.js";
import { placementForm, placementInWords } from "./placement_form.js";
import { area, counted } from "./quantities.js";
import { area_m2 } from "./rings.js";

const EMPTY = { element_id: null, boundary: null, placement: null, note: "" };

export class SurfaceSection {
  /** `desk` draws, `attempt(work)` runs what may fail, `onChange()` is called when the boundary changed. */
  constructor(box, desk, attempt, onChange) {
    Object.assign(this, { box, desk, attempt, onChange });
    this.boundary = null; // the form while it is open
  }

  /** Read and show what is said of the shown surface. */
  async open(shown, signal) {
    this.#leave();
    const { surface } = shown;
    const [parts, kept] = await Promise.all([
      readParts(surface.structure_id, signal),
      readCounting(
        `surfaces/${surface.surface_id}/description`,
        "surface description",
        surface.surface_id,
        surface.description_version,
        shown.closeOut,
        signal,
      ),
    ]);
    Object.assign(this, { shown, parts, kept });
    this.content = kept?.content ?? EMPTY;
    shown.chart.showBoundary(this.content.boundary);
    this.#show();
  }

  /** Whether there was a form with something on the chart, which is left. */
  cancel() {
    if (!this.boundary) return false;
    this.#show();
    return true;
  }

  #leave() {
    this.boundary?.leave();
    this.boundary = null;
  }

  #show() {
    this.#leave();
    const { surface, filter, closeOut } = this.shown;
    const { boundary, placement, element_id, note } = this.content;
    const part = this.parts.find(({ id }) => id === element_id);
    const openings = boundary?.length > 1 ? `, ${counted(boundary.length - 1, "opening")}` : "";
    const { inspection_id, close_out } = filter;
    const file = address(`surfaces/${surface.surface_id}/detections.geojson`, { inspection_id, close_out });
    const button = (text, act) => element("button", { type: "button", onclick: act }, text);
    refill(
      this.box,
      element("h2", {}, "Surface"),
      facts([
        ["Shape", shapeInWords(surface)],
        ["Element", part ? partInWords(part) : "not said"],
        [
          "Boundary",
          boundary ? area(area_m2(boundary)) + openings : "not drawn: what was never photographed is not known",
        ],
        ["Place", placement ? placementInWords(placement) : "not known"],
        ["Note", note],
        [
          "File",
          [
            element("a", { href: file, download: "detections.geojson" }, "Detections as GeoJSON"),
            placement ? ", with longitude and latitude" : ", in metres on the chart",
          ],
        ],
      ]),
      mayJudge() && !closeOut
        ? element(
            "div",
            { class: "actions" },
            button("Boundary", () => this.#openBoundary()),
            button("Element", () => this.#openElement()),
            button("Place", () => this.#openPlace()),
          )
        : "",
    );
  }

  #openBoundary() {
    const keep = (boundary) => this.#save({ boundary }, () => this.onChange());
    this.boundary = new BoundaryForm(this.shown.chart, this.desk, this.content.boundary, keep, () => this.#show());
    openForm(this.box, this.boundary.form);
  }

  #openPlace() {
    const keep = (placement) => this.#save({ placement }, () => this.#readAgain());
    openForm(
      this.box,
      placementForm(this.content.placement, keep, () => this.#show()),
    );
  }

  #openElement() {
    const keep = (element_id) => this.#save({ element_id }, () => this.#readAgain());
    const remove = (part) => this.#change(() => write("DELETE", `elements/${part.id}`, undefined, part.version));
    openForm(
      this.box,
      elementForm(
        this.parts,
        this.content.element_id,
        keep,
        () => this.#show(),
        (part) => this.#openPart(part),
        remove,
      ),
    );
  }

  #openPart(part) {
    const { structure_id } = this.shown.surface;
    openForm(
      this.box,
      partForm(
        structure_id,
        this.parts,
        part,
        (work) => this.#change(work),
        () => this.#openElement(),
      ),
    );
  }

  /** Changes the structure's elements, and leads back to their list. */
  #change(work) {
    return this.attempt(async () => {
      await work();
      this.parts = await readParts(this.shown.surface.structure_id);
      this.#openElement();
    });
  }

  #save(changes, then) {
    return this.attempt(async () => {
      const { surface } = this.shown;
      const content = { surface_id: surface.surface_id, ...this.content, ...changes };
      const { version } = await write(
        "PUT",
        `surfaces/${surface.surface_id}/description`,
        content,
        this.kept?.version ?? null,
      );
      surface.description_version = version;
      await then();
    });
  }

  #readAgain() {
    return this.open(this.shown);
  }
}

function shapeInWords({ radius_m, facing }) {
  return radius_m ? `cylinder of ${radius_m} m radius, seen from ${facing}, unrolled` : "plane";
}
