// Numbers with their units, as people read them.

const COUNT = new Intl.NumberFormat("en");

/** 20,000 */
export function count(number) {
  return COUNT.format(number);
}

/** "1 frame", "2 frames" */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Three significant digits: 12.3 m², 0.0573 m². */
export function area(area_m2) {
  return area_m2 === 0 ? "0 m²" : `${Number(area_m2.toPrecision(3))} m²`;
}

/** "5 mm", "20 cm", "1.5 m" for lengths of scale bars. */
export function length(length_m) {
  const neat = (value) => Number(value.toPrecision(3));
  if (length_m < 0.00999) return `${neat(length_m * 1000)} mm`;
  return length_m < 0.999 ? `${neat(length_m * 100)} cm` : `${neat(length_m)} m`;
}

/** The largest 1, 2 or 5 × 10ⁿ that is not over `limit`. */
export function roundDown(limit) {
  const power = 10 ** Math.floor(Math.log10(limit) + 1e-9);
  return power * ([5, 2, 1].find((step) => step * power <= limit * (1 + 1e-9)) ?? 1);
}

/** When a frame was taken, with what is known of its clock. */
export function moment({ captured_utc, captured_local }) {
  if (captured_utc) return `${captured_utc.slice(0, 19).replace("T", " ")} UTC`;
  if (captured_local)
    return `${captured_local.slice(0, 19).replace("T", " ")} by the camera's clock, time zone unknown`;
  return "time unknown";
}
