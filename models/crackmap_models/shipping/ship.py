"""From a finished run to what ships: model file, manifest, card and a sheet of mistakes, all measured on that file."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from crackmap.drawn_tiles import drawn_tiles
from crackmap.manifest import Manifest, Range, dense_path, manifest_path
from crackmap.scores import bytes_from_logits
from crackmap_models.conversion.convert import Numbers, representative_tiles, to_tflite
from crackmap_models.conversion.dense import can_be_dense, to_dense
from crackmap_models.conversion.graph import read_graph
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile, of_split
from crackmap_models.evaluation.figures import kinds_of
from crackmap_models.evaluation.threshold import RULE
from crackmap_models.evaluation.visible import promised
from crackmap_models.shipping.card import card, card_path
from crackmap_models.shipping.dense import promise
from crackmap_models.shipping.failures import failures
from crackmap_models.shipping.measure import Candidate, measure, threshold_of
from crackmap_models.shipping.parity import as_figures, check_precision, parity
from crackmap_models.training.run import best_model

REPRESENTATIVE_TILES = 600
SEED = 1
SCALE = Range(low=0.15, high=0.35)
SURFACES = ("walls", "decks", "pavements")
TRAINING_DATA = {
    "metu": "“Concrete Crack Images for Classification”, Ç. F. Özgenel 2019, Mendeley Data 5y9wdsg2zt v2, CC BY 4.0; "
    "train rows of splits/metu.csv.gz",
    "sdnet2018": "SDNET2018, M. Maguire, S. Dorafshan, R. J. Thomas 2018, doi:10.15142/T3TD19, CC BY 4.0; "
    "train rows of splits/sdnet2018.csv.gz",
    "rendered": "tiles of simulated walls from crackmap_robot.renderer, seeds from 10000 on",
}


def ship(
    run: Path,
    tiles: Sequence[LabelledTile],
    tile_px: int,
    to: Path,
    *,
    numbers: Numbers = "int8",
    readings: Mapping[Path, Reading] | None = None,
    say: Callable[[str], None] = print,
) -> Manifest:
    """Convert the best weights of `run` for tiles of `tile_px`, choose the threshold, measure, and write the files.

    `readings` are labels by eye of val and test tiles. Raises RunError when `run` holds no finished epoch, and
    PrecisionLost, before anything is written, when the file is worse than the network.
    """
    name = f"crack-{tile_px}" + ("" if numbers == "int8" else f"-{numbers}")
    model, train, test = best_model(run, tile_px), of_split(tiles, "train"), of_split(tiles, "test")
    say(f"{name}: converting")
    ranges = representative_tiles(train, tile_px, REPRESENTATIVE_TILES, SEED) if numbers == "int8" else ()
    content = to_tflite(model, numbers, ranges)
    lite = LiteModel(content)
    say(f"{name}: scoring {len(of_split(tiles, 'val'))} validation and {len(test)} test tiles")
    evaluation = measure(Candidate(name, lite), tiles, readings or {}, say)
    visible = promised(Candidate(name, lite, evaluation.threshold_logit), tiles, readings or {}, say)
    say(f"{name}: comparing it with the network")
    compared = parity(model, lite, of_split(tiles, "val"), evaluation.threshold_logit)
    check_precision(compared)
    dense = to_dense(content) if can_be_dense(content) else None
    manifest = Manifest(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        tile_px=tile_px,
        input_dtype=lite.input.dtype,
        output_dtype=lite.output.dtype,
        threshold=threshold_of(evaluation),
        threshold_rule=RULE,
        mm_per_px=SCALE,
        visible_width=visible,
        dense=None if dense is None else promise(dense, tile_px),
        surfaces=SURFACES,
        training_data=tuple(dict.fromkeys(_credit(tile) for tile in train)),
        parameters=read_graph(content).parameters,
        figures=evaluation.figures + as_figures(compared),
        known_scores=tuple(bytes_from_logits([lite.logit(tile) for tile in drawn_tiles(tile_px)]).tolist()),
        licence="Apache-2.0",
        created_utc=datetime.now(UTC).strftime("%Y-%m-%d"),
    )
    path = to / f"{name}.tflite"
    to.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if dense is not None:
        dense_path(path).write_bytes(dense)
    manifest_path(path).write_text(manifest.model_dump_json(indent=1) + "\n")
    card_path(path).write_text(card(manifest))
    failures_path(path).write_bytes(failures(manifest, kinds_of(test, readings), evaluation.scored))
    say(f"{path}: {len(content):,} bytes, threshold {manifest.threshold}")
    return manifest


def _credit(tile: LabelledTile) -> str:
    """The source of a training tile, as manifest and card name it."""
    return TRAINING_DATA.get(tile.source) or f"tiles of the folder “{tile.name}”, its train part"


def failures_path(model: Path) -> Path:
    """`crack-227.tflite` → `crack-227.failures.jpg`."""
    return model.with_suffix(".failures.jpg")
