// Reads the server's API, version 1. Paths are relative to the page, so that it also works below a prefix.

export const PAGE_ITEMS = 1000;

/** What the server (or the way to it) answered instead of data. */
export class Problem extends Error {
  constructor(title, detail) {
    super(detail ? `${title}: ${detail}` : title);
    this.title = title;
    this.detail = detail;
  }
}

/** `v1/…?name=value`; null and undefined parameters are left out. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return `v1/${path}${text && `?${text}`}`;
}

/** One JSON answer. Throws Problem; an aborted `signal` throws AbortError. */
export async function read(path, parameters = {}, signal = undefined) {
  let answer;
  try {
    answer = await fetch(address(path, parameters), { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer", "Is it still running? The page shows what it had loaded.");
  }
  if (answer.status === 401) await signIn();
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

let csrfToken = null; // of the session; a server without keys asks for none
let ownRole = null;
let ownName = null;

/** Who the server takes us for: { name, role }; the name is null at a server without keys. */
export async function session() {
  const told = await read("session");
  csrfToken = told.csrf_token;
  ownRole = told.role;
  ownName = told.name;
  return told;
}

/** Whether we may review, draw and delete, after `session()`. The server refuses it otherwise, whatever a page shows. */
export function mayJudge() {
  return ownRole === "inspector" || ownRole === "admin";
}

/** Whether we may close inspections. */
export function mayManage() {
  return ownRole === "admin";
}

/** Whether the server has no names for anybody, and takes the one that a person gives. */
export function isAnybody() {
  return ownName === null;
}

/**
 * Sends a write, after `session()`; the JSON answer, or null where there is none. `version` is the one that is changed;
 * without it something new is made. Throws Problem.
 */
export async function write(method, path, body = undefined, version = null) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrfToken !== null) headers["X-CSRF-Token"] = csrfToken;
  if (version !== null) headers["If-Match"] = `"${version}"`;
  let answer;
  try {
    answer = await fetch(address(path), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem("The server does not answer", "Nothing was changed.");
  }
  if (answer.status === 401) await signIn();
  if (!answer.ok) throw await problemOf(answer);
  return answer.status === 204 ? null : answer.json();
}

/** To the page that asks for name and password, which leads back to the same selection. Never returns. */
function signIn() {
  location.assign(`login${location.search}`);
  return new Promise(() => {});
}

/** A random UUID (version 4). `crypto.randomUUID` is only there on secure addresses. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The problem that an answer other than 2xx describes (application/problem+json, or just its status). */
export async function problemOf(answer) {
  const said = await answer.json().catch(() => ({}));
  const title = said.title ?? `The server answered ${answer.status}`;
  return new Problem(title, said.detail);
}

/** All items of a list that is known to be short enough, page by page. */
export async function all(path, parameters = {}, signal = undefined) {
  const items = [];
  let cursor = null;
  do {
    const page = await read(path, { ...parameters, limit: PAGE_ITEMS, cursor }, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}
