// The keyboard: arrows to the left and right step through the detections by score, Esc closes the chosen one; a accepts
// it, r rejects it, e corrects it, c comments it. While something is drawn, keys belong to the drawing; Enter ends it.

const VERDICTS = { a: "accept", r: "reject", e: "correct", c: "comment" };
const OWN_KEYS = "input, select, textarea, [role=tab], .corner";

/**
 * `step(±1)`; `close()`, `review(verdict)`, `finish()` and `draw(key, fine)` tell whether there was something to do.
 * Other keys stay with what has the focus.
 */
export function onKeys({ step, close, review, finish, draw }) {
  const act = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    if (document.querySelector("dialog[open]") || event.target.matches(OWN_KEYS)) return false;
    const onButton = event.target.matches("button, a, summary");
    if (!onButton && draw(event.key, event.shiftKey)) return true;
    if (event.shiftKey) return false;
    if (event.key === "Escape") return close();
    if (event.key === "Enter") return !onButton && finish();
    if (VERDICTS[event.key]) return review(VERDICTS[event.key]);
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return false;
    return step(event.key === "ArrowRight" ? 1 : -1);
  };
  const listen = (event) => {
    if (!act(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Leaflet would move the chart
  };
  document.addEventListener("keydown", listen, { capture: true });
}
