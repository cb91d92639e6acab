"""An int8 .tflite file as C: constants, and one call for each operator.

The file's own numbers are kept, and XNNPACK's way to rescale them, so that the program's scores are LiteRT's. Of
TensorFlow Lite's operators only those of our network are known; another one is a named error, as is a float file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.conversion.graph import Graph, Operator, Value
from crackmap_models.errors import CannotCompile
from crackmap_models.native.memory import plan

MOST_CHANNELS, LANES = 1024, 16  # as in kernels.h
MOST_RESCALED = 2.0**22  # what float32 plus 1.5 × 2^23 still rounds to a whole number
PER_LINE = 24
TOP_BIT = 0x80


@dataclass(frozen=True, slots=True)
class Program:
    """The text of model.h and model.c, and the working memory that a call needs."""

    header: str
    source: str
    memory_bytes: int


def program(graph: Graph, name: str) -> Program:
    """Raises CannotCompile when the graph holds what the C kernels do not know."""
    steps = list(dropwhile(lambda step: step.name in {"QUANTIZE", "DEQUANTIZE"}, graph.operators))
    pixels = _pixels(graph, steps)
    places, memory_bytes = plan(steps)
    writer = _Writer(pixels, places)
    for step in steps:
        writer.write(step)
    answer = graph.output
    if answer.dtype != "int8" or answer.size != 1 or answer.index not in places:
        raise CannotCompile(f"{name}: its output is {answer.dtype} {list(answer.shape)}; one int8 logit is known.")
    header = HEADER.format(name=name, tile_px=graph.input.shape[1], memory_bytes=memory_bytes)
    source = SOURCE.format(
        name=name,
        constants="\n".join(writer.constants),
        calls="\n".join(f"    {call}" for call in writer.calls),
        scale=_number(answer.scales[0]),
        answer=f"memory[{places[answer.index]}]",
        zero=answer.zero_point,
    )
    return Program(header, source, memory_bytes)


def _pixels(graph: Graph, steps: Sequence[Operator]) -> Value:
    """The tensor that the first convolution reads: the picture itself, whose bytes are flipped as they are read."""
    first = steps[0].inputs[0]
    taken = graph.input
    exact = (taken.dtype, taken.scales, taken.zero_point) == ("uint8", (1.0,), 0)
    if not exact or (first.dtype, first.scales, first.zero_point) != ("int8", (1.0,), -128):
        raise CannotCompile(
            f"the input is {taken.dtype} with scales {taken.scales} and zero point {taken.zero_point}; only files that "
            "take uint8 pixels as decoded are compiled: convert with --numbers int8."
        )
    return first


class _Writer:
    """Constants and calls, as they are written one operator after the other."""

    def __init__(self, pixels: Value, places: dict[int, int]) -> None:
        self.constants: list[str] = []
        self.calls: list[str] = []
        self._pixels, self._places = pixels, places
        self._known: dict[str, Callable[[Operator], None]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._convolution,
            "FULLY_CONNECTED": self._convolution,
            "ADD": self._add,
            "MEAN": self._mean,
            "REDUCE_MAX": self._largest,
            "CONCATENATION": self._concatenation,
        }

    def write(self, step: Operator) -> None:
        if step.name not in self._known or step.output.dtype != "int8":
            raise CannotCompile(
                f"{step.name} to {step.output.dtype} {list(step.output.shape)}: known are int8 "
                f"{', '.join(self._known)}. Compile crackmap's own network, or run the file with LiteRT."
            )
        if step.name != "CONV_2D" and step.inputs[0].index == self._pixels.index:
            raise CannotCompile(f"{step.name} of the pixels themselves: only a CONV_2D of them is known.")
        if step.output.shape[-1] > MOST_CHANNELS:
            raise CannotCompile(f"{step.name}: {step.output.shape[-1]} channels; at most {MOST_CHANNELS} are known.")
        self._known[step.name](step)

    def _convolution(self, step: Operator) -> None:
        entry, weights, *biases = step.inputs
        out = step.output
        depthwise, dense = step.name == "DEPTHWISE_CONV_2D", step.name == "FULLY_CONNECTED"
        stored = _constant(weights)
        if dense:
            stored = stored.reshape(stored.shape[0], 1, 1, -1)
        side_in, side_out = (1, 1) if dense else (entry.shape[1], out.shape[1])
        kernel = stored.shape[1]
        stride = 1 if dense else step.options.strideH
        same = not dense and step.options.padding == 0
        pad = max(0, (side_out - 1) * stride + kernel - side_in) // 2 if same else 0
        scale = np.float32(entry.scales[0]) * np.array(weights.scales, np.float32) / np.float32(out.scales[0])
        width = out.shape[-1]
        bias = _constant(biases[0]) if biases else np.zeros(width, np.int32)
        low, high = _limits(step)
        if depthwise:
            arrays = [self._array("int8_t", stored), self._array("int32_t", bias)]
            sizes = [side_in, side_out, width, kernel, stride, pad]
        else:
            # Σ weight × (stored − zero) = Σ weight × stored − this
            less = entry.zero_point * stored.astype(np.int32).sum(axis=(1, 2, 3))
            arrays = [self._array("int8_t", _in_lanes(stored)), self._array("int32_t", _whole_lanes(bias - less))]
            sizes = [side_in, entry.shape[-1], side_out, width, kernel, stride, pad]
        reach = 255.0 * np.abs(stored.astype(float)).sum(axis=(0, 1, 2) if depthwise else (1, 2, 3)) + np.abs(bias)
        if (reach * scale).max() >= MOST_RESCALED or (not dense and step.options.dilationHFactor != 1):
            raise CannotCompile(f"{step.name} to {list(out.shape)}: sums this large, or dilation, are not known.")
        arrays.append(self._array("float", _whole_lanes(np.broadcast_to(scale, (width,)))))
        ends = [entry.zero_point, out.zero_point, low, high]
        flip = [] if depthwise else [TOP_BIT if entry.index == self._pixels.index else 0]
        self._call("convolve_depthwise" if depthwise else "convolve", step, [*arrays, *sizes, *ends, *flip])

    def _add(self, step: Operator) -> None:
        """In integers, as XNNPACK does: factors of at most 20 bits beside a common shift."""
        (a, b), out = step.inputs, step.output
        parts = [np.float32(v.scales[0]) / np.float32(out.scales[0]) for v in (a, b)]
        shift = 20 - int(np.frexp(max(parts))[1] - 1)
        factors = [int(np.rint(float(part) * 2.0**shift)) for part in parts]
        bias = (1 << (shift - 1)) - factors[0] * a.zero_point - factors[1] * b.zero_point
        self._call("add", step, [out.size, *factors, bias, shift, out.zero_point, *_limits(step)])

    def _mean(self, step: Operator) -> None:
        entry, out = step.inputs[0], step.output
        pixels = entry.size // out.size
        scale = np.float32(entry.scales[0]) / (np.float32(out.scales[0]) * np.float32(pixels))
        sizes = [pixels, out.size, entry.zero_point, out.zero_point]
        self._call("mean", step, [*sizes, _number(scale)], reads=1)

    def _largest(self, step: Operator) -> None:
        self._same_steps(step, step.inputs[:1])
        self._call("largest", step, [step.inputs[0].size // step.output.size, step.output.size], reads=1)

    def _concatenation(self, step: Operator) -> None:
        self._same_steps(step, step.inputs)
        begin = self._places[step.output.index]
        for part in step.inputs:
            self.calls.append(f"memcpy(memory + {begin}, {self._at(part)}, {part.size});")
            begin += part.size

    def _same_steps(self, step: Operator, inputs: Iterable[Value]) -> None:
        if any((v.scales, v.zero_point) != (step.output.scales, step.output.zero_point) for v in inputs):
            raise CannotCompile(f"{step.name}: its inputs and its output have other scales, which is not known.")

    def _call(self, function: str, step: Operator, arguments: Sequence[object], reads: int = 0) -> None:
        read = step.inputs[:reads] if reads else [value for value in step.inputs if value.constant is None]
        places = [self._at(value) for value in (*read, step.output)]
        self.calls.append(f"{function}({', '.join(map(str, [*places, *arguments]))});")

    def _at(self, value: Value) -> str:
        return "(const int8_t *)rgb" if value.index == self._pixels.index else f"memory + {self._places[value.index]}"

    def _array(self, kind: str, numbers: npt.NDArray[Any]) -> str:
        name, flat = f"k{len(self.constants)}", numbers.reshape(-1).tolist()
        texts = [_number(number) if kind == "float" else str(number) for number in flat]
        lines = [",".join(texts[start : start + PER_LINE]) for start in range(0, len(texts), PER_LINE)]
        self.constants.append(f"static const {kind} {name}[{len(flat)}] = {{\n" + ",\n".join(lines) + "};")
        return name


def _constant(value: Value) -> npt.NDArray[Any]:
    if value.constant is None:
        raise CannotCompile(f"weights {list(value.shape)} that are computed, not stored, are not known.")
    return value.constant


def _whole_lanes(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Filled up with zeros along the first axis, to a multiple of LANES."""
    return np.pad(numbers, [(0, -len(numbers) % LANES)] + [(0, 0)] * (numbers.ndim - 1))


def _in_lanes(weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[out, k, k, in] → [out / LANES, k, k, in, LANES]."""
    filled = _whole_lanes(weights)
    return np.moveaxis(filled.reshape(-1, LANES, *weights.shape[1:]), 1, -1)


def _limits(step: Operator) -> tuple[int, int]:
    """The least and the greatest number that the operator may give, with its activation (schema: 0 none, 1 ReLU)."""
    activation = step.options.fusedActivationFunction
    if activation not in {0, 1}:
        raise CannotCompile(f"{step.name} with activation {activation} of the schema: known are none and ReLU.")
    return (max(-128, step.output.zero_point) if activation else -128), 127


def _number(value: Any) -> str:
    """A float32 that C reads back as the same."""
    return f"{float(value).hex()}f"


HEADER = """\
/* {name}, compiled by `crackmap models compile`. */
#ifndef CRACK_MODEL_H
#define CRACK_MODEL_H
#include <stdint.h>

enum {{ CRACK_TILE_PX = {tile_px}, CRACK_MEMORY_BYTES = {memory_bytes} }};

/* RGB bytes as decoded, row by row, [CRACK_TILE_PX][CRACK_TILE_PX][3] -> logit of "crack". `memory` is
 * CRACK_MEMORY_BYTES of the caller's, whatever it holds: calls with memory of their own may run at the same time. */
float crack_logit(const uint8_t *rgb, int8_t *memory);
#endif
"""

SOURCE = """\
/* {name}, compiled by `crackmap models compile`. */
#include "model.h"

#include <string.h>

#include "kernels.h"

{constants}

float crack_logit(const uint8_t *rgb, int8_t *memory) {{
{calls}
    return {scale} * (float)({answer} - ({zero}));
}}
"""
