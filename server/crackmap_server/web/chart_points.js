// Points of the chart under the pointer, as exact as they can be pointed at.

/** [u, v] in metres, rounded to the power of ten below a pixel, and not finer than tenths of a millimetre. */
export function pointedAt(map, { lat, lng }) {
  const [here, beside] = [0, 1].map((x_px) => map.containerPointToLatLng([x_px, 0]).lng);
  const decimals = Math.min(Math.max(-Math.floor(Math.log10(Math.abs(beside - here))), 0), 4);
  return [lng, lat].map((metres) => Number(metres.toFixed(decimals)));
}
