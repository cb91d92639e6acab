"""What the reviews of one place come to. A function of the set of reviews: the order in which they arrive is no part.

Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

ReviewState = Literal["accepted", "rejected", "corrected", "commented", "needs_review"]
DISAGREE = "people disagree"
CHANGED = "another analysis says otherwise than the one that was reviewed, and than the person"


@dataclass(frozen=True)
class Opinion:
    """One review: what it says, and what the model said then."""

    review_id: UUID
    frame_id: UUID
    analysis_id: UUID
    over: bool
    """Whether the reviewed tile was a detection by its analysis' own threshold."""
    verdict: str
    crack: bool | None
    """What it says; a comment says nothing."""
    settles: bool
    author: str | None
    made_utc: datetime


@dataclass(frozen=True)
class Look:
    """A tile as one analysis sees it: who asks what people said of it."""

    frame_id: UUID
    analysis_id: UUID
    over: bool


@dataclass(frozen=True)
class Judgement:
    """What the reviews of a place come to; `cause` says why it needs another look."""

    state: ReviewState
    cause: str | None
    review_ids: tuple[UUID, ...]
    crack: bool | None = None
    """What it comes to: a crack, or none; None where that is open."""


def judged(opinions: Iterable[Opinion], look: Look) -> Judgement | None:
    """None where nobody has said anything.

    The last word of each person counts, and from the last review on that settles a matter only it and later ones.
    Persons who disagree make the place need review. So does an analysis that was not reviewed, of the same picture,
    when it changed sides (over or under its own threshold) and now speaks against the person.
    """
    told = sorted(opinions, key=lambda each: (each.made_utc, each.review_id))
    if not told:
        return None
    ids = tuple(each.review_id for each in told)
    settled = max((place for place, each in enumerate(told) if each.settles), default=0)
    words = {each.author: each for each in told[settled:] if each.crack is not None}
    if not words:
        return Judgement("commented", None, ids)
    last = max(words.values(), key=lambda each: (each.made_utc, each.review_id))
    if len({each.crack for each in words.values()}) > 1:
        return Judgement("needs_review", DISAGREE, ids)
    of_same_picture = last.frame_id == look.frame_id and last.analysis_id != look.analysis_id
    if of_same_picture and look.over not in {last.over, last.crack}:
        return Judgement("needs_review", CHANGED, ids)
    if last.verdict == "correct":
        return Judgement("corrected", None, ids, last.crack)
    return Judgement("accepted" if last.crack else "rejected", None, ids, last.crack)
