"""A .tflite file as typed values: its operators in order, their tensors, and the constants in them.

The format is https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs; LiteRT's package
brings the reader that is generated from it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.errors import RunError

FILE_IDENTIFIER = b"TFL3"
DTYPES = {
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "INT32": "int32",
    "INT64": "int64",
    "UINT8": "uint8",
    "INT8": "int8",
}
WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor. A quantised one stands for scale × (stored − zero_point); `scales` has one entry, or one per channel.

    `constant` holds the stored numbers of weights and the like, and is None for what is computed.
    """

    index: int
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...]
    zero_point: int
    constant: npt.NDArray[Any] | None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape))


@dataclass(frozen=True, slots=True)
class Operator:
    """One step: its name in the schema, as CONV_2D, what it reads, what it writes, and the schema's options."""

    name: str
    inputs: tuple[Value, ...]
    output: Value
    options: Any


@dataclass(frozen=True, slots=True)
class Graph:
    """A model with one input and one output; the operators stand in the order in which they are computed."""

    input: Value
    output: Value
    operators: tuple[Operator, ...]

    @property
    def parameters(self) -> int:
        """Weights and biases, as many as are multiplied and added: normalisation is folded into them."""
        return sum(v.size for step in self.operators if step.name in WITH_WEIGHTS for v in step.inputs[1:])


def read_graph(content: bytes) -> Graph:
    """The bytes of a .tflite file → its graph. Raises RunError when they are none, or of another kind of model."""
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    if content[4:8] != FILE_IDENTIFIER:
        raise RunError(f"not a TensorFlow Lite model ({len(content)} bytes); give a .tflite file.")
    model = schema.ModelT.InitFromPackedBuf(content)
    graph = model.subgraphs[0]
    ends = len(graph.inputs), len(graph.outputs)
    if len(model.subgraphs) != 1 or ends != (1, 1):
        raise RunError(f"a model with {ends[0]} inputs and {ends[1]} outputs; ours have one of each.")
    types = {number: DTYPES[name] for name, number in vars(schema.TensorType).items() if name in DTYPES}
    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    values = [_value(index, tensor, model.buffers[tensor.buffer], types) for index, tensor in enumerate(graph.tensors)]
    operators = []
    for step in graph.operators:
        code = model.operatorCodes[step.opcodeIndex]
        name = names.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
        inputs = tuple(values[k] for k in step.inputs if k >= 0)
        operators.append(Operator(name, inputs, values[step.outputs[0]], step.builtinOptions))
    return Graph(values[graph.inputs[0]], values[graph.outputs[0]], tuple(operators))


def _value(index: int, tensor: Any, buffer: Any, types: dict[int, str]) -> Value:
    shape = tuple(int(side) for side in (tensor.shape if tensor.shape is not None else ()))
    dtype = types.get(tensor.type, "other")
    how = tensor.quantization
    quantised = how is not None and how.scale is not None
    scales = tuple(float(scale) for scale in how.scale) if quantised else ()
    zero_point = int(how.zeroPoint[0]) if quantised and how.zeroPoint is not None else 0
    constant = None
    if buffer.data is not None and len(buffer.data) and dtype != "other":
        constant = np.frombuffer(bytes(bytearray(buffer.data)), dtype).reshape(shape)
    return Value(index, shape, dtype, scales, zero_point, constant)
