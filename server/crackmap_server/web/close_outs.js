// The inspection's close-outs: what was frozen when, what came since, one of them opened; an admin closes.

import { address, mayManage, read } from "./api.js";
import { confirmClosing } from "./closing_dialog.js";
import { element } from "./elements.js";
import { refill } from "./fields.js";
import { counted, moment } from "./quantities.js";

const KINDS = [
  ["frames", "frame"],
  ["scans", "scan"],
  ["reviews", "review"],
  ["additions", "addition by hand", "additions by hand"],
];

/** "3 frames, 1 review"; empty where nothing is newer. */
export function newerInWords(newer) {
  return KINDS.filter(([name]) => newer[name])
    .map(([name, one, many]) => counted(newer[name], one, many))
    .join(", ");
}

/** "2026-11-27 10:00:00 UTC, by Ada" */
export function closedInWords({ closed_utc, closed_by }) {
  return moment({ captured_utc: closed_utc }) + (closed_by ? `, by ${closed_by}` : "");
}

export class CloseOuts {
  /** `onOpen(number)` shows one (null: as it is now); `close(order)` closes; `attempt(work)` runs what may fail. */
  constructor(box, onOpen, close, attempt) {
    Object.assign(this, { box, onOpen, close, attempt });
  }

  open({ closeOuts, closeOut, inspection, scans }) {
    this.box.hidden = !closeOuts.length && !mayManage();
    const last = closeOuts.at(-1);
    const lines = closeOuts.toReversed().map((each) => this.#line(each, each.number === closeOut?.number));
    refill(
      this.box,
      element("h2", {}, last ? "Closed" : "Not closed"),
      last ? verdict(last) : element("p", { class: "note" }, "All that is shown may still change."),
      lines.length ? element("ul", { class: "lines" }, lines) : "",
      mayManage() && !closeOut
        ? element(
            "div",
            { class: "actions" },
            this.#button(last ? "Close again" : "Close the inspection", () =>
              confirmClosing({ inspection, scans, number: (last?.number ?? 0) + 1 }, this.close),
            ),
          )
        : "",
    );
  }

  #line(closeOut, open) {
    const path = `inspections/${closeOut.inspection_id}/close-outs/${closeOut.number}`;
    const said = element("p", { role: "status" });
    const name = `close-out ${closeOut.number}`;
    return element(
      "li",
      { class: "close-out" },
      element(
        "p",
        {},
        element("strong", {}, `${closeOut.number}.`),
        ` ${closedInWords(closeOut)}`,
        closeOut.note ? element("em", {}, ` ${closeOut.note}`) : null,
      ),
      element(
        "p",
        { class: "links" },
        open
          ? this.#button("Back to now", () => this.onOpen(null), "link")
          : this.#button("Show", () => this.onOpen(closeOut.number), "link", `Show ${name}`),
        this.#button("Verify", () => this.#verify(path, said), "link", `Verify ${name}`),
        element("a", { href: address(path), target: "_blank", "aria-label": `Figures of ${name}` }, "Figures"),
        element(
          "a",
          {
            href: address(`${path}/listing.ndjson`),
            download: `close-out-${closeOut.number}.ndjson`,
            "aria-label": `Listing of ${name}`,
          },
          "Listing",
        ),
      ),
      said,
    );
  }

  #verify(path, said) {
    said.textContent = "Working everything out again …";
    this.attempt(async () => {
      const { holds, sha256, differences } = await read(`${path}/verification`);
      said.className = holds ? "note" : "warning";
      said.textContent = holds
        ? `It still holds. SHA-256 of the listing: ${sha256}`
        : `It does not hold: ${differences.join("; ")}`;
    });
  }

  #button(text, act, kind = null, label = null) {
    return element("button", { type: "button", class: kind, "aria-label": label, onclick: act }, text);
  }
}

function verdict(last) {
  const newer = newerInWords(last.newer);
  return newer
    ? element(
        "p",
        { class: "warning" },
        `Newer than close-out ${last.number}: ${newer}. The page shows them, and the close-out does not.`,
      )
    : element("p", { class: "note" }, "Nothing is newer than the last close-out.");
}
