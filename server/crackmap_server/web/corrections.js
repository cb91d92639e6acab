// Shapes that people drew in place of tiles.

import { all } from "./api.js";

/** The last shape of each corrected place; nothing is asked for where nobody corrected anything. */
export async function readCorrections(detections, { surface_id, inspection_id }, signal) {
  const corrected = detections.filter(({ review }) => review?.state === "corrected");
  if (!corrected.length) return [];
  const reviews = await all("reviews", { surface_id, inspection_id }, signal);
  const shapes = new Map(reviews.map(({ review_id, content }) => [review_id, content.shape]));
  const last = ({ review }) =>
    review.review_ids
      .map((id) => shapes.get(id))
      .filter(Boolean)
      .at(-1);
  return [...new Set(corrected.map(last).filter(Boolean))]; // several tiles may show one place
}
