// Forms in the side panel: fields with their names above them, Keep and Cancel below.

import { element } from "./elements.js";

/** An input, select or textarea with its name. */
export function field(name, input) {
  return element("label", { class: "field" }, element("span", {}, name), input);
}

/** A field for a number; without one its value is null. */
export function numberField(title, name, value, attributes = {}) {
  return field(title, element("input", { type: "number", step: "any", name, value, ...attributes }));
}

export function textField(title, name, value, attributes = {}) {
  return field(title, element("input", { type: "text", name, value, maxlength: 4000, ...attributes }));
}

/** One of [value, words] pairs; values are text, "" stands for none. */
export function choiceField(title, name, value, pairs) {
  const options = pairs.map(([each, words]) =>
    element("option", { value: each, selected: each === (value ?? "") }, words),
  );
  return field(title, element("select", { name }, options));
}

/** Those of one row, as far as the panel is wide. */
export function together(...fields) {
  return element("div", { class: "together" }, fields);
}

/** What stands in the form: text as text, numbers as numbers, null for what is empty. */
export function filledIn(form) {
  const read = (input) => (input.type === "number" ? input.valueAsNumber : input.value.trim());
  const named = [...form.elements].filter(({ name }) => name);
  return Object.fromEntries(named.map((input) => [input.name, input.value.trim() === "" ? null : read(input)]));
}

/**
 * A form that is kept or left; Esc leaves it. `keep(form)` is called when all fields are as they must be, and not again
 * before what it returned is done.
 */
export function panelForm(label, keep, cancel, ...content) {
  const form = element(
    "form",
    { class: "fields", "aria-label": label },
    element("h3", {}, label),
    content,
    element(
      "div",
      { class: "actions" },
      element("button", { class: "strong" }, "Keep"),
      element("button", { type: "button", onclick: cancel }, "Cancel"),
    ),
  );
  let keeping = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (keeping) return;
    keeping = true;
    await keep(form);
    keeping = false;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    cancel();
  });
  return form;
}

/** Fills a box anew; who had the focus in it keeps it there. */
export function refill(box, ...children) {
  const inside = box.contains(document.activeElement);
  box.replaceChildren(...children);
  if (inside) box.querySelector("button, a, select, input")?.focus({ preventScroll: true });
}

/** Puts the form there, brings it into view and the focus into its first field. */
export function openForm(box, form) {
  box.replaceChildren(form);
  form.scrollIntoView({ block: "nearest" });
  form.querySelector("input, select, textarea")?.focus();
}
