"""Tiles side by side with what the model says of them: its surest mistakes, and some by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.report.cases import Case, Outcome, sheet, surest
from crackmap_models.report.pictures import Picture, jpeg

EACH = 6
BY_CHANCE = 12


@dataclass(frozen=True, slots=True)
class Card:
    """One tile as it is shown."""

    case: Case
    picture: Picture


@dataclass(frozen=True, slots=True)
class Gallery:
    """Of one kind of data: how many tiles are missed or false in all, and the surest of them."""

    data: str
    misses: int
    false_tiles: int
    surest_misses: tuple[Card, ...]
    surest_false_tiles: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Of one kind of data: tiles by chance."""

    data: str
    cards: tuple[Card, ...]

    @property
    def right(self) -> int:
        """How many of them the model answers as they are labelled."""
        return sum(card.case.right for card in self.cards)


def gallery(data: str, among: Sequence[Case], tile_px: int) -> Gallery:
    """The surest mistakes. Raises UnreadableImage."""

    def cards(outcome: Outcome) -> tuple[Card, ...]:
        return tuple(card(case, tile_px) for case in surest(among, outcome, EACH))

    counts = [sum(case.outcome == wrong for case in among) for wrong in ("miss", "false tile")]
    return Gallery(data, counts[0], counts[1], cards("miss"), cards("false tile"))


def by_chance(data: str, among: Sequence[Case], tile_px: int, seed: int) -> Sheet:
    """Tiles by chance, half of each label. Raises UnreadableImage."""
    return Sheet(data, tuple(card(case, tile_px) for case in sheet(among, BY_CHANCE, seed)))


def card(case: Case, tile_px: int) -> Card:
    """The tile as the network sees it, with words for those who do not. Raises UnreadableImage."""
    label = "crack" if case.tile.crack else "no crack"
    alt = f"Tile {case.tile.path.name} of {case.tile.data}, labelled {label}" + (case.seen and f", by eye {case.seen}")
    return Card(case, jpeg(pixels_of(case.tile, tile_px), alt))


def pixels_of(tile: LabelledTile, tile_px: int) -> Pixels:
    """RGB [tile_px, tile_px, 3] as the network takes it. Raises UnreadableImage."""
    return fit(decode(tile.path, read_bytes(tile.path)), tile_px)
