// Under which conditions the inspection took place: shown and changed.

import { mayJudge, write } from "./api.js";
import { element, facts } from "./elements.js";
import { choiceField, field, filledIn, numberField, openForm, panelForm, refill, together } from "./fields.js";
import { readCounting } from "./kept.js";

const WETNESS = ["dry", "damp", "wet"];
const LIGHT = ["sun", "overcast", "shade", "lamps", "mixed"];
const EMPTY = { held_on: null, target_width_mm: null, temperature_c: null, wetness: null, light: null, remarks: "" };

export class ConditionsSection {
  /** `attempt(work)` runs what may fail; `onChange()` is called when they changed: the target width is among them. */
  constructor(box, attempt, onChange) {
    Object.assign(this, { box, attempt, onChange });
  }

  async open(shown, signal) {
    const { inspection, closeOut } = shown;
    const path = `inspections/${inspection.inspection_id}/conditions`;
    const kept = await readCounting(
      path,
      "inspection conditions",
      inspection.inspection_id,
      inspection.conditions_version,
      closeOut,
      signal,
    );
    Object.assign(this, { shown, path, kept });
    this.content = kept?.content ?? EMPTY;
    this.#show();
  }

  #show() {
    const { held_on, temperature_c, wetness, light, remarks } = this.content;
    const { target_width_mm } = this.shown;
    refill(
      this.box,
      element("h2", {}, "Inspection"),
      facts([
        ["Day", held_on],
        ["Target width", target_width_mm ? `${target_width_mm} mm` : "not set"],
        ["Air", temperature_c === null ? null : `${temperature_c} °C`],
        ["Surface", wetness],
        ["Light", light],
        ["Remarks", remarks],
      ]),
      mayJudge() && !this.shown.closeOut
        ? element(
            "div",
            { class: "actions" },
            element("button", { type: "button", onclick: () => this.#openForm() }, "Conditions"),
          )
        : "",
    );
  }

  #openForm() {
    const { held_on, temperature_c, wetness, light, remarks, target_width_mm } = this.content;
    const said = (words) => [["", "not said"], ...words.map((each) => [each, each])];
    const form = panelForm(
      "Conditions",
      () => this.#save({ ...filledIn(form), remarks: filledIn(form).remarks ?? "" }),
      () => this.#show(),
      field(
        "Day (by default that of the first photograph)",
        element("input", { type: "date", name: "held_on", value: held_on }),
      ),
      numberField("Target width, mm (by default as the scan said)", "target_width_mm", target_width_mm, {
        min: 0.001,
        max: 1000,
        placeholder: this.shown.inspection.target_width_mm,
      }),
      numberField("Air, °C", "temperature_c", temperature_c, { min: -80, max: 80 }),
      together(
        choiceField("Surface", "wetness", wetness, said(WETNESS)),
        choiceField("Light", "light", light, said(LIGHT)),
      ),
      field("Remarks", element("textarea", { name: "remarks", rows: 3, maxlength: 4000 }, remarks)),
    );
    openForm(this.box, form);
  }

  #save(told) {
    const { inspection } = this.shown;
    return this.attempt(async () => {
      const content = { inspection_id: inspection.inspection_id, ...told };
      inspection.conditions_version = (await write("PUT", this.path, content, this.kept?.version ?? null)).version;
      await this.onChange();
    });
  }
}
