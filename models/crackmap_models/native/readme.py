"""What stands beside a compiled model: how to use it, and how it compared."""

from pathlib import Path

from crackmap_models.native.comparison import Comparison, Runner


def table(comparison: Comparison) -> str:
    """Markdown, as it is printed and written."""
    rows = {"this program": comparison.native, "LiteRT in Python": comparison.litert}
    lines = ["| | size | peak memory | per tile |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {_row(runner)} |" for name, runner in rows.items()]
    slower = comparison.native.ms_per_tile / comparison.litert.ms_per_tile
    return "\n".join(
        [
            *lines,
            "",
            f"{comparison.equal} of {comparison.tiles} scores are LiteRT's to the last bit, the others at most "
            f"{comparison.largest_difference_steps} step away. The program takes {slower:.1f} times as long as LiteRT "
            "on the same machine, one thread.",
        ]
    )


def readme(model: Path, tile_px: int, memory_bytes: int, comparison: Comparison | None) -> str:
    """README.md of a compiled model's folder."""
    compared = table(comparison) if comparison else "Not compared with LiteRT: no tiles were given."
    return README.format(name=model.stem, tile_px=tile_px, memory_bytes=memory_bytes, compared=compared)


def _row(runner: Runner) -> str:
    return f"{_bytes(runner.size_bytes)} | {_bytes(runner.peak_memory_bytes)} | {runner.ms_per_tile:.2f} ms"


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


README = """\
# {name} in C

The model as a program and a static library, without an interpreter and without any library but C's. Made by
`crackmap models compile`; `make` builds it again, with GCC or Clang, here or for another machine
(`make CC=aarch64-linux-gnu-gcc CPU=-mcpu=cortex-a53`).

    ./score < tile.ppm            logit and probability of "crack" for each {tile_px} x {tile_px} P6 picture
    ./score -r -t < tiles.rgb     the same for bare RGB bytes; -t: and ms per tile

    #include "model.h"            /* libcrack.a */
    float logit = crack_logit(rgb, memory);

`rgb` is a tile as decoded, row by row. `memory` is {memory_bytes:,} bytes of working memory; nothing else is allocated.

{compared}
"""
