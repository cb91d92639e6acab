"""What a training makes small."""

from typing import Any

BOOTSTRAP_SHARE = 0.2


def bootstrapped(targets: Any, logits: Any) -> Any:
    """Soft bootstrapping: cross-entropy against a mean of the target and the network's own answer; [n]."""
    from keras import ops  # noqa: PLC0415

    own = ops.stop_gradient(ops.sigmoid(logits))
    mixed = (1 - BOOTSTRAP_SHARE) * targets + BOOTSTRAP_SHARE * own
    return ops.mean(ops.binary_crossentropy(mixed, logits, from_logits=True), axis=-1)


def where_known(targets: Any, logits: Any) -> Any:
    """Cross-entropy over the cells [n, k, k, 1] whose target is known (not NaN); [n]."""
    from keras import ops  # noqa: PLC0415

    known = ops.logical_not(ops.isnan(targets))
    answers = ops.where(known, targets, 0.0)
    losses = ops.binary_crossentropy(answers, logits, from_logits=True)
    return ops.mean(ops.where(known, losses, 0.0), axis=(1, 2, 3))


LOSSES = {"bootstrapped": bootstrapped, "where_known": where_known}
