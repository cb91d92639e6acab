// What people said of a detection, and the buttons to say it.

import { mayJudge, read } from "./api.js";
import { element } from "./elements.js";

const WORDS = {
  accepted: "accepted: a crack",
  rejected: "rejected: no crack",
  corrected: "corrected",
  commented: "commented",
  needs_review: "needs review",
};
const ASKED = { reject: ["reason", "Why is it no crack?"], comment: ["note", "Comment"] };

/** The state in words; "not reviewed" where nobody has said anything. */
export function inWordsOf(review) {
  if (!review) return "not reviewed yet";
  const why = review.cause ? ` (${review.cause})` : "";
  return `${WORDS[review.state]}${why}${review.carried ? ", on another tile or photograph of this place" : ""}`;
}

/** `review(verdict, fields)` keeps what was said. The boxes for words open on the spot. Who only reads gets no buttons. */
export function reviewBox(detection, review) {
  const form = element("form", { class: "say", hidden: true });
  const said = element("ul", { class: "said" });
  const button = (verdict, text, key) =>
    element(
      "button",
      { type: "button", "data-verdict": verdict, title: `Key ${key}`, onclick: () => ask(form, verdict, review) },
      text,
    );
  for (const id of detection.review?.review_ids ?? []) tell(said, id);
  return element(
    "section",
    { class: "review", "aria-label": "Review" },
    element("p", { class: `state ${detection.review?.state ?? "none"}` }, inWordsOf(detection.review)),
    said,
    mayJudge()
      ? element(
          "div",
          { class: "actions" },
          button("accept", "Accept", "a"),
          button("reject", "Reject", "r"),
          button("comment", "Comment", "c"),
        )
      : null,
    form,
  );
}

function ask(form, verdict, review) {
  if (!ASKED[verdict]) {
    review(verdict, {});
    return;
  }
  const [field, question] = ASKED[verdict];
  const input = element("input", { type: "text", required: true, maxlength: 4000, "aria-label": question, placeholder: question });
  form.replaceChildren(input, element("button", {}, "Keep"));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value.trim()) review(verdict, { [field]: input.value.trim() });
  };
  form.hidden = false;
  input.focus();
}

async function tell(list, id) {
  const line = element("li", {}, "…");
  list.append(line);
  const item = await read(`reviews/${id}`).catch(() => null);
  if (!item) {
    line.textContent = "a review that cannot be read now";
    return;
  }
  const { verdict, reason, note, kind } = item.content;
  const words = [kind?.replaceAll("_", " "), reason, note].filter(Boolean).join(", ");
  line.textContent = `${verdict}${words ? `: ${words}` : ""} · ${item.author ?? "unnamed"}, ${item.made_utc.slice(0, 10)}`;
}
