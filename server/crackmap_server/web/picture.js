// A picture (or a cut-out of one) turned upright, with tiles outlined on it.

import { Problem, problemOf } from "./api.js";
import { drawing, element } from "./elements.js";
import { colour, inWords } from "./scores.js";
import { matrix, size } from "./upright.js";

// One observer for all pictures: a sheet of hundreds asks the server only for those that come near the screen.
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      target.load();
    }
  },
  { rootMargin: "300px" },
);

/**
 * A <figure> whose data-state is waiting, loaded or failed.
 *
 * @param {string} address  where the picture is read from
 * @param {object} frame  for exif_orientation
 * @param {object} box  x_px, y_px, width_px, height_px of what the picture shows, in the frame's stored raster
 * @param {object[]} detections  tiles to outline: x_px, y_px, width_px, height_px, score
 * @param {string} label  for those who do not see it
 */
export function picture({ address, frame, box, detections, label }) {
  const raster = { width_px: box.width_px, height_px: box.height_px, exif_orientation: frame.exif_orientation };
  const [width, height] = size(raster);
  const image = drawing("image", { width: box.width_px, height: box.height_px, preserveAspectRatio: "none" });
  const tiles = detections.map((detection) =>
    drawing(
      "rect",
      {
        x: detection.x_px - box.x_px,
        y: detection.y_px - box.y_px,
        width: detection.width_px,
        height: detection.height_px,
        stroke: colour(detection.score),
        "data-detection": detection.detection_id,
      },
      drawing("title", {}, `score ${inWords(detection.score)}`),
    ),
  );
  const upright = drawing("g", { transform: matrix(raster) }, image, drawing("g", { class: "tiles" }, tiles));
  const shown = drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, upright);
  const figure = element("figure", { class: "picture", "data-state": "waiting" }, shown);
  figure.style.aspectRatio = `${width} / ${height}`;

  image.addEventListener("load", () => {
    figure.dataset.state = "loaded";
  });
  image.addEventListener("error", async () => {
    figure.dataset.state = "failed";
    figure.append(element("figcaption", {}, await causeOf(address)));
  });
  figure.load = () => image.setAttribute("href", address);
  nearby.observe(figure);
  return figure;
}

/** Why a picture did not come: an <image> keeps that to itself, so it is asked for once more. */
async function causeOf(address) {
  try {
    const answer = await fetch(address);
    const problem = answer.ok
      ? new Problem("This is not a picture that the browser can show")
      : await problemOf(answer);
    return problem.message;
  } catch {
    return "The server does not answer";
  }
}
