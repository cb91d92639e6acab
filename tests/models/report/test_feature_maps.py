"""What convolutions answer: every one of them, for every network, and the map that Grad-CAM explains."""

import numpy as np
import pytest

catalogue = pytest.importorskip(
    "crackmap_models.networks.catalogue", reason="the models part is not installed: make test-models"
)
from crackmap_models.networks.crack_net import STAGES  # noqa: E402 - only where the part is installed
from crackmap_models.report.feature_maps import explained_map, responses  # noqa: E402 - only where the part is installed

TILE_PX = 64
TILES = [np.full((TILE_PX, TILE_PX, 3), grey, np.uint8) for grey in (90, 200)]


@pytest.mark.parametrize(
    ("name", "convolutions", "explained"),
    [
        ("crack_net", 2 + 2 * sum(blocks for _, blocks in STAGES) + 1, (4, 4)),  # stem, two for each block, head
        ("cainvas", 4, (26, 26)),
        ("blog3", 3, (12, 12)),
        ("deeper", 3, (12, 12)),
    ],
)
def test_every_convolution_of_every_network_answers(name: str, convolutions: int, explained: tuple[int, ...]) -> None:
    model = catalogue.network(name).build(TILE_PX)
    found = responses(model, TILES)
    assert len(found) == convolutions
    assert all(one.maps.shape[0] == 2 and np.isfinite(one.maps).all() for one in found)
    assert explained_map(model).output.shape[1:3] == explained


def test_the_explained_map_of_ours_is_after_shortcut_and_activation() -> None:
    from keras import layers

    model = catalogue.network("crack_net").build(TILE_PX)
    explained = explained_map(model)
    assert isinstance(explained, layers.ReLU)
    after = model.layers[model.layers.index(explained) + 1]
    assert isinstance(after, layers.DepthwiseConv2D)
    assert after.strides[0] == 2


def test_a_layer_says_what_it_is() -> None:
    about = [one.about for one in responses(catalogue.network("crack_net").build(TILE_PX), TILES)]
    assert about[:5] == [
        "3 × 3, stride 2",
        "3 × 3, stride 2",
        "depthwise 3 × 3",
        "pointwise",
        "depthwise 3 × 3, stride 2",
    ]
