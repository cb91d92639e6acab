// How a face stands: the direction in which u runs, and how steeply v rises. Pure.
//
// With u horizontal, at the azimuth a (clockwise from north), and v rising by e over the horizontal to the left of u:
// u = (sin a, cos a, 0), v = (−cos e cos a, cos e sin a, sin e) in (east, north, up). A deck seen from above has
// e = 0°, a wall 90°, a soffit seen from below 180°.

const SLIP = 1e-6; // as the server's
const POINTS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];

const tidy = (degrees) => Number(degrees.toFixed(4)) || 0; // −0 is 0
const turned = (degrees) => tidy(((degrees % 360) + 360) % 360);

/** { u_axis, v_axis } of a face. */
export function axesOf(azimuth_deg, rise_deg) {
  const [a, e] = [azimuth_deg, rise_deg].map((degrees) => (degrees * Math.PI) / 180);
  return {
    u_axis: [Math.sin(a), Math.cos(a), 0],
    v_axis: [-Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)],
  };
}

/** { azimuth_deg, rise_deg } of axes whose u is horizontal; null of others. */
export function anglesOf({ u_axis: [east, north, up], v_axis: [v_east, v_north, v_up] }) {
  if (Math.abs(up) > SLIP) return null;
  const azimuth = Math.atan2(east, north);
  const level = -Math.cos(azimuth) * v_east + Math.sin(azimuth) * v_north;
  const degrees = (radians) => (radians * 180) / Math.PI;
  return { azimuth_deg: turned(degrees(azimuth)), rise_deg: turned(degrees(Math.atan2(v_up, level))) };
}

/** "a wall that faces south (180°)": where its viewer stands. */
export function standing({ azimuth_deg, rise_deg }) {
  if (rise_deg === 0) return `a deck, u runs ${towards(azimuth_deg)}`;
  if (rise_deg === 180) return `a soffit, u runs ${towards(azimuth_deg)}`;
  const faces = `faces ${towards(azimuth_deg + 90)}`;
  return rise_deg === 90 ? `a wall that ${faces}` : `a slope, u runs ${towards(azimuth_deg)}, v rises by ${rise_deg}°`;
}

function towards(azimuth_deg) {
  const azimuth = turned(azimuth_deg);
  return `${POINTS[Math.round(azimuth / 45) % 8]} (${azimuth}°)`;
}
