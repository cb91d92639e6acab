"""Does a model do here what it did where it was made? Asked in a process of its own: a model that crashes or hangs
the runtime takes only its test with it.

`python -m crackmap_robot.registry.self_test MODEL RUNTIME`
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from crackmap import scores
from crackmap.drawn_tiles import COUNT, drawn_tiles
from crackmap.errors import CrackmapError, InputError
from crackmap.failpoints import failpoint
from crackmap.tile_grid import TileGrid
from crackmap_robot.classifier import Classifier
from crackmap_robot.runtimes import Runtime

PATIENCE_S = 120.0
TOLERANCE = 5
"""Score steps, half a logit: another runtime or processor may round otherwise; a mixed-up model is far off."""


def self_test(classifier: Classifier) -> None:
    """Score the six drawn tiles, twice. Raises InputError that says what is not as promised.

    A manifest without known scores promises only that the model answers: then a model is refused that answers NaN, or
    the same to everything.
    """
    manifest = classifier.manifest
    side = manifest.tile_px
    grid = TileGrid(COUNT * side, side, side, side)
    frame = np.ascontiguousarray(np.concatenate(list(drawn_tiles(side)), axis=1))
    found = classifier.score(frame, grid)
    name, listed = manifest.name, found.tolist()
    if not np.array_equal(found, classifier.score(frame, grid)):
        raise InputError(f"model {name}: scores the same tiles otherwise the second time.")
    if manifest.known_scores:
        known = np.array(manifest.known_scores)
        if known.shape != found.shape or int(abs(known - found.astype(np.int64)).max()) > TOLERANCE:
            raise InputError(
                f"model {name}: scores the drawn tiles as {listed}, its manifest promises {known.tolist()} "
                f"(at most {TOLERANCE} apart)."
            )
    elif scores.NOT_SCORED in listed:
        raise InputError(
            f"model {name}: answers no number to {listed.count(scores.NOT_SCORED)} of {COUNT} drawn tiles."
        )
    elif len(set(listed)) == 1:
        raise InputError(f"model {name}: answers {listed[0]} to everything.")


def check_apart(model: Path, runtime: Runtime, patience_s: float = PATIENCE_S) -> None:
    """Test a model in a process of its own. Raises InputError with what it said, or how it ended."""
    command = [sys.executable, "-m", "crackmap_robot.registry.self_test", str(model), runtime.value]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, timeout=patience_s, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{model.name}: its test took over {patience_s:g} s and was ended.") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        how = f"by signal {-done.returncode}" if done.returncode < 0 else f"with exit code {done.returncode}"
        raise InputError(said[-1] if done.returncode == 2 and said else f"{model.name}: its test ended {how}.")


def main(model: str, runtime: str) -> int:
    """The test; what is wrong goes to standard error."""
    try:
        with Classifier(Path(model), 1, Runtime(runtime)) as classifier:
            failpoint("model.in_test")
            self_test(classifier)
    except CrackmapError as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201 - read by `check_apart`
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
