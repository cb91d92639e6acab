"""How a training went, as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def draw_curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Loss, accuracy and AUROC over the epochs of `history`, as a PNG file at `path`."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, for those who train

    epochs = [row["epoch"] for row in history]
    figure = Figure(figsize=(10.5, 3.2), dpi=110, layout="constrained")
    loss, accuracy, auroc = figure.subplots(1, 3)
    loss.plot(epochs, [row["loss"] for row in history], label="training (augmented, drawn on)")
    loss.plot(epochs, [row["val loss"] for row in history], label="validation")
    accuracy.plot(epochs, [row["val accuracy"] for row in history], label="validation, at ½")
    for name in [name for name in history[-1] if name.endswith(" AUROC")]:
        mean = name == "mean AUROC"
        auroc.plot(
            epochs,
            [row[name] for row in history],
            label=name.removesuffix(" AUROC"),
            color="black" if mean else None,
            linewidth=2 if mean else 1,
        )
    for axes, title in ((loss, "binary cross-entropy"), (accuracy, "accuracy"), (auroc, "validation AUROC")):
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(path)
