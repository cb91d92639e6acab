"""The two runtimes that can run a model: LiteRT, and TensorFlow Lite's last release for robots that still have it."""

import platform
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from crackmap.errors import SettingError


class Runtime(StrEnum):
    """Which package runs the model."""

    LITERT = "litert"
    TFLITE = "tflite-runtime"


def interpreter_maker(runtime: Runtime) -> Callable[..., Any]:
    """The class `Interpreter` of that runtime; both packages give it the same methods.

    Raises SettingError when the package is missing, or cannot live with what else is installed.
    """
    try:
        if runtime is Runtime.LITERT:
            from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only the chosen one is loaded
        else:
            _refuse_numpy_2()
            from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415
    except ImportError as error:
        package = "ai-edge-litert" if runtime is Runtime.LITERT else "crackmap-robot[tflite-runtime]"
        raise SettingError(
            f"runtime {runtime}: cannot be loaded in Python {platform.python_version()} ({error}). "
            f"Install {package}, or choose another with --runtime or CRACKMAP_RUNTIME."
        ) from error
    return Interpreter  # type: ignore[no-any-return]


def _refuse_numpy_2() -> None:
    """tflite-runtime was built against NumPy 1: under NumPy 2 its import fails half-way, with a screen of text."""
    import numpy  # noqa: PLC0415, ICN001

    if int(numpy.__version__.partition(".")[0]) >= 2:
        raise SettingError(
            f"runtime tflite-runtime: needs NumPy 1, and NumPy {numpy.__version__} is here. Give it an environment of "
            "its own (Python 3.11, `pip install 'crackmap-robot[tflite-runtime]'`), or use --runtime litert."
        )
