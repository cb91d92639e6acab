"""The C program beside LiteRT, on the same tiles and the same machine: scores, size, memory, time.

Both run as a process of their own on one thread and get the same bare RGB bytes; LiteRT's process is Python, because
that is how the robot runs it. Times are of the scoring alone and taken in turns, so that both meet the same machine.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import files as packaged
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.tiles import Pixels
from crackmap_models.errors import CannotCompile

ROUNDS = 5
LITERT = """
import sys, time
import numpy as np
from ai_edge_litert.interpreter import Interpreter
model = Interpreter(model_path=sys.argv[1], num_threads=1)
model.allocate_tensors()
entry, answer = model.get_input_details()[0], model.get_output_details()[0]
scale, zero_point = answer["quantization"]
spent_s = 0.0
tiles = 0
while len(content := sys.stdin.buffer.read(int(np.prod(entry["shape"])))):
    tile = np.frombuffer(content, np.uint8).reshape(entry["shape"])
    began_s = time.process_time()
    model.set_tensor(entry["index"], tile)
    model.invoke()
    logit = scale * (int(model.get_tensor(answer["index"])[0, 0]) - zero_point)
    spent_s += time.process_time() - began_s
    tiles += 1
    print(f"{logit:.6f}")
peak_kb = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{1e3 * spent_s / tiles:.4f} {peak_kb}", file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Runner:
    """One way to run the model. `size_bytes` is all that a device needs beside its C library or its Python."""

    size_bytes: int
    peak_memory_bytes: int
    ms_per_tile: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both ways on the same tiles; a step is the file's smallest difference of logits."""

    tiles: int
    equal: int
    largest_difference_steps: int
    native: Runner
    litert: Runner


def compare(model: Path, score: Path, tiles: Sequence[Pixels]) -> Comparison:
    """Run `score`, built from the file `model`, and LiteRT on `tiles` [S, S, 3].

    Raises CannotCompile when a score is more than one step away, or the program fails.
    """
    step = LiteModel(model.read_bytes()).output.scale
    commands = {"native": [str(score), "-r", "-t"], "litert": [sys.executable, "-c", LITERT, str(model)]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, list[int]] = {name: [] for name in commands}
    logits: dict[str, list[float]] = {}
    with tempfile.TemporaryFile() as pixels:
        for tile in tiles:
            pixels.write(tile.tobytes())
        for _ in range(ROUNDS):
            for name, command in commands.items():
                logits[name], took_ms, peak_bytes = _run(command, pixels)
                times[name].append(took_ms)
                peaks[name].append(peak_bytes)
    apart = np.rint(np.abs(np.subtract(logits["native"], logits["litert"])) / step).astype(int)
    if apart.max() > 1:
        raise CannotCompile(
            f"{score}: {int((apart > 1).sum())} of {len(tiles)} scores are more than one step of {step:.4f} away from "
            f"LiteRT's, the furthest {apart.max()}. Do not use this program; report the compiler and its version."
        )
    sizes = {"native": score.stat().st_size, "litert": model.stat().st_size + litert_bytes()}
    runners = {name: Runner(sizes[name], min(peaks[name]), float(np.median(times[name]))) for name in commands}
    return Comparison(len(tiles), int((apart == 0).sum()), int(apart.max()), runners["native"], runners["litert"])


def litert_bytes() -> int:
    """The installed size of ai-edge-litert alone: its shared libraries, without NumPy and Python."""
    listed = packaged("ai-edge-litert") or []
    return sum(Path(str(file.locate())).stat().st_size for file in listed if ".so" in file.name)


def _run(command: Sequence[str], pixels: BinaryIO) -> tuple[list[float], float, int]:
    """Logits, ms per tile, and the peak of resident memory in bytes; the process itself tells the last two."""
    pixels.seek(0)
    done = subprocess.run(command, stdin=pixels, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotCompile(f"{command[0]}: ended with {done.returncode}: {done.stderr.strip()}")
    took_ms, peak_kb = done.stderr.splitlines()[-1].split()
    return [float(line.split()[0]) for line in done.stdout.splitlines()], float(took_ms), int(peak_kb) * 1024
