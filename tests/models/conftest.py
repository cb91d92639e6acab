"""The models part's tests. Without crackmap_models (`make test`) only the shipped files are tested, on LiteRT alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

# Warnings of TensorFlow and its dependencies about themselves; ours are errors.
THEIR_WARNINGS = (
    # numpy 2.4 on h5py's and gast's use of it while TensorFlow is imported
    "ignore::DeprecationWarning:(tensorflow|keras|h5py|gast|astunparse|google|ml_dtypes).*",
    # int8 conversion notes that fewer statistics are kept
    "ignore:Statistics for quantized inputs were expected:UserWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in THEIR_WARNINGS:
        config.addinivalue_line("filterwarnings", line)


def picture(rng: np.random.Generator, crack: bool) -> np.ndarray:
    """Grey noise [64, 64, 3], with a dark line across it when `crack`."""
    import cv2

    pixels = rng.integers(120, 200, (64, 64, 3)).astype(np.uint8)
    if crack:
        left, right = rng.integers(5, 59, 2).tolist()
        cv2.line(pixels, (left, 0), (right, 63), (20, 20, 20), 3)
    return pixels


@pytest.fixture(scope="session")
def pictures() -> list[np.ndarray]:
    """Sixty of them, every second one with a crack."""
    rng = np.random.default_rng(5)
    return [picture(rng, k % 2 == 0) for k in range(60)]


@pytest.fixture(scope="session")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Pictures in the layout of `crackmap models render`, five to a wall."""
    import cv2

    from crackmap_models.data.rendered import read_rendered

    folder, rng = tmp_path_factory.mktemp("rendered"), np.random.default_rng(0)
    for split, count in {"train": 250, "val": 40, "test": 40}.items():
        for name in ("crack", "no_crack"):
            (folder / split / name).mkdir(parents=True)
            for k in range(count):
                encoded = cv2.imencode(".jpg", picture(rng, name == "crack"))[1]
                (folder / split / name / f"{k // 5}-{k}.jpg").write_bytes(encoded.tobytes())
    return read_rendered(folder)


@pytest.fixture(scope="session")
def settings() -> Any:
    """Of a training that takes seconds."""
    from crackmap_models.training.batches import Mix
    from crackmap_models.training.run import Settings

    return Settings(
        noise="published",
        mix=Mix(rendered_crack=64, rendered_no_crack=64),
        canvas_px=64,
        batch_size=16,
        epochs=3,
        average_decay=0.8,
        threads=1,
    )


@pytest.fixture(scope="session")
def run(tiles: list[Any], settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training on those pictures."""
    from crackmap_models.training.train import train

    folder = tmp_path_factory.mktemp("run")
    train(tiles, folder, settings, say=lambda _: None)
    return folder


@pytest.fixture(scope="session")
def network() -> Any:
    """Our network for tiles of 71 px (an odd size, as 227 is), untrained, with logits that are some units apart."""
    import keras

    from crackmap_models.networks.crack_net import crack_net

    keras.utils.set_random_seed(2)
    model = crack_net(71)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 5000, bias])
    return model


@pytest.fixture(scope="session")
def fitted(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """The pictures at 71 px."""
    return [np.pad(pixels, ((3, 4), (3, 4), (0, 0)), "reflect") for pixels in pictures]


@pytest.fixture(scope="session")
def converted(network: Any, fitted: list[np.ndarray]) -> dict[str, bytes]:
    """The network as .tflite files, by their numbers."""
    from crackmap_models.conversion.convert import to_tflite

    return {numbers: to_tflite(network, numbers, fitted) for numbers in ("int8", "float16", "float32")}
