"""Every network by name: built, counted, and answering one logit."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.errors import SettingError
from crackmap_models.networks.catalogue import NETWORKS, network
from crackmap_models.networks.cost import cost


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_network_answers_one_logit_per_tile(name: str) -> None:
    model = network(name).build(96)
    assert model.name == name
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype(np.float32)
    assert model.predict_on_batch(pixels).shape == (2, 1)


def test_ours_is_ten_times_smaller_and_multiplies_less_than_the_tutorials() -> None:
    ours, tutorial = cost(network("crack_net").build(227)), cost(network("cainvas").build(227))
    assert ours.parameters * 10 <= tutorial.parameters
    assert ours.macs < tutorial.macs


def test_multiplications_are_those_of_the_layers() -> None:
    """Counted by hand for the tutorial's network at 32 px: 30, 28, 14, 12, 10, 5."""
    convolutions = 30 * 30 * 27 * 8 + 28 * 28 * 72 * 8 + 12 * 12 * 72 * 16 + 10 * 10 * 144 * 16
    dense = 5 * 5 * 16 * 64 + 64 * 32 + 32
    assert cost(network("cainvas").build(32)).macs == convolutions + dense


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(SettingError, match=r"no network 'resnet'.*crack_net, cainvas, blog3, deeper"):
        network("resnet")
