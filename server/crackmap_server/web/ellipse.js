// The 95 % ellipse of a position whose error is a 2 × 2 covariance in m².

/** Root of the 95 % quantile of chi-square with two degrees of freedom: √(−2 ln 0.05). */
export const SIGMAS_95 = 2.4477;

/** Half axes in metres and the angle of the longer one against u, of the covariance [uu, uv, vv]. */
export function halfAxes([uu, uv, vv]) {
  const middle = (uu + vv) / 2;
  const radius = Math.hypot((uu - vv) / 2, uv);
  return {
    major_m: SIGMAS_95 * Math.sqrt(Math.max(0, middle + radius)),
    minor_m: SIGMAS_95 * Math.sqrt(Math.max(0, middle - radius)),
    angle_rad: 0.5 * Math.atan2(2 * uv, uu - vv),
  };
}

/** `points` chart points [u, v] of the ellipse around [u_m, v_m]. */
export function outline([u_m, v_m], covariance_m2, points = 72) {
  const { major_m, minor_m, angle_rad } = halfAxes(covariance_m2);
  const [cosine, sine] = [Math.cos(angle_rad), Math.sin(angle_rad)];
  return Array.from({ length: points }, (_, index) => {
    const turn = (2 * Math.PI * index) / points;
    const [along, across] = [major_m * Math.cos(turn), minor_m * Math.sin(turn)];
    return [u_m + along * cosine - across * sine, v_m + along * sine + across * cosine];
  });
}
