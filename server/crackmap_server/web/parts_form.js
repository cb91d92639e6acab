// Which element the surface is a face of, and the list of the structure's elements.

import { newId, write } from "./api.js";
import { element } from "./elements.js";
import { choiceField, field, filledIn, panelForm } from "./fields.js";
import { inTree, partChoices, partInWords } from "./parts.js";

const name = (title, key, value) =>
  field(title, element("input", { type: "text", name: key, value, maxlength: 200, required: true }));

/** `keep(element_id)`: null where it is a face of none; `open(parts, part)` leads to the form for one of them. */
export function elementForm(parts, element_id, keep, cancel, open, remove) {
  const line = ([part, depth]) => {
    const words = partInWords(part);
    return element(
      "li",
      { class: `depth-${Math.min(depth, 4)}` },
      element("span", {}, words),
      element(
        "button",
        { type: "button", class: "link", "aria-label": `Change ${words}`, onclick: () => open(part) },
        "Change",
      ),
      element(
        "button",
        { type: "button", class: "link", "aria-label": `Delete ${words}`, onclick: () => remove(part) },
        "Delete",
      ),
    );
  };
  const form = panelForm(
    "Element",
    () => keep(filledIn(form).element_id),
    cancel,
    choiceField("This surface is a face of", "element_id", element_id, partChoices(parts, "no element")),
    element(
      "p",
      { class: "note" },
      parts.length ? "All elements of the structure:" : "The structure has no elements yet.",
    ),
    element("ul", { class: "lines" }, inTree(parts).map(line)),
    element("button", { type: "button", class: "link", onclick: () => open(null) }, "Add an element"),
  );
  return form;
}

/** For one element: `part` as the API gives it, null for a new one; `keep(work)` sends it. */
export function partForm(structure_id, parts, part, keep, cancel) {
  const { number = "", name: called = "", parent_id = null, note = "" } = part?.content ?? {};
  const others = parts.filter(({ id }) => id !== part?.id);
  const form = panelForm(
    part ? `Element ${partInWords(part)}` : "New element",
    () => {
      const content = { structure_id, note, ...filledIn(form) };
      return keep(() => write("PUT", `elements/${part?.id ?? newId()}`, content, part?.version ?? null));
    },
    cancel,
    name("The owner's number", "number", number),
    name("Name", "name", called),
    choiceField("Part of", "parent_id", parent_id, partChoices(others, "the structure itself")),
  );
  return form;
}
