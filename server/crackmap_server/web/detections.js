// The detections of one surface and inspection, read page by page and kept by falling score.

import { PAGE_ITEMS, read } from "./api.js";
import { byteOf, HIGHEST, LOWEST, probability } from "./scores.js";

export const MOST_SHOWN = 20_000;

export class Detections {
  /**
   * @param {object[]} items  detections as the API gives them
   * @param {number} threshold  nothing at or over this score is missing
   */
  constructor(items = [], threshold = Infinity) {
    this.items = items.toSorted(
      (one, other) => other.score - one.score || (one.detection_id < other.detection_id ? -1 : 1),
    );
    this.threshold = threshold;
  }

  /** Those at or over `threshold`, highest first. The server counts 1e-9 below as reached, and so do we. */
  atLeast(threshold) {
    const end = this.items.findIndex((detection) => detection.score < threshold - 1e-9);
    return end < 0 ? this.items : this.items.slice(0, end);
  }

  /** Those that were read again take the place of what they were. */
  replace(again) {
    const newer = new Map(again.map((detection) => [detection.detection_id, detection]));
    this.items = this.items.map((detection) => newer.get(detection.detection_id) ?? detection);
  }
}

/**
 * Reads detections at or over `threshold`; `progress(count)` is called after every full page.
 *
 * Where there are more than MOST_SHOWN the threshold rises on the way, so that what is shown is all there is over one
 * score everywhere on the surface. The first so many would leave a part of it looking clean.
 */
export async function readDetections(filter, threshold, signal, progress) {
  let [items, reached, cursor] = [[], threshold, null];
  do {
    const page = await read("detections", { ...filter, threshold: reached, limit: PAGE_ITEMS, cursor }, signal);
    items.push(...page.items);
    if (items.length > MOST_SHOWN) {
      reached = halvingThreshold(items);
      items = items.filter((detection) => detection.score >= reached - 1e-9);
    }
    if (page.items.length === PAGE_ITEMS) progress(items.length);
    cursor = page.next;
  } while (cursor !== null);
  return new Detections(items, reached);
}

/** The lowest score that at most half of MOST_SHOWN items reach, or the highest there is where more have it. */
function halvingThreshold(items) {
  const numbers = new Array(HIGHEST + 1).fill(0);
  for (const { score } of items) numbers[byteOf(score)] += 1;
  let [byte, kept] = [HIGHEST, numbers[HIGHEST]];
  while (byte > LOWEST && (kept === 0 || kept + numbers[byte - 1] <= MOST_SHOWN / 2)) {
    byte -= 1;
    kept += numbers[byte];
  }
  return probability(byte);
}
