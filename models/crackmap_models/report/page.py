"""A report as one HTML file: nothing is fetched, nothing runs; all pictures are inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crackmap_models.data.tiles import Split
from crackmap_models.networks.cost import Cost
from crackmap_models.report.galleries import Card, Gallery, Sheet
from crackmap_models.report.layers import Layer
from crackmap_models.report.looks import Looks
from crackmap_models.report.pictures import Picture

TEMPLATE = "page.html"


@dataclass(frozen=True, slots=True)
class Network:
    """What the network is: its name in the catalogue, its cost at `tile_px`, and the SHA-256 of its weights file."""

    name: str
    about: str
    tile_px: int
    cost: Cost
    sha256: str
    best_epoch: int
    epochs: int
    curves: Picture | None
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finds:
    """In plain numbers, at the threshold: cracked tiles found, and false tiles with their area in m²."""

    data: str
    cracks: int
    found: int
    others: int
    false_tiles: int
    false_tiles_per_m2: float


@dataclass(frozen=True, slots=True)
class Table:
    """Figures with intervals: names of measures, and a row of them for each kind of data with its number of tiles."""

    about: str
    measures: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page."""

    run: str
    split: Split
    threshold: float
    seed: int
    network: Network
    finds: tuple[Finds, ...]
    tables: tuple[Table, ...]
    plots: tuple[Picture, ...]
    sheets: tuple[Sheet, ...]
    galleries: tuple[Gallery, ...]
    looks: Looks | None
    layer_tiles: tuple[Card, Card] | None
    layers: tuple[Layer, ...]


def render(report: Report) -> str:
    """The page, as HTML that is well-formed XML too. All text in it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only where a page is made

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": "{:,}".format, "probability": probability_text, "signed": signed}
    page: str = environment.get_template(TEMPLATE).render(report=report)
    return page


def probability_text(value: float) -> str:
    """Two digits, and never 0.00 or 1.00: no network is that sure."""
    return "< 0.01" if value < 0.01 else "> 0.99" if value > 0.99 else f"{value:.2f}"


def signed(value: float) -> str:
    """Two digits, with a plus or a true minus."""
    return f"{value:+.2f}".replace("-", "−")
