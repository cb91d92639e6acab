// What people add is kept in versions; a close-out holds the number of each version that counted then.

import { all, read } from "./api.js";

/**
 * The version of one thing that counts, now or as it was closed; null where there is none.
 *
 * `latest` is null where no version was ever written: so nobody asks for what is not there.
 */
export async function readCounting(path, kind, id, latest, closeOut, signal) {
  if (!closeOut) return latest === null ? null : read(path, {}, signal);
  const then = closeOut.additions.find((each) => each.kind === kind && each.id === id);
  return then ? readVersion(path, then.version, signal) : null;
}

/** Masks or findings of a surface that count, now or as it was closed. */
export async function readList(path, kind, surface_id, closeOut, signal) {
  const now = await all(path, { surface_id }, signal);
  if (!closeOut) return now;
  const wanted = closeOut.additions.filter((each) => each.kind === kind);
  const then = await Promise.all(
    wanted.map(
      ({ id, version }) =>
        now.find((item) => item.id === id && item.version === version) ?? readVersion(`${path}/${id}`, version, signal),
    ),
  );
  return then.filter(({ content }) => content.surface_id === surface_id);
}

async function readVersion(path, version, signal) {
  return (await read(`${path}/versions`, {}, signal)).find((item) => item.version === version);
}
