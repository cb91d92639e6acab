// Who is signed in, another password, and the way out. Nothing at a server without keys.

import { session, write } from "./api.js";
import { element } from "./elements.js";
import { field } from "./fields.js";
import { showProblem } from "./notice.js";

const SHORTEST_PASSWORD = 12; // the server's own limit

/** Fills `box` once the server has told who we are. */
export async function showAccount(box) {
  const { name, role } = await session();
  if (name === null) return;
  const dialog = passwordDialog(name);
  box.replaceChildren(
    element("span", { title: `Your role is ${role}` }, name),
    element("button", { type: "button", class: "link", onclick: () => dialog.showModal() }, "Password"),
    element("button", { type: "button", class: "link", onclick: signOut }, "Sign out"),
    dialog,
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

function passwordDialog(name) {
  const said = element("p", { class: "warning", role: "alert", hidden: true });
  const password = (label, kind, attributes = {}) =>
    field(
      label,
      element("input", {
        type: "password",
        name: kind,
        autocomplete: `${kind}-password`,
        maxlength: 200,
        required: true,
        ...attributes,
      }),
    );
  const form = element(
    "form",
    { class: "fields" },
    element("input", { type: "hidden", name: "username", autocomplete: "username", value: name }),
    password("Present password", "current"),
    password("New password", "new", { minlength: SHORTEST_PASSWORD }),
    said,
    element(
      "div",
      { class: "actions" },
      element("button", { class: "strong" }, "Change"),
      element("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  const dialog = element(
    "dialog",
    { class: "small", "aria-label": "Another password", onclose: () => form.reset() },
    element("h2", {}, "Another password"),
    form,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change(form, said).then((changed) => changed && dialog.close());
  });
  return dialog;
}

/** Whether the server took it; else `said` says why not. */
async function change(form, said) {
  const { current, new: chosen } = Object.fromEntries(new FormData(form));
  said.hidden = true;
  try {
    await write("POST", "session/password", { old: current, new: chosen });
    await session(); // it is a new one, with a token of its own
    return true;
  } catch (error) {
    said.textContent = error.detail ?? error.message;
    said.hidden = false;
    return false;
  }
}
