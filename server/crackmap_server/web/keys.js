// The keyboard: arrows to the left and right step through the detections by score, Esc closes the chosen one.

/** `step(±1)`; `close()` tells whether there was something to close. Other keys stay with what has the focus. */
export function onKeys({ step, close }) {
  const act = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    if (document.querySelector("dialog[open]") || event.target.matches("input, select, textarea, [role=tab]"))
      return false;
    if (event.key === "Escape") return close();
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
