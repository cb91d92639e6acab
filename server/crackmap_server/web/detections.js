// The detections of one surface and inspection, read page by page and kept by falling score.

import { PAGE_ITEMS, pages } from "./api.js";

export const MOST_SHOWN = 20_000;

export class Detections {
  /**
   * @param {object[]} items  detections as the API gives them
   * @param {number} threshold  the lowest score that was asked for
   * @param {boolean} whole  false where there are more than MOST_SHOWN
   */
  constructor(items = [], threshold = Infinity, whole = true) {
    this.items = items.toSorted((one, other) => other.score - one.score || (one.detection_id < other.detection_id ? -1 : 1));
    this.threshold = threshold;
    this.whole = whole;
  }

  /** Whether nothing at or over `threshold` is missing here. */
  covers(threshold) {
    return this.whole && threshold >= this.threshold;
  }

  /** Those at or over `threshold`, highest first. The server counts 1e-9 below as reached, and so do we. */
  atLeast(threshold) {
    const end = this.items.findIndex((detection) => detection.score < threshold - 1e-9);
    return end < 0 ? this.items : this.items.slice(0, end);
  }
}

/** Reads detections at or over `threshold`; `progress(count)` is called after every page. */
export async function readDetections(filter, threshold, signal, progress) {
  const items = [];
  for await (const page of pages("detections", { ...filter, threshold }, signal)) {
    items.push(...page);
    if (items.length > MOST_SHOWN) return new Detections(items.slice(0, MOST_SHOWN), threshold, false);
    if (page.length === PAGE_ITEMS) progress(items.length);
  }
  return new Detections(items, threshold);
}
