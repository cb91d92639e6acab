// EXIF orientation. Pixel coordinates are those of the stored raster; here it is turned upright for the eye.

/** Size of the upright picture of a stored raster. */
export function size({ width_px, height_px, exif_orientation }) {
  return exif_orientation >= 5 ? [height_px, width_px] : [width_px, height_px];
}

/** SVG matrix (a b c d e f) that takes points of the stored raster to the upright picture. */
export function matrix({ width_px: w, height_px: h, exif_orientation }) {
  const matrices = {
    1: [1, 0, 0, 1, 0, 0],
    2: [-1, 0, 0, 1, w, 0],
    3: [-1, 0, 0, -1, w, h],
    4: [1, 0, 0, -1, 0, h],
    5: [0, 1, 1, 0, 0, 0],
    6: [0, 1, -1, 0, h, 0],
    7: [0, -1, -1, 0, h, w],
    8: [0, -1, 1, 0, 0, w],
  };
  return `matrix(${(matrices[exif_orientation] ?? matrices[1]).join(" ")})`;
}
