// What people said of a detection, and the buttons to say it.

import { read } from "./api.js";
import { correctionForm, shapeInWords } from "./correction_form.js";
import { element } from "./elements.js";
import { openForm } from "./fields.js";
import { word } from "./kinds.js";

const WORDS = {
  accepted: "accepted: a crack",
  rejected: "rejected: no crack",
  corrected: "corrected",
  commented: "commented",
  needs_review: "needs review",
};
const ASKED = { reject: ["reason", "Why is it no crack?"], comment: ["note", "Comment"] };
const BUTTONS = [
  ["accept", "Accept", "a"],
  ["reject", "Reject", "r"],
  ["correct", "Correct", "e"],
  ["comment", "Comment", "c"],
];

/** The state in words; "not reviewed" where nobody has said anything. */
export function inWordsOf(review) {
  if (!review) return "not reviewed yet";
  const why = review.cause ? ` (${review.cause})` : "";
  return `${WORDS[review.state]}${why}${review.carried ? ", on another tile or photograph of this place" : ""}`;
}

/**
 * `review(verdict, fields)` keeps what was said; null for who only reads, and gets no buttons. `draw(type, onDone)` as
 * a correction takes it. The boxes for words open on the spot.
 */
export function reviewBox(detection, review, draw) {
  const form = element("div", { class: "asked" });
  const said = element("ul", { class: "said" });
  for (const id of detection.review?.review_ids ?? []) tell(said, id);
  const button = ([verdict, text, key]) =>
    element(
      "button",
      { type: "button", "data-verdict": verdict, title: `Key ${key}`, onclick: () => ask(form, verdict, review, draw) },
      text,
    );
  return element(
    "section",
    { class: "review", "aria-label": "Review" },
    element("p", { class: `state ${detection.review?.state ?? "none"}` }, inWordsOf(detection.review)),
    said,
    review ? element("div", { class: "actions" }, BUTTONS.map(button)) : null,
    form,
  );
}

function ask(box, verdict, review, draw) {
  const keep = (fields) => review(verdict, fields);
  if (verdict === "correct")
    openForm(
      box,
      correctionForm(keep, () => box.replaceChildren(), draw),
    );
  else if (ASKED[verdict]) openForm(box, words(...ASKED[verdict], keep));
  else keep({});
}

function words(name, question, keep) {
  const input = element("input", {
    type: "text",
    required: true,
    maxlength: 4000,
    "aria-label": question,
    placeholder: question,
  });
  const form = element("form", { class: "say" }, input, element("button", {}, "Keep"));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value.trim()) keep({ [name]: input.value.trim() });
  };
  return form;
}

async function tell(list, id) {
  const line = element("li", {}, "…");
  list.append(line);
  const item = await read(`reviews/${id}`).catch(() => null);
  if (!item) {
    line.textContent = "a review that cannot be read now";
    return;
  }
  const { verdict, reason, note, kind, shape } = item.content;
  const told = [kind && word(kind), shape && shapeInWords(shape), reason, note].filter(Boolean).join(", ");
  line.textContent = `${verdict}${told ? `: ${told}` : ""} · ${item.author ?? "unnamed"}, ${item.made_utc.slice(0, 10)}`;
}
