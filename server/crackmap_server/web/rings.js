// Polygons as people type them: a ring has a corner a line, u and v in metres. Pure.

import { Problem } from "./api.js";

const DECIMALS = 4; // tenths of a millimetre

/** A length in metres to tenths of a millimetre. */
export const rounded = (metres) => Number(metres.toFixed(DECIMALS));

/** The ring without the corner that closes it: the API repeats the first one at the end. */
export function opened(ring) {
  const [first, last] = [ring[0], ring.at(-1)];
  return ring.length > 3 && first[0] === last[0] && first[1] === last[1] ? ring.slice(0, -1) : ring;
}

/** A corner a line. */
export function textOf(ring) {
  return ring.map((corner) => corner.map(rounded).join("  ")).join("\n");
}

/** Throws Problem, which says the line. Empty lines count for nothing; commas and semicolons may part the numbers. */
export function ringOf(text) {
  const corners = [];
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.split(/[\s,;]+/).filter(Boolean);
    if (!words.length) continue;
    const corner = words.map(Number);
    if (corner.length !== 2 || !corner.every(Number.isFinite)) {
      throw new Problem(`Line ${index + 1}`, `"${line.trim()}" is not u and v in metres, such as 1.5 0.25`);
    }
    corners.push(corner);
  }
  if (corners.length < 3) throw new Problem("Too few corners", "an area has three at least");
  return corners;
}

/** Of a polygon: its first ring without the others. */
export function area_m2(rings) {
  const [outer, ...openings] = rings.map((ring) => Math.abs(doubled(ring)) / 2);
  return openings.reduce((rest, opening) => rest - opening, outer);
}

/** Of a line, in metres. */
export function length_m(line) {
  const steps = line.slice(1).map(([u, v], index) => Math.hypot(u - line[index][0], v - line[index][1]));
  return steps.reduce((sum, step) => sum + step, 0);
}

function doubled(ring) {
  return ring.reduce((sum, [u, v], index) => {
    const [before_u, before_v] = ring.at(index - 1);
    return sum + before_u * v - u * before_v;
  }, 0);
}
