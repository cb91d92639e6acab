// Which detections are shown by what people said of them: the choices below the slider.

const reviews = () => document.getElementById("review-filter");
const masked = () => document.getElementById("show-masked");

/** `onChange()` is called when a person chooses otherwise. */
export function onSaidFilter(onChange) {
  for (const input of [reviews(), masked()]) input.addEventListener("change", onChange);
}

/** Whether a detection is among those that are wanted, as the API's `review` and `masked` have it. */
export function isWanted(detection) {
  if (detection.masked && !masked().checked) return false;
  const wanted = reviews().value;
  const state = detection.review?.state ?? "unreviewed";
  return !wanted || wanted === state || (wanted === "unreviewed" && state === "commented");
}
