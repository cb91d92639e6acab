// Who is signed in, and the way out. Nothing at a server without keys.

import { session, write } from "./api.js";
import { element } from "./elements.js";
import { showProblem } from "./notice.js";

/** Fills `box` once the server has told who we are. */
export async function showAccount(box) {
  const { name, role } = await session();
  if (name === null) return;
  box.replaceChildren(
    element("span", { title: `Your role is ${role}` }, name),
    element("button", { type: "button", class: "link", onclick: signOut }, "Sign out"),
  );
  box.hidden = false;
}

async function signOut() {
  try {
    await write("DELETE", "session");
    location.assign("login");
  } catch (error) {
    showProblem(error, signOut);
  }
}
