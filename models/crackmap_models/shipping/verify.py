"""A shipped file against its manifest and card: every promise that can be checked with what is at hand.

Without data: hash, size, input and output, parameters, and the card word for word. With data: the threshold and every
figure, measured again and compared as stored, to the last digit. With the run as well: what conversion cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from crackmap.manifest import Figure, Manifest, read_dense, read_manifest
from crackmap_models.conversion.dense import dense_stride_px, to_dense
from crackmap_models.conversion.graph import read_graph
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile, by_data, of_split
from crackmap_models.errors import BrokenPromise
from crackmap_models.evaluation.scorers import Say
from crackmap_models.evaluation.threshold import logit
from crackmap_models.evaluation.visible import promised
from crackmap_models.shipping.card import BY_EYE, card, card_path
from crackmap_models.shipping.measure import Candidate, measure, threshold_of
from crackmap_models.shipping.parity import BY_CONVERSION, as_figures, parity
from crackmap_models.shipping.ship import failures_path
from crackmap_models.training.run import best_model


@dataclass(slots=True)
class Findings:
    """What was checked, what could not be, and what differs, in words."""

    checked: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def compare(self, what: str, promised: object, found: object) -> None:
        """Note whether a promise is kept."""
        if promised == found:
            self.checked.append(what)
        else:
            self.differences.append(f"{what}: promised {promised}, found {found}")


def verify(
    model: Path,
    tiles: Sequence[LabelledTile] = (),
    readings: Mapping[Path, Reading] | None = None,
    run: Path | None = None,
    *,
    say: Say = print,
) -> Findings:
    """Check `model` against the manifest and the card beside it.

    Raises InputError when file and manifest do not belong together, and BrokenPromise that names every difference.
    """
    manifest, content = read_manifest(model)
    findings = Findings(["SHA-256"])
    lite = LiteModel(content)
    _check_file(findings, manifest, content, lite)
    _check_dense(findings, manifest, content, model)
    _check_card(findings, manifest, model)
    if of_split(tiles, "test"):
        _check_measured(findings, manifest, Candidate(manifest.name, lite), tiles, readings=readings or {}, say=say)
    else:
        findings.not_checked.append("threshold and figures: give --metu, --sdnet2018, --splits and the like")
    if run and of_split(tiles, "val"):
        _check_compared(findings, manifest, lite, tiles, run)
    else:
        findings.not_checked.append("what conversion cost: give the data and --run")
    if findings.differences:
        raise BrokenPromise(
            f"{model} is not what is promised:\n  " + "\n  ".join(findings.differences) + "\n"
            "Take the files as they were published, or ship the model again with `crackmap models convert`."
        )
    return findings


def _check_file(findings: Findings, manifest: Manifest, content: bytes, lite: LiteModel) -> None:
    findings.compare("size_bytes", manifest.size_bytes, len(content))
    findings.compare("tile_px", manifest.tile_px, lite.tile_px)
    findings.compare("input_dtype", manifest.input_dtype, lite.input.dtype)
    findings.compare("output_dtype", manifest.output_dtype, lite.output.dtype)
    findings.compare("parameters", manifest.parameters, read_graph(content).parameters)
    if manifest.output_dtype == "int8":
        taken = (lite.input.dtype, lite.input.scale, lite.input.zero_point)
        findings.compare("input type, scale and zero point", ("uint8", 1.0, 0), taken)


def _check_dense(findings: Findings, manifest: Manifest, content: bytes, model: Path) -> None:
    """The dense file follows from the model alone, so it is made again and must be the same, byte for byte."""
    if manifest.dense is None:
        return
    dense = read_dense(model, manifest.dense)
    findings.compare("dense size_bytes", manifest.dense.size_bytes, len(dense))
    findings.compare("dense stride_px", manifest.dense.stride_px, dense_stride_px(manifest.tile_px))
    findings.compare("the dense file is made of the model", True, dense == to_dense(content))


def _check_card(findings: Findings, manifest: Manifest, model: Path) -> None:
    path, sheet = card_path(model), failures_path(model)
    written = path.read_text().splitlines() if path.is_file() else []
    lines = enumerate(zip_longest(card(manifest).splitlines(), written), start=1)
    number, (wanted, found) = next((line for line in lines if line[1][0] != line[1][1]), (0, ("", "")))
    findings.compare(f"{path.name} line {number}" if number else path.name, wanted, found)
    findings.compare(f"{sheet.name} is there", True, sheet.is_file())


def _check_measured(
    findings: Findings,
    manifest: Manifest,
    candidate: Candidate,
    tiles: Sequence[LabelledTile],
    *,
    readings: Mapping[Path, Reading],
    say: Say,
) -> None:
    figures = {(f.data, f.measure): f for f in manifest.figures if not f.measure.endswith(BY_CONVERSION)}
    kinds = {data.removesuffix(" test") for data, _ in figures if BY_EYE not in data}
    known = [tile for tile in tiles if tile.data in kinds]
    unseen = any(BY_EYE in data for data, _ in figures) and not readings
    if unseen or kinds - set(by_data(of_split(known, "test"))):
        findings.not_checked.append("the threshold: it was chosen on more data sets, or labels by eye, than are given")
        candidate = replace(candidate, threshold_logit=logit(manifest.threshold))
    evaluation = measure(candidate, known, readings, say)
    if candidate.threshold_logit is None:
        findings.compare("threshold", manifest.threshold, threshold_of(evaluation))
    _compare_figures(findings, figures, evaluation.figures)
    if unseen or kinds - set(by_data(of_split(known, "val"))):
        findings.not_checked.append("how narrow a crack it finds: it was measured on more data, or labels by eye")
    else:
        chosen = replace(candidate, threshold_logit=evaluation.threshold_logit)
        findings.compare("visible_width", manifest.visible_width, promised(chosen, known, readings, say))


def _check_compared(
    findings: Findings, manifest: Manifest, lite: LiteModel, tiles: Sequence[LabelledTile], run: Path
) -> None:
    promised = {(f.data, f.measure): f for f in manifest.figures if f.measure.endswith(BY_CONVERSION)}
    known = [tile for tile in tiles if f"{tile.data} val" in {data for data, _ in promised}]
    found = parity(best_model(run, lite.tile_px), lite, of_split(known, "val"), logit(manifest.threshold))
    _compare_figures(findings, promised, as_figures(found))


def _compare_figures(findings: Findings, promised: Mapping[tuple[str, str], Figure], found: Sequence[Figure]) -> None:
    """Every promised figure whose data was measured; the others are noted, one line for each kind of data."""
    measured = {(figure.data, figure.measure): figure for figure in found}
    kinds = {data for data, _ in measured}
    for key, figure in promised.items():
        if key[0] in kinds:
            findings.compare(" ".join(key), _words(figure), _words(measured[key]) if key in measured else "nothing")
    missing = dict.fromkeys(data for data, _ in promised if data not in kinds)
    findings.not_checked += [f"the figures of {data}: its tiles or labels are not given" for data in missing]


def _words(figure: Figure) -> str:
    return f"{figure.value:g} ({figure.low:g} to {figure.high:g}) on {figure.count} tiles"
