// What stands in place of the data: nothing there yet, or something went wrong.

import { element } from "./elements.js";

const box = () => document.getElementById("notice");

/** Whether there was something to hide. */
export function hideNotice() {
  const shown = !box().hidden;
  box().hidden = true;
  return shown;
}

/** A failure, with a way to try again where there is one, or to go on. */
export function showProblem(problem, again) {
  box().replaceChildren(
    element("h2", {}, problem.title ?? "The page failed"),
    element("p", {}, problem.detail ?? problem.message),
    again
      ? element("button", { type: "button", onclick: again }, "Try again")
      : element("button", { type: "button", onclick: hideNotice }, "Go on"),
  );
  box().hidden = false;
}

/** No scan has reached this server. */
export function showNothingYet() {
  document.body.classList.add("nothing");
  const server = new URL(".", document.baseURI).href.replace(/\/$/, "");
  const names = '--structure "North bridge" --surface "Pier 1, north" --inspection "2026 autumn"';
  const command = `crackmap scan PHOTOS --mm-per-px 0.2 ${names} --server ${server}`;
  box().replaceChildren(
    element("h2", {}, "Nothing has been scanned yet"),
    element("p", {}, "This server runs, and its log is empty. Send it a scan of a folder of photographs:"),
    element("pre", {}, element("code", {}, command)),
    element(
      "p",
      {},
      "With ",
      element("code", {}, "--poses FILE --camera FILE"),
      " in place of ",
      element("code", {}, "--mm-per-px"),
      " they lie on the map. Or try it on a simulated wall:",
    ),
    element("pre", {}, element("code", {}, "crackmap demo")),
  );
  box().hidden = false;
}
