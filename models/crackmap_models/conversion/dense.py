"""From an int8 file for one tile to one for all overlapping tiles of a picture: the same weights, read once.

Up to its global pooling our network is convolutions only, so over a larger picture it gives the same features, one
column of them for every CELL_PX pixels. What was pooled over the whole tile is pooled in windows of a tile's size, and
the dense layer becomes a 1 × 1 convolution. The file accepts any picture of tile + k × stride pixels (its input is
resized) and answers [1, rows, columns, 1], a logit for each window.

One thing differs. At the edge of a tile the convolutions see zeros, so in training the outermost ring of features
answered weakly; within a picture it sees what is beyond. Logits therefore rise, by 0.4 on average, and a crack beside a
window counts for it. Half of the answer is given by the whole window and half by the window without its ring, which
brings the rise to 0.1 (decision 18).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.conversion.graph import FILE_IDENTIFIER, Graph, read_graph
from crackmap_models.errors import RunError

CELL_PX = 32
# Fewer cells leave no inside when the ring is taken off.
FEWEST_CELLS = 3
INPUT = ("DEQUANTIZE", "QUANTIZE")
ENDING = ("MEAN", "REDUCE_MAX", "CONCATENATION", "FULLY_CONNECTED")
RING = 1


def dense_stride_px(tile_px: int) -> int:
    """From window to window: half a tile or a little less, in whole cells, so that no place is far from a middle."""
    return max(1, tile_px // 2 // CELL_PX) * CELL_PX


def can_be_dense(content: bytes) -> bool:
    """Whether a .tflite file is one that `to_dense` takes."""
    return _why_not(read_graph(content)) is None


def to_dense(content: bytes) -> bytes:
    """The bytes of an int8 .tflite file of our network → those of its dense one, which depend on nothing else.

    Raises RunError for a network that does not begin and end as ours, or whose tiles are too small to take a ring off.
    """
    import flatbuffers  # noqa: PLC0415
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    if (reason := _why_not(read_graph(content))) is not None:
        raise RunError(f"{reason}; only int8 files of crackmap's own network have a dense file.")
    model = schema.ModelT.InitFromPackedBuf(content)
    dense = _Dense(schema, model)
    dense.take_int8()
    dense.pool_windows()
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _why_not(graph: Graph) -> str | None:
    names = [step.name for step in graph.operators]
    if (tuple(names[:2]), tuple(names[-4:])) != (INPUT, ENDING):
        return f"a network that begins with {', '.join(names[:2])} and ends with {', '.join(names[-4:])}"
    side = graph.operators[-4].inputs[0].shape[1]
    return None if side >= FEWEST_CELLS else f"tiles of {side} × {side} cells, of which no ring can be taken off"


class _Dense:
    """The model while it is rewired. Indices of tensors are the schema's."""

    def __init__(self, schema: Any, model: Any) -> None:
        self._schema, self._model, self._graph = schema, model, model.subgraphs[0]
        tile_px = int(self._graph.tensors[self._graph.inputs[0]].shape[1])
        self._stride_cells = dense_stride_px(tile_px) // CELL_PX

    def take_int8(self) -> None:
        """Leave out the way from uint8: a picture as float32 would take 12 bytes a pixel."""
        _, quantize, *rest = self._graph.operators
        self._graph.inputs = [int(quantize.outputs[0])]
        self._graph.operators = rest

    def pool_windows(self) -> None:
        """The last four steps over windows: mean, maximum, put together, weighed."""
        mean, largest, together, weigh = self._graph.operators[-4:]
        features = int(mean.inputs[0])
        side = int(self._graph.tensors[features].shape[1])
        inside = self._computed(features, [1, side - 2 * RING, side - 2 * RING, self._channels(features)], b"inside")
        builtin = self._schema.BuiltinOperator
        pooled, steps = [], [self._without_ring(features, inside)]
        for source, cells in ((features, side), (inside, side - 2 * RING)):
            for step, kind in ((mean, builtin.AVERAGE_POOL_2D), (largest, builtin.MAX_POOL_2D)):
                pooled.append(self._computed(int(step.outputs[0]), [1, 1, 1, self._channels(features)], b"window"))
                steps.append(self._pool(kind, source, pooled[-1], cells))
        everything, answer = int(together.outputs[0]), int(weigh.outputs[0])
        together.inputs, together.builtinOptions.axis = pooled, 3
        self._graph.tensors[everything].shape = [1, 1, 1, 4 * self._channels(features)]
        self._graph.tensors[answer].shape = [1, 1, 1, 1]
        self._halve(weigh)
        self._graph.operators[-4:] = [*steps, together, weigh]

    def _channels(self, tensor: int) -> int:
        return int(self._graph.tensors[tensor].shape[-1])

    def _halve(self, weigh: Any) -> None:
        """Weights twice, each for half: the stored bytes stay, their scale is halved. So the bias counts double."""
        schema = self._schema
        weigh.inputs = [int(index) for index in weigh.inputs if index >= 0]
        if len(weigh.inputs) == 2:
            weigh.inputs.append(self._no_bias(*weigh.inputs))
        weights, bias = (self._graph.tensors[index] for index in weigh.inputs[1:])
        kernel = self._stored(weights, np.int8)
        self._store(weights, np.tile(kernel, 2))
        weights.shape = [1, 1, 1, 2 * kernel.size]
        self._store(bias, (2 * self._stored(bias, np.int32)).astype(np.int32))
        for tensor in (weights, bias):
            tensor.quantization.scale = np.asarray(tensor.quantization.scale, np.float32) / np.float32(2)
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideW = options.strideH = options.dilationWFactor = options.dilationHFactor = 1
        weigh.opcodeIndex = self._code(schema.BuiltinOperator.CONV_2D, 3)
        weigh.builtinOptionsType, weigh.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options

    def _no_bias(self, source: int, weights: int) -> int:
        """A bias of 0, which the converter leaves out and an int8 convolution must have."""
        bias, quantised = self._constant([0]), self._schema.QuantizationParametersT()
        scales = [self._graph.tensors[index].quantization.scale[0] for index in (source, weights)]
        quantised.scale, quantised.zeroPoint = [float(np.float32(scales[0] * scales[1]))], [0]
        self._graph.tensors[bias].quantization = quantised
        return bias

    def _stored(self, tensor: Any, dtype: type[np.generic]) -> npt.NDArray[Any]:
        return np.frombuffer(bytes(bytearray(self._model.buffers[tensor.buffer].data)), dtype)

    def _store(self, tensor: Any, values: npt.NDArray[Any]) -> None:
        self._model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)

    def _pool(self, kind: int, source: int, result: int, cells: int) -> Any:
        schema = self._schema
        options = schema.Pool2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideW = options.strideH = self._stride_cells
        options.filterWidth = options.filterHeight = cells
        return self._step(self._code(kind, 2), [source], result, schema.BuiltinOptions.Pool2DOptions, options)

    def _without_ring(self, features: int, result: int) -> Any:
        schema = self._schema
        corners = [self._constant(values) for values in ([0, RING, RING, 0], [0, -RING, -RING, 0], [1, 1, 1, 1])]
        options = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = 0b1001  # all of the pictures and of the channels
        code = self._code(schema.BuiltinOperator.STRIDED_SLICE, 2)
        return self._step(code, [features, *corners], result, schema.BuiltinOptions.StridedSliceOptions, options)

    def _step(self, code: int, inputs: list[int], output: int, kind: int, options: Any) -> Any:
        step = self._schema.OperatorT()
        step.opcodeIndex, step.inputs, step.outputs = code, inputs, [output]
        step.builtinOptionsType, step.builtinOptions = kind, options
        return step

    def _code(self, kind: int, version: int) -> int:
        for index, code in enumerate(self._model.operatorCodes):
            if (code.builtinCode, code.version) == (kind, version):
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = version
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def _computed(self, like: int, shape: list[int], name: bytes) -> int:
        """A tensor of that shape, with type and scale of another."""
        other, tensor = self._graph.tensors[like], self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, shape, 0
        tensor.type, tensor.quantization = other.type, other.quantization
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _constant(self, values: list[int]) -> int:
        tensor = self._schema.TensorT()
        self._model.buffers.append(self._schema.BufferT())
        tensor.name, tensor.shape, tensor.type = b"corner", [len(values)], self._schema.TensorType.INT32
        tensor.buffer = len(self._model.buffers) - 1
        self._store(tensor, np.array(values, np.int32))
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1
