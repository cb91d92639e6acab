// Where a surface stands: its origin by longitude and latitude or in a projected CRS, and how it is turned.

import { element } from "./elements.js";
import { choiceField, filledIn, numberField, panelForm, textField, together } from "./fields.js";
import { anglesOf, axesOf, standing } from "./placement_axes.js";

const RISES = [
  ["90", "a wall (v is up)"],
  ["0", "a deck, seen from above"],
  ["180", "a soffit, seen from below"],
  ["", "a slope, or otherwise"],
];
const AS_STORED = "Its axes are others than this form has words for; they stay as they are.";

/** The placement in words: origin, then how it stands. */
export function placementInWords(placement) {
  const angles = anglesOf(placement);
  const stands = angles ? standing(angles) : "with axes of its own";
  const metres = placement.origin_m.join(", ");
  if (placement.frame === "projected") return `${placement.crs}: ${metres} m; ${stands}`;
  const { latitude_deg, longitude_deg, height_m } = placement;
  const beside = placement.origin_m.some(Boolean) ? `, ${metres} m east, north, up of it` : "";
  return `latitude ${latitude_deg}°, longitude ${longitude_deg}°, height ${height_m} m${beside}; ${stands}`;
}

/** `keep(placement)`: null takes it away. */
export function placementForm(placement, keep, cancel) {
  const angles = placement ? anglesOf(placement) : { azimuth_deg: "", rise_deg: 90 };
  const { frame = "enu", origin_m = ["", "", ""] } = placement ?? {};
  const boxes = {
    none: element("p", { class: "note" }, "Files then hold metres on the chart only."),
    enu: geographic(placement),
    projected: projected(placement, origin_m),
  };
  const turned = angles ? orientation(angles) : element("p", { class: "note" }, AS_STORED);
  const kinds = [
    ["enu", "longitude and latitude"],
    ["projected", "a projected CRS"],
    ["none", "not known"],
  ];
  const form = panelForm(
    "Place on Earth",
    () => keep(placementOf(filledIn(form), angles ? null : placement)),
    cancel,
    choiceField("Origin of the chart given by", "frame", frame, kinds),
    Object.values(boxes),
    turned,
  );
  const follow = () => {
    for (const [kind, box] of Object.entries(boxes)) show(box, kind === form.elements.frame.value);
    show(turned, form.elements.frame.value !== "none");
    tell(form);
  };
  form.addEventListener("input", follow);
  follow();
  return form;
}

/** Fields that are not shown are not asked for either. */
function show(box, shown) {
  box.hidden = !shown;
  if (box.tagName === "FIELDSET") box.disabled = !shown;
}

function geographic(placement) {
  const { latitude_deg = "", longitude_deg = "", height_m = 0 } = placement ?? {};
  const [east, north, up] = placement?.frame === "enu" ? placement.origin_m : [0, 0, 0];
  const must = { required: true };
  return element(
    "fieldset",
    {},
    together(
      numberField("Latitude, ° (WGS 84)", "latitude_deg", latitude_deg, { min: -90, max: 90, ...must }),
      numberField("Longitude, °", "longitude_deg", longitude_deg, { min: -180, max: 180, ...must }),
    ),
    numberField("Height over the ellipsoid, m", "height_m", height_m, must),
    together(
      numberField("East of it, m", "east", east, must),
      numberField("North of it, m", "north", north, must),
      numberField("Above it, m", "up", up, must),
    ),
  );
}

function projected(placement, origin_m) {
  const { crs = "", vertical_crs = "" } = placement ?? {};
  const [easting, northing, height] = placement?.frame === "projected" ? origin_m : ["", "", ""];
  const code = { pattern: "EPSG:[1-9][0-9]*", title: "a code such as EPSG:25832" };
  return element(
    "fieldset",
    {},
    together(
      textField("CRS", "crs", crs, { placeholder: "EPSG:25832", required: true, ...code }),
      textField("Of heights (may be empty)", "vertical_crs", vertical_crs ?? "", { placeholder: "EPSG:7837", ...code }),
    ),
    together(
      numberField("Easting, m", "easting", easting, { required: true }),
      numberField("Northing, m", "northing", northing, { required: true }),
      numberField("Height, m", "height", height, { required: true }),
    ),
  );
}

function orientation({ azimuth_deg, rise_deg }) {
  const rise = RISES.some(([each]) => each === String(rise_deg)) ? String(rise_deg) : "";
  return element(
    "fieldset",
    {},
    choiceField("It is", "rise", rise, RISES),
    together(
      numberField("u runs towards, ° from north", "azimuth_deg", azimuth_deg, { min: -360, max: 360, required: true }),
      numberField("v rises by, °", "slope_deg", rise_deg, { min: -360, max: 360, required: true }),
    ),
    element("p", { class: "note", role: "status" }),
  );
}

/** What the angles come to, below them. */
function tell(form) {
  const { rise, azimuth_deg, slope_deg } = form.elements;
  if (!rise) return;
  slope_deg.closest("label").hidden = rise.value !== "";
  if (rise.value !== "") slope_deg.value = rise.value;
  const angles = { azimuth_deg: azimuth_deg.valueAsNumber, rise_deg: slope_deg.valueAsNumber };
  const known = Object.values(angles).every(Number.isFinite);
  rise.closest("fieldset").querySelector("[role=status]").textContent = known ? `That is ${standing(angles)}.` : "";
}

function placementOf(told, before) {
  if (told.frame === "none") return null;
  const axes = before ? { u_axis: before.u_axis, v_axis: before.v_axis } : axesOf(told.azimuth_deg, told.slope_deg);
  if (told.frame === "projected") {
    const { frame, crs, vertical_crs, easting, northing, height } = told;
    return { frame, crs, vertical_crs, origin_m: [easting, northing, height], ...axes };
  }
  const { frame, latitude_deg, longitude_deg, height_m, east, north, up } = told;
  return { frame, latitude_deg, longitude_deg, height_m, origin_m: [east, north, up], ...axes };
}
