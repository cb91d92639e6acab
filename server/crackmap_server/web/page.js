// The map page: reads what was scanned, shows one surface of one inspection, and follows what the person chooses.

import { showAbout, standardThreshold } from "./about.js";
import { showAccount } from "./account.js";
import { all, read, write } from "./api.js";
import { Catalogue } from "./catalogue.js";
import { Chart } from "./chart.js";
import { Choice } from "./choice.js";
import { closedInWords } from "./close_outs.js";
import { ContactSheet } from "./contact_sheet.js";
import { readCorrections } from "./corrections.js";
import { byPlacement, lines, showCounts } from "./counts.js";
import { Detections, readDetections } from "./detections.js";
import { DrawingDesk } from "./drawing_desk.js";
import { expose } from "./hook.js";
import { onKeys } from "./keys.js";
import { hideNotice, showNothingYet, showProblem } from "./notice.js";
import { Picker } from "./picker.js";
import { counted } from "./quantities.js";
import { isWanted, onSaidFilter } from "./said_filter.js";
import { onScheme } from "./scores.js";
import { Sections } from "./sections.js";
import { fromAddress, toAddress } from "./selection.js";
import { Slider } from "./slider.js";
import { Views } from "./views.js";

const OTHER_SURFACE = "The link names a surface that this server does not hold. This is another one.";
const OTHER_INSPECTION = "The link names an inspection that this surface does not have. This is another one.";
const OTHER_CLOSE_OUT = "The link names a close-out that this inspection does not have. This is what it is now.";
const OTHER_DETECTION = "The detection that the link names is not among these.";
const PAUSE_MS = 200; // of the slider, before detections below the loaded ones are asked for

class Page {
  constructor() {
    this.selection = fromAddress();
    this.desk = new DrawingDesk();
    this.choice = new Choice(this);
    this.chart = new Chart(document.getElementById("chart"), (detection) => this.choice.choose(detection));
    this.sheet = new ContactSheet(document.getElementById("sheet-view"), (frame) => this.choice.view(frame));
    this.slider = new Slider((threshold) => this.follow(threshold));
    this.detections = new Detections();
    this.frames = new Map(); // frame_id → frame
    this.shown = null; // what the sections of the panel take
    this.picker = null;
    this.loading = new AbortController();
    this.state = "starting"; // starting, empty, loading, ready or failed
    this.views = new Views((name) => this.turnTo(name));
    this.sections = new Sections({
      desk: this.desk,
      attempt: (work) => this.attempt(null, work),
      readAgain: () => this.#readAgain(),
      openAgain: () => this.open(this.selection),
      openClosed: (number) => this.open({ ...this.selection, close_out: number, detection: null }, { step: true }),
      close: (order) => this.#close(order),
    });
    onSaidFilter(() => this.shown && this.draw());
    onKeys({
      step: (by) => this.choice.step(by),
      finish: () => this.desk.finish(),
      draw: (key, fine) => this.desk.press(key, fine),
      review: (verdict) => this.choice.press(verdict),
      close: () => hideNotice() || this.desk.leave() || this.sections.leave() || this.choice.leave(),
    });
    window.addEventListener("popstate", () => this.open(fromAddress()));
    onScheme(() => this.open(this.selection));
  }

  /** Read the catalogue, then show what the address asks for. */
  async start() {
    await this.attempt(
      () => this.start(),
      async () => {
        await showAccount(document.getElementById("account"));
        const catalogue = await Catalogue.read();
        if (!catalogue.scans.length) {
          this.state = "empty";
          showNothingYet();
          return;
        }
        this.picker = new Picker(catalogue, (surface, inspection) => {
          const close_out = inspection === this.selection.inspection ? this.selection.close_out : null;
          this.open({ surface, inspection, close_out, threshold: null, detection: null, view: null }, { step: true });
        });
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
    await this.attempt(
      () => this.open(selection),
      async () => {
        const { surface_id, inspection_id } = this.picker.resolve(selection.surface, selection.inspection);
        this.selection = { ...selection, surface: surface_id, inspection: inspection_id };
        toAddress(this.selection, { step });
        this.picker.show(surface_id, inspection_id);
        this.slider.close();
        this.desk.leave();
        this.choice.close();
        this.progress("Loading frames …");
        const [frames, shown] = await Promise.all([
          all("frames", { surface_id, inspection_id }, signal),
          this.#read(selection.close_out, signal),
          this.picker.catalogue.renew(this.picker.catalogue.surface(surface_id).structure_id, signal),
        ]);
        this.#lay(frames, shown);
        await this.sections.open(this.shown, signal);
        await this.#load(this.slider.threshold, signal);
        this.chart.fit();
        const linked = this.detections.items.find((detection) => detection.detection_id === selection.detection);
        if (linked) this.choice.choose(linked);
        if (selection.surface && selection.surface !== surface_id) this.progress(OTHER_SURFACE);
        else if (selection.inspection && selection.inspection !== inspection_id) this.progress(OTHER_INSPECTION);
        else if (selection.close_out && !shown.closeOut) this.progress(OTHER_CLOSE_OUT);
        else if (selection.detection && !linked) this.progress(OTHER_DETECTION);
        this.state = "ready";
      },
    );
  }

  /** The inspection's close-outs, the one of that number (null: none), and the coverage then or now. */
  async #read(number, signal) {
    const { surface: surface_id, inspection: inspection_id } = this.selection;
    const closeOuts = await all(`inspections/${inspection_id}/close-outs`, {}, signal);
    const closeOut = closeOuts.find((each) => each.number === number) ?? null;
    this.selection.close_out = closeOut?.number ?? null;
    const filter = { surface_id, inspection_id, close_out: this.selection.close_out };
    const { close_out } = filter;
    const coverage = await read(`surfaces/${surface_id}/coverage`, { inspection_id, close_out }, signal);
    return { filter, closeOuts, closeOut, coverage };
  }

  /** Frames and coverage onto chart, sheet and panel, before the detections are there. */
  #lay(frames, { filter, closeOuts, closeOut, coverage }) {
    const { catalogue } = this.picker;
    const surface = catalogue.surface(filter.surface_id);
    const inspection = catalogue.inspection(filter.inspection_id);
    const scans = catalogue.scans.filter((scan) => scan.inspection_id === filter.inspection_id);
    const here = scans.filter((scan) => scan.surface_id === filter.surface_id);
    const standard = standardThreshold(here);
    const { target_width_mm } = closeOut ?? inspection;
    this.shown = {
      chart: this.chart,
      surface,
      inspection,
      scans,
      filter,
      closeOuts,
      closeOut,
      coverage,
      target_width_mm,
    };
    this.frames = new Map(frames.map((frame) => [frame.frame_id, frame]));
    this.detections = new Detections();
    this.slider.offer(standard, this.selection.threshold ?? standard);
    toAddress(this.selection);
    document.title = `${surface.name}, ${inspection.name} · crackmap`;
    document.getElementById("reflected").hidden = surface.drawing !== "reflected";
    document.getElementById("nowhere").hidden = coverage.frames_placed > 0;
    this.#tellClosed(closeOut);
    this.views.count(coverage.frames_unplaced + coverage.frames_no_pose);
    this.turnTo(this.selection.view);
    this.chart.open(surface.drawing);
    this.chart.showPhotographed(closeOut?.newer.frames || closeOut?.newer.scans ? [] : frames, coverage);
    this.chart.fit();
    this.sheet.open(frames);
    showAbout(document.getElementById("about"), here, coverage);
    this.sections.show(true);
  }

  /** That what is shown is frozen. */
  #tellClosed(closeOut) {
    const box = document.getElementById("frozen");
    box.hidden = !closeOut;
    if (closeOut) box.textContent = `Shown as closed: close-out ${closeOut.number}, ${closedInWords(closeOut)}`;
  }

  async #load(threshold, signal) {
    this.progress("Loading detections …");
    const { filter } = this.shown;
    this.detections = await readDetections(filter, threshold, signal, (number) =>
      this.progress(`Loading detections … ${counted(number, "detection")} so far`),
    );
    this.chart.showCorrections(await readCorrections(this.detections.items, filter, signal));
    this.progress("");
    this.draw();
  }

  /** The slider moved: show fewer at once, or ask for those that are not here yet. */
  follow(threshold) {
    this.selection.threshold = threshold === this.slider.standard ? null : threshold;
    toAddress(this.selection);
    clearTimeout(this.pause);
    if (threshold >= this.detections.threshold) {
      this.draw();
      return;
    }
    this.state = "loading";
    this.progress("Loading detections …");
    this.pause = setTimeout(() => this.#loadLower(threshold), PAUSE_MS);
  }

  async #loadLower(threshold) {
    this.loading.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    await this.attempt(
      () => this.#loadLower(threshold),
      () => this.#load(threshold, signal),
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
  draw() {
    const { reached, threshold } = this;
    const sorted = byPlacement(reached);
    this.chart.showDetections(sorted.placed);
    this.sheet.show(
      Map.groupBy(reached, (detection) => detection.frame_id),
      threshold,
    );
    const { coverage, target_width_mm } = this.shown;
    showCounts(lines(sorted, coverage, threshold, target_width_mm), this.slider.threshold, threshold);
    this.choice.follow();
    this.state = "ready";
  }

  /** Detections that a review touched, as they are now. */
  async reviewed(again) {
    this.detections.replace(again);
    const { filter } = this.shown;
    this.chart.showCorrections(await readCorrections(this.detections.items, filter, this.loading.signal));
  }

  /** Turn to the map or the contact sheet; null: to what there is. */
  turnTo(name) {
    this.selection.view = name;
    toAddress(this.selection);
    this.views.show(name ?? (this.shown.coverage.frames_placed ? "map" : "sheet"));
    this.chart.map?.invalidateSize();
  }

  /** Masks or the boundary changed: coverage and detections are read again. */
  async #readAgain() {
    const { signal } = this.loading;
    Object.assign(this.shown, await this.#read(null, signal));
    this.chart.showPhotographed([], this.shown.coverage);
    await this.sections.open(this.shown, signal);
    await this.#load(this.slider.threshold, signal);
  }

  /** Close the inspection; what is shown then is the close-out. */
  #close(order) {
    return this.attempt(null, async () => {
      this.progress("Closing …");
      const { number } = await write("POST", `inspections/${this.selection.inspection}/close-outs`, order);
      await this.open({ ...this.selection, close_out: number }, { step: true });
    });
  }

  progress(text) {
    document.getElementById("progress").textContent = text;
  }

  /** Runs `work`; a failure is shown with a way to try `again`. */
  async attempt(again, work) {
    hideNotice();
    try {
      await work();
    } catch (error) {
      if (error.name === "AbortError") return; // something newer is being shown
      this.state = "failed";
      this.progress("");
      showProblem(error, again);
    }
  }
}

const page = new Page();

expose(page);
page.start();
