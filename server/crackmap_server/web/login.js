// Signs in, then goes to the map page with the selection that was asked for.

import { problemOf } from "./api.js";

const form = document.querySelector("#login form");
const said = form.querySelector("[role=alert]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.hidden = true;
  const { name, password } = Object.fromEntries(new FormData(form));
  let words = "The server does not answer. Is it still running?";
  try {
    const answer = await fetch("v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ name, password }),
    });
    if (answer.ok) {
      location.replace(`./${location.search}`); // only its own page, whatever the address says
      return;
    }
    const problem = await problemOf(answer);
    words = problem.detail ?? problem.title;
  } catch {
    // the words above
  }
  said.textContent = `${words[0].toUpperCase()}${words.slice(1)}.`;
  said.hidden = false;
  form.elements.password.select();
});
