// What masks and findings can be, as the API names it.

export const MASKS = [
  "joint",
  "tie_hole",
  "pipe",
  "cable",
  "fixture",
  "drain",
  "stain",
  "vegetation",
  "marking",
  "obstruction",
  "other",
];
export const FINDINGS = ["crack", "spall", "rust", "efflorescence", "leakage"];

/** "tie hole" */
export const word = (kind) => kind.replaceAll("_", " ");
