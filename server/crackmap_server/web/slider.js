// The threshold slider: a probability, spaced by logit so that 0.99 and 0.999 are as far apart as 0.5 and 0.9.

import { element } from "./elements.js";
import { byteAtLeast, HIGHEST, inWords, probability } from "./scores.js";

const LEFT = 36; // probability 0.0001; the left end itself means 0, every scored tile
const RIGHT = 220; // 0.9999
const TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];

export class Slider {
  /** `onChange(threshold)` is called while the slider moves. */
  constructor(onChange) {
    this.input = document.getElementById("threshold");
    this.value = document.getElementById("threshold-value");
    this.ticks = document.getElementById("threshold-ticks");
    this.reset = document.getElementById("threshold-default");
    this.threshold = 0.5;
    this.standard = null;
    this.onChange = onChange;
    this.input.addEventListener("input", () => this.#moved());
    this.reset.addEventListener("click", () => {
      this.set(this.standard);
      this.onChange(this.threshold);
    });
  }

  /** Offer the slider; `standard` is the threshold of the scan's analysis. */
  offer(standard, threshold) {
    this.standard = standard;
    this.input.min = Math.min(LEFT, byteAtLeast(standard));
    this.input.max = Math.min(HIGHEST, Math.max(RIGHT, byteAtLeast(standard)));
    this.input.disabled = false;
    this.ticks.replaceChildren(...TICKS.map((tick) => this.#tick(tick, "tick", String(tick))));
    this.ticks.append(this.#tick(standard, "standard", ""));
    this.set(threshold);
  }

  /** Not to be moved while another surface is being read. */
  close() {
    this.input.disabled = true;
  }

  set(threshold) {
    this.threshold = threshold;
    this.input.value = byteAtLeast(threshold);
    this.#say();
  }

  #moved() {
    const byte = Number(this.input.value);
    if (byte === Number(this.input.min)) this.threshold = 0;
    else if (byte === byteAtLeast(this.standard)) this.threshold = this.standard;
    else this.threshold = Number(probability(byte).toFixed(8));
    this.#say();
    this.onChange(this.threshold);
  }

  #say() {
    const words = inWords(this.threshold);
    this.value.textContent = `≥ ${words}`;
    this.input.setAttribute("aria-valuetext", `probability ${words}`);
    const moved = byteAtLeast(this.threshold) !== byteAtLeast(this.standard);
    this.reset.hidden = !moved;
    this.reset.textContent = `Back to ${inWords(this.standard)}, the scan's own threshold`;
  }

  #tick(score, kind, text) {
    const [low, high] = [Number(this.input.min), Number(this.input.max)];
    const made = element("span", { class: kind, title: kind === "standard" ? "the scan's own threshold" : null }, text);
    made.style.left = `${(100 * (byteAtLeast(score) - low)) / (high - low)}%`;
    return made;
  }
}
