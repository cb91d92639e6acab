// The map page: reads what was scanned, shows one surface of one inspection, and follows what the person chooses.

import { showAbout, standardThreshold } from "./about.js";
import { showAccount } from "./account.js";
import { all, read } from "./api.js";
import { Chart } from "./chart.js";
import { ContactSheet } from "./contact_sheet.js";
import { byPlacement, lines, showCounts } from "./counts.js";
import { showDetection } from "./detection_panel.js";
import { Detections, readDetections } from "./detections.js";
import { onKeys } from "./keys.js";
import { hideNotice, showNothingYet, showProblem } from "./notice.js";
import { Picker } from "./picker.js";
import { counted } from "./quantities.js";
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
    onKeys({
      step: (by) => this.step(by),
      close: () => {
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

  /** Detections at or over the slider's threshold, by falling score. */
  get reached() {
    return this.detections.atLeast(this.slider.threshold);
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
      },
    );
    document.getElementById("about").hidden = true;
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
    document.getElementById("about").hidden = false;
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

/**
 * For tests and scripts, read only:
 *   state               starting, empty, loading, ready or failed
 *   selection           surface, inspection, threshold, detection, view
 *   detections()        those at or over the slider's threshold, by falling score, as the API gives them
 *   drawn()             what the chart draws: { tiles, footprints } with corners in metres
 *   project(points_m)   chart points [u, v] → CSS pixels on the chart's element
 *   choose(id)          as a click on that detection
 */
window.crackmap = {
  get state() {
    return page.state;
  },
  get selection() {
    return structuredClone(page.selection);
  },
  detections: () => page.reached,
  drawn: () => page.chart.drawn(),
  project: (points_m) => page.chart.project(points_m),
  choose: (id) => page.choose(page.detections.items.find((detection) => detection.detection_id === id) ?? null),
};

page.start();
