// The map page: reads what was scanned, shows one surface of one inspection, and follows what the person chooses.

import { showAbout, standardThreshold } from "./about.js";
import { showAccount } from "./account.js";
import { Additions } from "./additions.js";
import { all, read } from "./api.js";
import { Chart } from "./chart.js";
import { showClosed } from "./close_outs.js";
import { ContactSheet } from "./contact_sheet.js";
import { byPlacement, lines, showCounts } from "./counts.js";
import { showDetection } from "./detection_panel.js";
import { Detections, readDetections } from "./detections.js";
import { expose } from "./hook.js";
import { onKeys } from "./keys.js";
import { hideNotice, showNothingYet, showProblem } from "./notice.js";
import { Picker } from "./picker.js";
import { counted } from "./quantities.js";
import { review } from "./reviewing.js";
import { isWanted, onSaidFilter } from "./said_filter.js";
import { onScheme } from "./scores.js";
import { fromAddress, toAddress } from "./selection.js";
import { Slider } from "./slider.js";
import { view } from "./viewer.js";
import { Views } from "./views.js";

const OTHER_SURFACE = "The link names a surface that this server does not hold. This is another one.";
const OTHER_INSPECTION = "The link names an inspection that this surface does not have. This is another one.";
const OTHER_DETECTION = "The detection that the link names is not among these.";
const PAUSE_MS = 200; // of the slider, before detections below the loaded ones are asked for

class Page {
  constructor() {
    this.selection = fromAddress();
    this.chart = new Chart(document.getElementById("chart"), (detection) => this.choose(detection));
    this.sheet = new ContactSheet(document.getElementById("sheet-view"), (frame) => this.view(frame));
    this.slider = new Slider((threshold) => this.follow(threshold));
    this.panel = document.getElementById("detection");
    this.detections = new Detections();
    this.frames = new Map(); // frame_id → frame
    this.coverage = null;
    this.inspection = null;
    this.chosen = null;
    this.picker = null;
    this.loading = new AbortController();
    this.state = "starting"; // starting, empty, loading, ready or failed
    this.views = new Views((name) => this.turnTo(name));
    this.additions = new Additions(
      document.getElementById("additions"),
      () => this.#readAgain(),
      (work) => this.#attempt(null, work),
    );
    onSaidFilter(() => this.#draw());
    onKeys({
      step: (by) => this.step(by),
      finish: () => this.additions.finish(),
      review: (verdict) => this.#press(verdict),
      close: () => {
        if (this.additions.leave()) return true;
        const open = this.chosen !== null;
        this.choose(null);
        return open;
      },
    });
    window.addEventListener("popstate", () => this.open(fromAddress()));
    onScheme(() => this.open(this.selection));
  }

  /** Read the catalogue, then show what the address asks for. */
  async start() {
    await this.#attempt(
      () => this.start(),
      async () => {
        await showAccount(document.getElementById("account"));
        const [structures, surfaces, inspections, scans] = await Promise.all(
          ["structures", "surfaces", "inspections", "scans"].map((list) => all(list)),
        );
        if (!scans.length) {
          this.state = "empty";
          showNothingYet();
          return;
        }
        this.picker = new Picker({ structures, surfaces, inspections, scans }, (surface, inspection) =>
          this.open({ surface, inspection, threshold: null, detection: null, view: null }, { step: true }),
        );
        await this.open(this.selection);
      },
    );
  }

  /** Show a selection, as `selection.js` has it. */
  async open(selection, { step = false } = {}) {
    if (!this.picker) return;
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.state = "loading";
    await this.#attempt(
      () => this.open(selection),
      async () => {
        const { surface_id, inspection_id } = this.picker.resolve(selection.surface, selection.inspection);
        this.selection = { ...selection, surface: surface_id, inspection: inspection_id };
        toAddress(this.selection, { step });
        this.picker.show(surface_id, inspection_id);
        this.slider.close();
        this.chosen = null;
        this.#close();
        this.#progress("Loading frames …");
        const filter = { surface_id, inspection_id };
        const [frames, coverage] = await Promise.all([
          all("frames", filter, signal),
          read(`surfaces/${surface_id}/coverage`, { inspection_id }, signal),
        ]);
        this.#lay(frames, coverage);
        await showClosed(document.getElementById("closed"), inspection_id, signal);
        await this.additions.open(this.chart, filter, signal);
        await this.#load(filter, this.slider.threshold, signal);
        this.chart.fit();
        const linked = this.detections.items.find((detection) => detection.detection_id === selection.detection);
        if (linked) this.choose(linked);
        if (selection.surface && selection.surface !== surface_id) this.#progress(OTHER_SURFACE);
        else if (selection.inspection && selection.inspection !== inspection_id) this.#progress(OTHER_INSPECTION);
        else if (selection.detection && !linked) this.#progress(OTHER_DETECTION);
        this.state = "ready";
      },
    );
  }

  /** Frames and coverage onto chart, sheet and panel, before the detections are there. */
  #lay(frames, coverage) {
    const { catalogue } = this.picker;
    const { surface: surface_id, inspection: inspection_id } = this.selection;
    const surface = catalogue.surfaces.find((each) => each.surface_id === surface_id);
    const inspection = catalogue.inspections.find((each) => each.inspection_id === inspection_id);
    const scans = catalogue.scans.filter(
      (scan) => scan.surface_id === surface_id && scan.inspection_id === inspection_id,
    );
    const standard = standardThreshold(scans);
    this.frames = new Map(frames.map((frame) => [frame.frame_id, frame]));
    this.coverage = coverage;
    this.inspection = inspection;
    this.detections = new Detections();
    this.slider.offer(standard, this.selection.threshold ?? standard);
    document.title = `${surface.name}, ${inspection.name} · crackmap`;
    document.getElementById("reflected").hidden = surface.drawing !== "reflected";
    document.getElementById("nowhere").hidden = coverage.frames_placed > 0;
    this.views.count(coverage.frames_unplaced + coverage.frames_no_pose);
    this.turnTo(this.selection.view);
    this.chart.open(surface.drawing);
    this.chart.showPhotographed(frames, coverage);
    this.chart.fit();
    this.sheet.open(frames);
    showAbout(document.getElementById("about"), scans, surface, inspection, coverage);
    this.#besides(true);
  }

  async #load(filter, threshold, signal) {
    this.#progress("Loading detections …");
    this.detections = await readDetections(filter, threshold, signal, (number) =>
      this.#progress(`Loading detections … ${counted(number, "detection")} so far`),
    );
    this.#progress("");
    this.#draw();
  }

  /** The slider moved: show fewer at once, or ask for those that are not here yet. */
  follow(threshold) {
    this.selection.threshold = threshold === this.slider.standard ? null : threshold;
    toAddress(this.selection);
    clearTimeout(this.pause);
    if (threshold >= this.detections.threshold) {
      this.#draw();
      return;
    }
    this.state = "loading";
    this.#progress("Loading detections …");
    this.pause = setTimeout(() => this.#loadLower(threshold), PAUSE_MS);
  }

  async #loadLower(threshold) {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    const { surface: surface_id, inspection: inspection_id } = this.selection;
    await this.#attempt(
      () => this.#loadLower(threshold),
      async () => {
        await this.#load({ surface_id, inspection_id }, threshold, signal);
      },
    );
  }

  /** Detections at or over the slider's threshold that the filters let through, by falling score. */
  get reached() {
    return this.detections.atLeast(this.slider.threshold).filter(isWanted);
  }

  /** The lowest score that is shown: the slider's threshold, or a higher one where there are too many. */
  get threshold() {
    return Math.max(this.slider.threshold, this.detections.threshold);
  }

  /** Everything that depends on the threshold. */
  #draw() {
    const { reached, threshold } = this;
    const sorted = byPlacement(reached);
    this.chart.showDetections(sorted.placed);
    this.sheet.show(
      Map.groupBy(reached, (detection) => detection.frame_id),
      threshold,
    );
    const { target_width_mm } = this.inspection;
    showCounts(lines(sorted, this.coverage, threshold, target_width_mm), this.slider.threshold, threshold);
    if (this.chosen && !reached.includes(this.chosen)) this.choose(null);
    else if (this.chosen) this.choose(this.chosen);
    this.state = "ready";
  }

  /** Select a detection (null: none). */
  choose(detection) {
    this.chosen = detection;
    this.selection.detection = detection?.detection_id ?? null;
    toAddress(this.selection);
    if (!detection) {
      this.#close();
      return;
    }
    const placed = detection.placement === "placed";
    const frame = this.frames.get(detection.frame_id);
    const { reached } = this;
    this.chart.choose(placed ? detection : null);
    this.sheet.choose(detection);
    showDetection(
      this.panel,
      detection,
      frame,
      { place: reached.indexOf(detection) + 1, of: reached.length },
      {
        view: () => this.view(frame),
        approach: placed ? () => this.chart.approach(detection) : null,
        step: (by) => this.step(by),
        close: () => this.choose(null),
        review: (verdict, fields) => this.#review(detection, verdict, fields),
      },
    );
    this.#besides(false);
  }

  /** To the next (+1) or previous (−1) detection by score; from none to the highest. */
  step(by) {
    const { reached } = this;
    const place = this.chosen ? reached.indexOf(this.chosen) + by : 0;
    if (reached[place]) this.choose(reached[place]);
  }

  /** Show one frame's photograph large. */
  view(frame) {
    const found = this.reached.filter((detection) => detection.frame_id === frame.frame_id);
    view(frame, found, this.threshold, this.chosen);
  }

  /** Turn to the map or the contact sheet; null: to what there is. */
  turnTo(name) {
    this.selection.view = name;
    toAddress(this.selection);
    this.views.show(name ?? (this.coverage.frames_placed ? "map" : "sheet"));
    this.chart.map?.invalidateSize();
  }

  #close() {
    this.panel.hidden = true;
    this.panel.replaceChildren();
    if (this.chart.map) this.chart.choose(null);
    this.sheet.choose(null);
    this.#besides(true);
  }

  /** What stands in the panel while no detection is chosen. */
  #besides(shown) {
    document.getElementById("about").hidden = !shown;
    document.getElementById("additions").hidden = !shown || !this.coverage?.frames_placed;
  }

  /** A key is a click on the button of that verdict. */
  #press(verdict) {
    const button = this.panel.querySelector(`[data-verdict=${verdict}]`);
    button?.click();
    return Boolean(button);
  }

  /** Keep a review; where the filter no longer lets the detection through, the next one takes its place. */
  #review(detection, verdict, fields) {
    const place = this.reached.indexOf(detection);
    const { surface: surface_id, inspection: inspection_id } = this.selection;
    return this.#attempt(null, async () => {
      const filter = { surface_id, inspection_id };
      this.detections.replace(await review(detection, verdict, fields, filter, this.threshold));
      const { reached } = this;
      const same = reached.find(({ detection_id }) => detection_id === detection.detection_id);
      this.chosen = same ?? reached[place] ?? null;
      this.#draw();
      if (!this.chosen) this.choose(null);
    });
  }

  /** Masks changed: coverage and detections are read again. */
  async #readAgain() {
    const { surface: surface_id, inspection: inspection_id } = this.selection;
    this.coverage = await read(`surfaces/${surface_id}/coverage`, { inspection_id });
    this.chart.showPhotographed([], this.coverage);
    await showClosed(document.getElementById("closed"), inspection_id, this.loading.signal);
    await this.#load({ surface_id, inspection_id }, this.slider.threshold, this.loading.signal);
  }

  #progress(text) {
    document.getElementById("progress").textContent = text;
  }

  /** Runs `work`; a failure is shown with a way to try `again`. */
  async #attempt(again, work) {
    hideNotice();
    try {
      await work();
    } catch (error) {
      if (error.name === "AbortError") return; // something newer is being shown
      this.state = "failed";
      this.#progress("");
      showProblem(error, again);
    }
  }
}

const page = new Page();

expose(page);
page.start();
