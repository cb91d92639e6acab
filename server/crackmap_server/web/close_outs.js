// Whether the shown inspection is closed, and what came since.

import { all, address } from "./api.js";
import { element } from "./elements.js";
import { counted, moment } from "./quantities.js";

const KINDS = [
  ["frames", "frame"],
  ["scans", "scan"],
  ["reviews", "review"],
  ["additions", "mask or finding", "masks or findings"],
];

/** "3 frames, 1 review"; empty where nothing is newer. */
export function newerInWords(newer) {
  return KINDS.filter(([name]) => newer[name])
    .map(([name, one, many]) => counted(newer[name], one, many))
    .join(", ");
}

/** Says it in `section`, which is hidden for an inspection that was never closed. */
export async function showClosed(section, inspection_id, signal) {
  const path = `inspections/${inspection_id}/close-outs`;
  const last = (await all(path, {}, signal)).at(-1);
  section.hidden = !last;
  if (!last) return;
  const newer = newerInWords(last.newer);
  section.replaceChildren(
    element("h2", {}, "Closed"),
    element(
      "p",
      {},
      `This inspection is closed as of ${moment({ captured_utc: last.closed_utc })}, `,
      element("a", { href: address(`${path}/${last.number}`) }, `close-out ${last.number}`),
      ".",
    ),
    newer ? element("p", { class: "warning" }, `There is newer data, which this page shows: ${newer} changed since.`) : null,
  );
}
