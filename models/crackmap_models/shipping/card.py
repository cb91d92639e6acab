"""A model card in Markdown, from a manifest and nothing else: so `crackmap models verify` can write it again."""

from collections.abc import Sequence
from pathlib import Path

from crackmap.manifest import Figure, Manifest, VisibleWidth
from crackmap_models.evaluation.tables import cell
from crackmap_models.shipping.parity import BY_CONVERSION
from crackmap_models.shipping.retrain import RETRAIN

BY_EYE = " by eye"
LIMITS = (
    "SDNET2018's labels are noisy, decks' above all. Its figures under published labels cannot tell a model's mistake "
    "from a label's; those by eye can, for as many tiles as were looked at again.",
    "METU is easy: wide, dark cracks on few walls. Its figures say nothing about hairline cracks.",
    "Rendered tiles come from the same renderer as the demo's wall (other seeds): good figures there are no evidence "
    "for real walls.",
    "Other cameras and concretes, paint, brick, moss, wet surfaces, graffiti, tunnels and artificial light were not "
    "seen; expect clearly worse figures there, and measure on tiles of your own first.",
    "Scales: METU's is not stated, SDNET2018's is about 0.23 mm per pixel (±15 %), rendered tiles 0.15 to 0.4.",
    "The answer is for a tile as a whole: no outline, no length, no width.",
    "Deck validation tiles come from the same site as deck training tiles. The deck test photographs all overlap, so "
    "their intervals resample photographs instead of groups and are too narrow.",
)


def card_path(model: Path) -> Path:
    """`crack-227.tflite` → `crack-227.md`."""
    return model.with_suffix(".md")


def card(manifest: Manifest) -> str:
    """The card of one shipped model."""
    compared = [figure for figure in manifest.figures if figure.measure.endswith(BY_CONVERSION)]
    measured = [figure for figure in manifest.figures if figure not in compared]
    by_eye = [figure for figure in measured if BY_EYE in figure.data]
    tile, numbers = manifest.tile_px, _numbers(manifest)
    parts = [
        f"# {manifest.name}",
        f"Tells for a {tile} × {tile} pixel tile of a photographed concrete surface whether it shows a crack. "
        f"{manifest.parameters:,} parameters, {manifest.size_bytes:,} bytes, {numbers}.",
        f"SHA-256 `{manifest.sha256}` · {manifest.licence} · {manifest.created_utc}",
        "## Use",
        f"{_ends(manifest)} Scale on the surface: {manifest.mm_per_px.low:g} to {manifest.mm_per_px.high:g} mm per "
        "pixel; finer pictures are to be shrunk into that range, coarser ones are out of it.",
        f"Threshold: probability {manifest.threshold:.4f}, the {manifest.threshold_rule}. "
        "It sorts tiles for a person who looks; it is no finding by itself, and a tile under it is not “no crack”.",
        *_visible(manifest.visible_width),
        *_dense(manifest),
        "## Training data",
        "\n".join(f"- {line}" for line in manifest.training_data),
        "All sources pass the same random scale, light, blur, noise and JPEG encoder. The splits keep overlapping "
        "photographs and repeated tiles together; the reserved rows were not touched.",
        "## Figures",
        "Of this .tflite file on the test splits, with 95 % intervals from resampling groups of overlapping tiles. "
        "Tiles larger than the input are shrunk, smaller ones continued by their mirror image. Areas: whole tiles at "
        "0.23 mm per pixel. F1, recall and false tiles per m2 are at the threshold above.",
        _table([figure for figure in measured if figure not in by_eye]),
    ]
    if by_eye:
        parts += [
            "Of tiles that were looked at again, blind, under what the passes agreed on; false tiles are counted on "
            "all tiles that are published as no_crack and that no eye called crack or doubtful:",
            _table(by_eye),
        ]
    parts += [
        "What conversion cost, against the network it came from, on validation tiles:",
        _table(compared),
        "## Where it fails",
        f"![Tiles with cracks that it missed, and tiles without that it called crack]({manifest.name}.failures.jpg)",
        "The mistakes that it is surest of, at most four of each sort for a kind of surface, with label and score. "
        "Many a label is wrong. Tiles: METU © Ç. F. Özgenel, SDNET2018 © M. Maguire, S. Dorafshan and R. J. Thomas "
        "([CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)), shrunk and compressed.",
        "## Limits",
        "\n".join(f"- {line}" for line in LIMITS),
        "## Train it again",
        "```\n" + "\n".join(RETRAIN) + "\n```",
        "`crackmap models verify` with the same data computes every figure above anew.",
    ]
    return "\n\n".join(parts) + "\n"


def _visible(found: VisibleWidth | None) -> list[str]:
    if found is None:
        return []
    return [
        "The narrowest crack that it finds, four of five of those that it finds when they are wide, is by "
        "`crackmap models visible` (cracks of known width drawn on validation tiles, which reflect 40 % of what is "
        f"around them) at most, in five cases of six, {found.margin:g} × ({found.per_texture:g} × texture × blur + "
        f"{found.per_blur:g} × (blur − {found.sharp_px:g})) px wide. Blur: its sigma in px, and nothing for the second "
        f"part up to {found.sharp_px:g}. Texture: the deviation of the surface's fine texture as a share of its "
        "brightness, about 0.01 on smooth concrete and 0.06 on exposed gravel."
    ]


def _dense(manifest: Manifest) -> list[str]:
    found = manifest.dense
    if found is None:
        return []
    return [
        f"`{manifest.name}.dense.tflite` ({found.size_bytes:,} bytes, SHA-256 `{found.sha256}`) has the same weights "
        f"and scores all tiles of a picture that overlap, one every {found.stride_px} pixels, in one pass: `crackmap "
        "scan --overlap`. Its scores are not those of the tiles by themselves, since it sees what is around them "
        "(decision 18), and no figure below is of it."
    ]


def _numbers(manifest: Manifest) -> str:
    if manifest.name.endswith("-float16"):
        return "float16 weights"
    return "full int8" if manifest.output_dtype == "int8" else manifest.output_dtype


def _ends(manifest: Manifest) -> str:
    """What goes in and comes out."""
    tile = manifest.tile_px
    if manifest.input_dtype == "float32":
        return (
            f"Input: float32 [1, {tile}, {tile}, 3], RGB 0 to 255. Output: one float32 logit of “crack” (no sigmoid)."
        )
    return (
        f"Input: {manifest.input_dtype} [1, {tile}, {tile}, 3], RGB exactly as decoded (scale 1, zero point 0): "
        f"nothing is to be done to the pixels. Output: one {manifest.output_dtype} logit of “crack” (no sigmoid); "
        "scale and zero point stand in the file."
    )


def _table(figures: Sequence[Figure]) -> str:
    """Rows: measures; columns: data."""
    known = {(figure.measure, figure.data): figure for figure in figures}
    counts: dict[str, int] = {}
    for figure in figures:
        counts.setdefault(figure.data, figure.count)
    head = " | ".join(f"{name} ({count:,} tiles)" for name, count in counts.items())
    lines = [f"| | {head} |", "|---|" + "---|" * len(counts)]
    for measure in dict.fromkeys(figure.measure for figure in figures):
        cells = (known.get((measure, name)) for name in counts)
        name = measure.removesuffix(f" {BY_CONVERSION}")
        lines.append(f"| {name} | " + " | ".join(_cell(found) if found else "" for found in cells) + " |")
    return "\n".join(lines)


def _cell(figure: Figure) -> str:
    return cell(figure) if not figure.measure.endswith(BY_CONVERSION) else f"{figure.value:.4f}"
