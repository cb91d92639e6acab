// A score is a probability to people and a byte on the wire: logit = (byte − 128) / 10, bytes 1 … 255.

const ZERO_LOGIT = 128;
const STEPS_PER_LOGIT = 10;
export const LOWEST = 1;
export const HIGHEST = 255;

export function probability(byte) {
  return 1 / (1 + Math.exp(-(byte - ZERO_LOGIT) / STEPS_PER_LOGIT));
}

/** The lowest byte whose probability is at or over `threshold`, as the server selects; HIGHEST + 1 where none is. */
export function byteAtLeast(threshold) {
  for (let byte = LOWEST; byte <= HIGHEST; byte += 1) {
    if (probability(byte) >= threshold - 1e-9) return byte;
  }
  return HIGHEST + 1;
}

/** The byte that a probability was made from. */
export function byteOf(score) {
  const logit = Math.log(score / (1 - score));
  return Math.min(HIGHEST, Math.max(LOWEST, Math.round(logit * STEPS_PER_LOGIT) + ZERO_LOGIT));
}

/** 0.62, 0.991, 0.0012: as many digits as tell neighbours apart near 0 and 1. */
export function inWords(score) {
  if (score <= 0) return "0";
  if (score >= 1) return "1";
  const distance = Math.min(score, 1 - score);
  const digits = score.toFixed(Math.min(7, Math.max(2, Math.ceil(-Math.log10(distance)) + 1)));
  return digits.replace(/(\.\d\d\d*?)0+$/, "$1");
}

/**
 * Classes of the legend: `from` is their lowest score. The colours get darker (lighter in dark mode) as the score
 * rises, so that the order can be read without seeing hues; against the blue of what was photographed all stand out.
 */
export const CLASSES = [
  { from: 0, light: "#f5cb78", dark: "#74300f" },
  { from: 0.1, light: "#f29a3c", dark: "#ad4a12" },
  { from: 0.5, light: "#e4571c", dark: "#e57a24" },
  { from: 0.9, light: "#b8161f", dark: "#fbb55c" },
  { from: 0.99, light: "#650522", dark: "#fff0c9" },
];

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/** The legend's colour for a score, in the present colour scheme. */
export function colour(score) {
  const found = CLASSES.findLast((known) => score >= known.from) ?? CLASSES[0];
  return DARK.matches ? found.dark : found.light;
}

/** Calls back when the colour scheme changes. */
export function onScheme(callback) {
  DARK.addEventListener("change", callback);
}
