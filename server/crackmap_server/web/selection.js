// What is shown, kept in the page's address so that a link can be shared.

const KEYS = ["surface", "inspection", "close_out", "threshold", "detection", "view"];

/** The selection in the address; what is not there is null. */
export function fromAddress() {
  const query = new URLSearchParams(location.search);
  const selection = Object.fromEntries(KEYS.map((key) => [key, query.get(key)]));
  const threshold = selection.threshold === null ? NaN : Number(selection.threshold);
  selection.threshold = threshold >= 0 && threshold <= 1 ? threshold : null;
  selection.close_out = /^[1-9]\d{0,8}$/.test(selection.close_out) ? Number(selection.close_out) : null;
  return selection;
}

/** Writes the selection into the address; a new surface or inspection becomes a step of the browser's history. */
export function toAddress(selection, { step = false } = {}) {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    if (selection[key] !== null && selection[key] !== undefined) query.set(key, selection[key]);
  }
  const text = `${location.pathname}?${query}`;
  if (text === location.pathname + location.search) return;
  history[step ? "pushState" : "replaceState"](null, "", text);
}
