// The elements of a structure by their owner's numbers: span 2, pier P3 and its bearings, as a tree.

import { all } from "./api.js";

const inOrder = (one, other) => one.content.number.localeCompare(other.content.number, "en", { numeric: true });

/** Those of a structure, as the API gives them. */
export function readParts(structure_id, signal) {
  return all("elements", { structure_id }, signal);
}

/** "P3 pier 3" */
export function partInWords({ content: { number, name } }) {
  return number === name ? name : `${number} ${name}`;
}

/** [part, depth] pairs, each below what it is a part of. */
export function inTree(parts, parent_id = null, depth = 0) {
  const own = parts.filter(({ content }) => content.parent_id === parent_id).toSorted(inOrder);
  return own.flatMap((part) => [[part, depth], ...inTree(parts, part.id, depth + 1)]);
}

/** [value, words] pairs of a list of choices, with `none` as its first one. */
export function partChoices(parts, none) {
  const indented = inTree(parts).map(([part, depth]) => [part.id, `${"\u2003".repeat(depth)}${partInWords(part)}`]);
  return [["", none], ...indented];
}
