// What stands in the panel while no detection is chosen: what people added, said and closed.

import { Additions } from "./additions.js";
import { CloseOuts } from "./close_outs.js";
import { ConditionsSection } from "./conditions_section.js";
import { SurfaceSection } from "./surface_section.js";

export class Sections {
  /**
   * `desk` draws, `attempt(work)` runs what may fail; `readAgain()` is called when coverage and detections changed,
   * `openAgain()` when the inspection itself did; `openClosed(number)` and `close(order)` are for close-outs.
   */
  constructor({ desk, attempt, readAgain, openAgain, openClosed, close }) {
    const box = (id) => document.getElementById(id);
    this.box = box("besides");
    this.additions = new Additions(box("additions"), desk, attempt, readAgain);
    this.surface = new SurfaceSection(box("surface-said"), desk, attempt, readAgain);
    this.conditions = new ConditionsSection(box("conditions"), attempt, openAgain);
    this.closeOuts = new CloseOuts(box("closed"), openClosed, close, attempt);
  }

  /**
   * `shown`: chart, surface, inspection, scans (of the inspection), filter, closeOuts, closeOut (null: as it is now),
   * target_width_mm and coverage.
   */
  async open(shown, signal) {
    this.additions.box.hidden = !shown.coverage.frames_placed;
    this.closeOuts.open(shown);
    await Promise.all([this.additions, this.surface, this.conditions].map((section) => section.open(shown, signal)));
  }

  /** Whether there was something on the chart to leave. */
  leave() {
    return this.surface.cancel();
  }

  show(shown) {
    this.box.hidden = !shown;
  }
}
