// The keyboard: arrows to the left and right step through the detections by score, Esc closes the chosen one; a accepts
// it, r rejects it, c comments it; Enter ends a drawing.

const VERDICTS = { a: "accept", r: "reject", c: "comment" };

/**
 * `step(±1)`; `close()`, `review(verdict)` and `finish()` tell whether there was something to do. Other keys stay with
 * what has the focus.
 */
export function onKeys({ step, close, review, finish }) {
  const act = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    if (document.querySelector("dialog[open]") || event.target.matches("input, select, textarea, [role=tab]"))
      return false;
    if (event.key === "Escape") return close();
    if (event.key === "Enter") return !event.target.matches("button, a") && finish();
    if (VERDICTS[event.key]) return review(VERDICTS[event.key]);
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return false;
    step(event.key === "ArrowRight" ? 1 : -1);
    return true;
  };
  const listen = (event) => {
    if (!act(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Leaflet would move the chart
  };
  document.addEventListener("keydown", listen, { capture: true });
}
