"""A run folder: what was asked for, how far it has come, and the networks.

`settings.json` is what was asked for, `state.json` how far it has come, `last.keras` the network with its optimiser,
`average.keras` the moving average of its weights, and `best.keras` that average at the best epoch: what is shipped.
`state.json` is written last, so that a kill costs one epoch.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crackmap_models.errors import RunError
from crackmap_models.networks.catalogue import network
from crackmap_models.training.augmentation import Augmentation
from crackmap_models.training.batches import Mix
from crackmap_models.training.labels import Noise


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides how a run goes, besides the tiles."""

    network: str = "crack_net"
    noise: Noise = "by_eye"
    judge: str = ""  # folder of the run whose network judges labels, for noise "confident"
    mix: Mix = field(default_factory=Mix)
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    canvas_px: int = 240
    batch_size: int = 64
    epochs: int = 48
    patience: int = 10
    rate: float = 3e-3
    constant_rate: bool = False  # plain Adam at one rate; otherwise AdamW with warm-up and cosine decay
    weight_decay: float = 5e-4
    warm_up_epochs: int = 1
    cells_weight: float = 1.0  # of the loss of saying where a drawn crack is, for networks that can; 0: not asked
    average_decay: float = 0.995  # 0: the last weights themselves
    validation_tiles: int = 400
    seed: int = 1
    threads: int = 2
    begin_from: str = ""  # folder of an earlier run, whose best weights this one begins with


@dataclass(slots=True)
class State:
    """How far a run has come."""

    epochs: int = 0
    best_epoch: int = 0
    best_auroc: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


def begin(run: Path, settings: Settings) -> State:
    """A new run folder with its settings, or the state of one that was begun with the same settings.

    Raises RunError when it was begun with others.
    """
    wanted = json.dumps(asdict(settings), indent=1) + "\n"
    path = run / "settings.json"
    run.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(wanted)
    elif path.read_text() != wanted:
        raise RunError(f"{path}: this run was begun with other settings. Choose another folder, or the same settings.")
    return read_state(run) if (run / "state.json").exists() else State()


def read_state(run: Path) -> State:
    """Raises RunError when no epoch of `run` is finished."""
    try:
        return State(**json.loads((run / "state.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{run}: is not a training run with a finished epoch ({error}). Train first.") from error


def write_state(run: Path, state: State) -> None:
    """What a resumed training goes on from."""
    (run / "state.json").write_text(json.dumps(asdict(state), indent=1) + "\n")


def best_model(run: Path, tile_px: int | None = None) -> Any:
    """The network that a run ships, as a keras.Model for `tile_px` (None: the size it was trained at, or any).

    Raises RunError when there is none, or when its network is bound to another tile size.
    """
    import keras  # noqa: PLC0415

    read_state(run)
    try:
        name = json.loads((run / "settings.json").read_text())["network"]
        trained = keras.models.load_model(run / "best.keras", compile=False)
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{run}: is not a training run that can be read ({error!r}). Train again.") from error
    if tile_px in {None, trained.input.shape[1]}:
        return trained
    model = network(name).build(tile_px)
    if [weight.shape for weight in model.weights] != [weight.shape for weight in trained.weights]:
        raise RunError(
            f"{run}: {name} was trained for {trained.input.shape[1]} px tiles and is bound to them; "
            f"{tile_px} px need a training with --canvas-px {tile_px}."
        )
    model.set_weights(trained.get_weights())
    return model
