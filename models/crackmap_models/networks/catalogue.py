"""The networks by name, with how each is trained unless one says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from crackmap.errors import SettingError
from crackmap_models.networks.crack_net import crack_net
from crackmap_models.networks.plain import blog3, cainvas, deeper


@dataclass(frozen=True, slots=True)
class Network:
    """`build` takes a tile size (or None, its usual one) and gives a keras.Model of RGB 0..255 → logit of "crack".

    `build_with_cells` gives one with a second output, for training: logits of "a crack passes here" on a grid.
    """

    name: str
    about: str
    build: Callable[[int | None], Any]
    rate: float  # the highest learning rate
    patience: int  # epochs without a better validation, after which training ends
    build_with_cells: Callable[[int | None], Any] | None = None
    constant_rate: bool = False  # plain Adam, as published; otherwise AdamW with warm-up and cosine decay


NETWORKS = {
    network.name: network
    for network in (
        Network(
            "crack_net",
            "ours: depthwise-separable, any tile size",
            crack_net,
            rate=3e-3,
            patience=10,
            build_with_cells=partial(crack_net, cells=True),
        ),
        Network("cainvas", "the tutorial's: 2 × [conv, conv, pool], three dense", cainvas, 1e-4, 5, constant_rate=True),
        Network("blog3", "the course project's first: three convolutions", blog3, 1e-3, 5, constant_rate=True),
        Network("deeper", "its second: more filters, two more layers", deeper, 1e-3, 5, constant_rate=True),
    )
}


def network(name: str) -> Network:
    """Raises SettingError for a name that is not there."""
    try:
        return NETWORKS[name]
    except KeyError:
        raise SettingError(f"there is no network {name!r}; choose one of {', '.join(NETWORKS)}.") from None
