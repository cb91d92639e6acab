"""Training: seeded, with a moving average of the weights, a checkpoint after every epoch, and early stopping.

Training the same folder again goes on where it stopped (see `run.py`).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import LabelledTile, check_trainable, of_split
from crackmap_models.networks.catalogue import network
from crackmap_models.training.batches import TrainingBatches
from crackmap_models.training.curves import draw_curves
from crackmap_models.training.labels import targets
from crackmap_models.training.losses import LOSSES, bootstrapped, where_known
from crackmap_models.training.run import Settings, State, begin, best_model, write_state
from crackmap_models.training.validation import logits, validate, validation_rows

Say = Callable[[str], None]
SAY_EVERY_S = 20


def train(
    tiles: Sequence[LabelledTile], run: Path, settings: Settings, *, until: int | None = None, say: Say = print
) -> State:
    """Train on the train rows of `tiles` and validate on the val rows, in the folder `run`, until done or Ctrl-C.

    `until` ends the run after that epoch, in the middle of its schedule.

    Raises EmptyClass, OneClassSet, UnreadableImage, and RunError when `run` was begun with other settings.
    """
    import keras  # noqa: PLC0415
    import tensorflow as tf  # noqa: PLC0415

    rows = of_split(tiles, "train")
    check_trainable(rows)
    watched = validation_rows(tiles, settings.validation_tiles, settings.seed)
    device = _device(tf, settings.threads)
    keras.utils.set_random_seed(settings.seed)
    answers = targets(rows, settings.noise, _judged(settings, rows))
    state = begin(run, settings)
    if state.epochs:
        model = keras.models.load_model(run / "last.keras", custom_objects=LOSSES)
        average = keras.models.load_model(run / "average.keras", compile=False)
    else:
        model, average = (_build(settings) for _ in range(2))
        if settings.begin_from:
            answering(model).set_weights(best_model(Path(settings.begin_from), settings.canvas_px).get_weights())
        average.set_weights(model.get_weights())
    batches = TrainingBatches(
        rows,
        answers,
        settings.mix,
        settings.canvas_px,
        settings.batch_size,
        settings.seed,
        settings.augmentation,
        cells=model.outputs[1].shape[1] if len(model.outputs) > 1 else 0,
    )
    if not state.epochs:
        _compile(model, settings, batches.steps)
    left_out = int(np.isnan(answers).sum())
    say(
        f"{settings.network}: {model.count_params():,} parameters; {len(rows) - left_out:,} training tiles"
        f"{f' ({left_out:,} left out)' if left_out else ''}, {batches.steps} steps of {settings.batch_size} per epoch; "
        f"on {device}"
    )
    while state.epochs < (until or settings.epochs) and state.epochs - state.best_epoch < settings.patience:
        began_s = time.monotonic()
        loss = _epoch(model, average, batches, number=state.epochs, settings=settings, say=say)
        figures = validate(answering(average), watched, settings.canvas_px)
        took_s = round(time.monotonic() - began_s, 1)
        _end_epoch(run, state, model, average, {"took_s": took_s, "loss": loss, **figures})
        _say_epoch(state, until or settings.epochs, say)
    return state


def _judged(settings: Settings, rows: Sequence[LabelledTile]) -> npt.NDArray[np.float64] | None:
    """Probabilities [n] by the run that judges labels, if there is one."""
    if not settings.judge:
        return None
    judge = best_model(Path(settings.judge), settings.canvas_px)
    return 1 / (1 + np.exp(-logits(judge, rows, settings.canvas_px)))


def _device(tf: Any, threads: int) -> str:
    """A GPU when there is one; otherwise `threads` threads of the CPU."""
    if tf.config.list_physical_devices("GPU"):
        return "the GPU"
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        # TensorFlow already runs in this process (a second training in one test session): keep its threads.
        return "the CPU"
    return f"the CPU, {threads} thread{'s' if threads > 1 else ''}"


def _build(settings: Settings) -> Any:
    """The network to train, which says where drawn cracks are if it can and is asked to."""
    chosen = network(settings.network)
    if chosen.build_with_cells and settings.cells_weight and settings.mix.drawn_crack:
        return chosen.build_with_cells(settings.canvas_px)
    return chosen.build(settings.canvas_px)


def answering(model: Any) -> Any:
    """The part of a network that ships: pixels to the logit of "crack". Shares the weights."""
    import keras  # noqa: PLC0415

    return keras.Model(model.input, model.outputs[0], name=model.name) if len(model.outputs) > 1 else model


def _compile(model: Any, settings: Settings, steps: int) -> None:
    import keras  # noqa: PLC0415

    if settings.constant_rate:
        optimizer = keras.optimizers.Adam(settings.rate)
    else:
        warm_up = settings.warm_up_epochs * steps
        rate = keras.optimizers.schedules.CosineDecay(
            settings.rate / 20,
            decay_steps=max(1, settings.epochs * steps - warm_up),
            alpha=0.01,
            warmup_target=settings.rate,
            warmup_steps=warm_up,
        )
        optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, clipnorm=5.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss: list[Any] = [
        bootstrapped if settings.noise == "bootstrap" else keras.losses.BinaryCrossentropy(from_logits=True)
    ]
    weights = [1.0]
    if len(model.outputs) > 1:
        loss, weights = [*loss, where_known], [*weights, settings.cells_weight]
    # XLA's depthwise convolutions are seven times slower on a CPU than TensorFlow's own.
    model.compile(optimizer, loss, loss_weights=weights, jit_compile=False)


def _epoch(model: Any, average: Any, batches: TrainingBatches, *, number: int, settings: Settings, say: Say) -> float:
    """One pass; the average follows every step, faster at the start. Returns the mean loss."""
    import tensorflow as tf  # noqa: PLC0415

    def assign(decay: Any) -> None:
        for kept, new in zip(average.weights, model.weights, strict=True):
            kept.assign(kept * decay + new * (1 - decay))

    follow = tf.function(assign)  # a hundred small assignments in one call
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):  # dropout's, which no checkpoint holds
            layer.seed_generator.state.assign([settings.seed, number])
    total, began_s, said_s = 0.0, time.monotonic(), time.monotonic()
    for step, (pixels, answers, places) in enumerate(batches.epoch(number), start=1):
        losses = model.train_on_batch(pixels, [answers, places] if batches.cells else [answers])
        # With two outputs: the weighted sum, then each. What the answers lose is what the curves show.
        total += float(losses[1] if batches.cells else losses)
        done = number * batches.steps + step
        follow(tf.constant(min(settings.average_decay, (1 + done) / (10 + done))))
        if time.monotonic() - said_s > SAY_EVERY_S:
            said_s = time.monotonic()
            left_s = (said_s - began_s) / step * (batches.steps - step)
            say(f"  epoch {number + 1}: {step}/{batches.steps}, loss {total / step:.4f}, {left_s:.0f} s left")
    return total / batches.steps


def _end_epoch(run: Path, state: State, model: Any, average: Any, figures: dict[str, float]) -> None:
    state.epochs += 1
    if figures["mean AUROC"] > state.best_auroc:
        state.best_auroc, state.best_epoch = figures["mean AUROC"], state.epochs
        answering(average).save(run / "best.keras")
    state.history.append({"epoch": state.epochs} | figures)
    model.save(run / "last.keras")
    average.save(run / "average.keras")
    write_state(run, state)
    draw_curves(state.history, run / "curves.png")


def _say_epoch(state: State, epochs: int, say: Say) -> None:
    """The figures of the epoch that just ended, and how long the rest will take if it goes on like this."""
    row = state.history[-1]
    shown = ", ".join(f"{name} {value:.4f}" for name, value in row.items() if name not in {"epoch", "took_s"})
    left_s = (epochs - state.epochs) * sum(past["took_s"] for past in state.history) / len(state.history)
    best = "  (best)" if state.best_epoch == state.epochs else ""
    say(f"epoch {state.epochs}/{epochs}: {shown}, {row['took_s']:.0f} s, {left_s / 60:.0f} min left{best}")
