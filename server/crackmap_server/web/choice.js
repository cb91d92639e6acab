// The detection that is chosen: marked on chart and sheet, told in the panel, reviewed, and left.

import { showDetection } from "./detection_panel.js";
import { mayJudge } from "./api.js";
import { review } from "./reviewing.js";
import { toAddress } from "./selection.js";
import { view } from "./viewer.js";

const NARROW = matchMedia("(max-width: 860px)");

export class Choice {
  constructor(page) {
    this.page = page;
    this.detection = null;
    this.panel = document.getElementById("detection");
  }

  /** Select a detection (null: none). */
  choose(detection) {
    const { page } = this;
    page.desk.leave();
    this.detection = detection;
    page.selection.detection = detection?.detection_id ?? null;
    toAddress(page.selection);
    if (!detection) {
      this.close();
      return;
    }
    const { reached, shown, chart } = page;
    const placed = detection.placement === "placed";
    const frame = page.frames.get(detection.frame_id);
    const opened = this.panel.hidden;
    chart.choose(placed ? detection : null);
    page.sheet.choose(detection);
    showDetection(
      this.panel,
      detection,
      frame,
      { place: reached.indexOf(detection) + 1, of: reached.length },
      {
        view: () => this.view(frame),
        approach: placed ? () => chart.approach(detection) : null,
        step: (by) => this.step(by),
        close: () => this.choose(null),
        review: mayJudge() && !shown.closeOut ? (verdict, fields) => this.#review(detection, verdict, fields) : null,
        draw: placed ? (type, onDone) => page.desk.start(chart.map, type, onDone) : null,
      },
    );
    page.sections.show(false);
    if (opened && NARROW.matches) this.panel.scrollIntoView();
  }

  /** What is shown changed: the chosen one is shown anew, or left where it is no longer among it. */
  follow() {
    if (!this.detection) return;
    this.choose(this.page.reached.includes(this.detection) ? this.detection : null);
  }

  /** To the next (+1) or previous (−1) detection by score; from none to the highest. Whether keys may do so now. */
  step(by) {
    const { reached, chart } = this.page;
    if (chart.busy) return false;
    const next = reached[this.detection ? reached.indexOf(this.detection) + by : 0];
    if (next) this.choose(next);
    return true;
  }

  /** Whether one was chosen. */
  leave() {
    const open = this.detection !== null;
    this.choose(null);
    return open;
  }

  /** Show one frame's photograph large. */
  view(frame) {
    const found = this.page.reached.filter((detection) => detection.frame_id === frame.frame_id);
    view(frame, found, this.page.threshold, this.detection);
  }

  /** A key is a click on the button of that verdict. */
  press(verdict) {
    const button = this.panel.querySelector(`[data-verdict=${verdict}]`);
    button?.click();
    return Boolean(button);
  }

  /** Nothing is chosen any more; the address keeps what it says. */
  close() {
    const { page } = this;
    this.detection = null;
    this.panel.hidden = true;
    this.panel.replaceChildren();
    if (page.chart.map) page.chart.choose(null);
    page.sheet.choose(null);
    page.sections.show(page.shown !== null);
  }

  /** Keep a review; where the filter no longer lets the detection through, the next one takes its place. */
  #review(detection, verdict, fields) {
    const { page } = this;
    const place = page.reached.indexOf(detection);
    return page.attempt(null, async () => {
      await page.reviewed(await review(detection, verdict, fields, page.shown.filter, page.threshold));
      const { reached } = page;
      const same = reached.find(({ detection_id }) => detection_id === detection.detection_id);
      this.detection = same ?? reached[place] ?? null;
      page.draw();
      if (!this.detection) this.choose(null);
    });
  }
}
