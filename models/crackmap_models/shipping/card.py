"""A model card in Markdown, from a manifest: what the model is for, what it was measured to do, and what it cannot."""

from collections.abc import Sequence

from crackmap.manifest import Figure, Manifest
from crackmap_models.conversion.convert import Parity


def card(manifest: Manifest, parity: Parity, epochs: int, retrain: Sequence[str]) -> str:
    """The card of one shipped model; `retrain` are the commands that made it."""
    tile = manifest.tile_px
    parts = [
        f"# {manifest.name}",
        f"Tells for a {tile} × {tile} pixel tile of a photographed concrete surface whether it shows a crack. "
        f"{manifest.parameters:,} parameters, {manifest.size_bytes:,} bytes, full int8; a depthwise-separable network, "
        "fully convolutional up to its pooling; the same weights serve 227 and 256 pixels.",
        f"SHA-256 `{manifest.sha256}` · {manifest.licence} · {manifest.created_utc}",
        "## Use",
        f"Input: int8 [1, {tile}, {tile}, 3], RGB, scale 1 and zero point −128: the pixel less 128, nothing else. "
        "Output: one int8 logit of “crack” (no sigmoid); scale and zero point stand in the file. "
        f"Scale on the surface: {manifest.mm_per_px.low:g} to {manifest.mm_per_px.high:g} mm per pixel; finer "
        "pictures are to be shrunk into that range, coarser ones are out of it.",
        f"Threshold: probability {manifest.threshold:.4f}, the {manifest.threshold_rule}. "
        "It sorts tiles for a person who looks; it is no finding by itself, and a tile under it is not “no crack”.",
        "## Training data",
        "\n".join(f"- {line}" for line in manifest.training_data),
        f"{epochs} epochs, the moving average of the weights at the epoch with the best validation AUROC. All sources "
        "pass the same random scale, light, blur, noise and JPEG encoder. SDNET2018's crack labels are trusted only as "
        "far as they held up when looked at (see `batches.py`). The splits keep overlapping photographs and repeated "
        "tiles together; the reserved rows were not touched.",
        "## Figures",
        "Of this .tflite file on the test splits, with 95 % intervals from resampling groups of overlapping tiles. "
        "SDNET2018's labels are as published, noisy ones included. Tiles larger than the input are shrunk, smaller "
        "ones continued by their mirror image. Areas: whole tiles at 0.23 mm per pixel. F1, recall and false tiles "
        "are at the threshold above.",
        _table(manifest.figures),
        f"int8 against the float network on {parity.tiles} validation tiles: logits differ by "
        f"{parity.mean_absolute:.3f} on average and {parity.largest:.2f} at most; {parity.same_side_of_threshold:.2%} "
        "of the tiles fall on the same side of the threshold.",
        "## Limits",
        "\n".join(f"- {line}" for line in LIMITS),
        "## Train it again",
        "```\n" + "\n".join(retrain) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


LIMITS = (
    "SDNET2018's labels are noisy: by eye only about 65–75 % of the wall tiles, 35–50 % of the deck tiles and 85 % of "
    "the pavement tiles labelled “crack” show one. Its figures cannot tell a model's mistake from a label's.",
    "METU is easy: wide, dark cracks on few walls. Its figures say nothing about hairline cracks.",
    "Rendered tiles come from the same renderer as the demo's wall (other seeds): good figures there are no evidence "
    "for real walls.",
    "Three sources only. Other cameras and concretes, paint, brick, moss, wet surfaces, graffiti, tunnels and "
    "artificial light were not seen; expect clearly worse figures there, and measure on tiles of your own first.",
    "Scales: METU's is not stated, SDNET2018's is about 0.23 mm per pixel (±15 %), rendered tiles 0.15 to 0.4. Cracks "
    "narrower than about one pixel are mostly missed.",
    "Grey pictures are ranked as well as coloured ones, but score lower: turned grey, eight photographs of the test "
    "split had a fifth fewer detections.",
    "The answer is for a tile as a whole: no outline, no length, no width.",
    "Deck validation tiles come from the same site as deck training tiles. The deck test photographs all overlap, so "
    "their intervals resample photographs instead of groups and are too narrow.",
)


def _table(figures: Sequence[Figure]) -> str:
    """Rows: measures; columns: data."""
    data = list(dict.fromkeys(figure.data for figure in figures))
    known = {(figure.measure, figure.data): figure for figure in figures}
    counts = {figure.data: figure.count for figure in figures}
    lines = [
        "| | " + " | ".join(f"{name} ({counts[name]:,} tiles)" for name in data) + " |",
        "|---|" + "---|" * len(data),
    ]
    for measure in dict.fromkeys(figure.measure for figure in figures):
        cells = (known.get((measure, name)) for name in data)
        lines.append(f"| {measure} | " + " | ".join(_cell(cell) if cell else "" for cell in cells) + " |")
    return "\n".join(lines)


def _cell(figure: Figure) -> str:
    digits = 4 if figure.value > 0.99 and figure.high <= 1 else 3 if figure.high <= 1 else 1
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}–{figure.high:.{digits}f})"
