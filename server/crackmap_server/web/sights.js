// What a crack of the inspection's target width would have met: shown, or why not.

import { area } from "./quantities.js";

const WHY = {
  too_oblique: "seen too obliquely",
  blurred: "blurred or too rough",
  too_far: "too far away",
  out_of_range: "at a scale that the model was not made for",
  bright: "burned out",
  dark: "black",
  obstructed: "obstructed",
  dropped: "dropped",
  model_failed: "model failed",
  masked: "masked as a known thing",
};

/** How a part is drawn: "shown", "hidden" or "unsure" where it was photographed, "never" where it was not. */
export function classOf(sight) {
  return { shown: "shown", not_known: "unsure", never_seen: "never" }[sight] ?? "hidden";
}

/** How much of the surface's boundary is in no photograph; null without a boundary. */
export function neverSeen({ boundary_m2, parts }) {
  if (boundary_m2 === null) return null;
  const missing = parts.find(({ sight }) => sight === "never_seen")?.area_m2 ?? 0;
  const share = percent(missing / boundary_m2);
  return `Of the ${area(boundary_m2)} within the boundary, ${area(missing)} (${share}) were never photographed`;
}

/** What the parts of the photographed area say of a crack as wide as the target; null without any. */
export function told({ area_m2, parts }, target_width_mm) {
  if (!area_m2) return null;
  if (!target_width_mm) return "No target width was set: how fine a crack would show is not judged";
  const of = (wanted) => parts.filter(({ sight }) => classOf(sight) === wanted);
  const sum = (some) => some.reduce((total, part) => total + part.area_m2, 0);
  const shown = sum(of("shown"));
  const crack = `A crack of ${target_width_mm} mm would show in ${area(shown)} of it (${percent(shown / area_m2)})`;
  const why = of("hidden").map((part) => `${WHY[part.sight]} in ${area(part.area_m2)}`);
  if (of("unsure").length) why.push(`not known in ${area(sum(of("unsure")))}`);
  return why.length ? `${crack}; ${why.join(", ")}` : crack;
}

/** "97 %"; nothing but all is 100 %, and nothing but none is 0 %. */
function percent(share) {
  const rounded = Math.round(share * 100);
  if (share < 1 && rounded === 100) return "over 99 %";
  return share > 0 && rounded === 0 ? "under 1 %" : `${rounded} %`;
}
