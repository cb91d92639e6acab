"""A folder with the C program of a model, built by the system's C compiler."""

import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from crackmap_models.conversion.graph import read_graph
from crackmap_models.errors import CannotCompile
from crackmap_models.native.program import program

FIXED = ("kernels.h", "main.c", "Makefile")


@dataclass(frozen=True, slots=True)
class Built:
    """A program that scores tiles, and the working memory that its model needs."""

    program: Path
    memory_bytes: int


def build(model: Path, folder: Path) -> Built:
    """Write model.c and model.h of the .tflite file `model`, with what they need, into `folder`, and run make.

    Raises RunError and CannotCompile when the model, or the compiler, does not serve.
    """
    written = program(read_graph(model.read_bytes()), model.stem)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FIXED:
        (folder / name).write_text((files("crackmap_models.native") / "c" / name).read_text())
    (folder / "model.h").write_text(written.header)
    (folder / "model.c").write_text(written.source)
    make = shutil.which("make")
    if make is None:
        raise CannotCompile("make is not here. On Debian: apt-get install make gcc")
    done = subprocess.run([make, "-B", "-C", str(folder)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotCompile(f"{folder}: make failed. Is a C compiler installed (gcc or clang)?\n{done.stderr.strip()}")
    return Built(folder / "score", written.memory_bytes)
