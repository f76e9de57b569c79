"""An ONNX file as a recipe: plain data that says which operators run in which order, and arrays beside it.

The recipe, which JSON can hold, goes into `.keras` files; reading these does not need the package onnx.
"""

import math
from pathlib import Path

import numpy as np
import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from anmok.errors import AnmokError, FileFormatError
from anmok.models.onnx_graph.operators import KNOWN, STATISTICS
from anmok.models.onnx_graph.running import OnnxGraph

_MOST_NUMBERS = 1 << 20  # of whole numbers, which stand in the recipe itself
_INLINE = 16  # so many floating-point numbers of a Constant are no weights
_OTHER_FLOATS = ("float16", "bfloat16", "float64")  # computed in float32


def read(path):
    """The OnnxGraph in the file at `path`; raises FileFormatError for damage, and for operators that are not known."""
    path = Path(path)
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        recipe, arrays = _Reader(model.graph, path).recipe(_opset(model, path))
        return OnnxGraph(recipe, arrays)
    except AnmokError as error:
        if str(path) in str(error):
            raise
        raise FileFormatError(f"{path}: {error}") from error
    except DecodeError as error:
        raise FileFormatError(f"{path} is no ONNX file, or is damaged or cut off ({error}).") from error
    except Exception as error:
        # What damaged fields make of the onnx package cannot be foreseen.
        raise FileFormatError(f"{path}: its graph cannot be read ({type(error).__name__}: {error}).") from error


def _opset(model, path):
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions or not model.graph.node:
        raise FileFormatError(f"{path} is no ONNX model, or is cut off: it has no operators.")
    return int(versions[0])


class _Reader:
    def __init__(self, graph, path):
        self._graph, self._path = graph, path
        self._arrays, self._weights, self._constants = {}, [], {}
        self._beside = {}  # file of external data -> its bytes, mapped

    def recipe(self, opset):
        """(the recipe, {name: array} of the weights)."""
        graph = self._graph
        self._refuse_unknown()
        if graph.sparse_initializer:
            raise FileFormatError("it holds sparse weights, which are not known here.")
        statistics = {node.input[i] for node in graph.node for i in STATISTICS.get(node.op_type, ()) if node.input[i:]}
        given = set()
        for tensor in graph.initializer:
            given.add(tensor.name)
            self._keep(tensor.name, self._array(tensor), trainable=tensor.name not in statistics)
        nodes = [self._node(node) for node in graph.node if node.op_type != "Constant"]
        for node in graph.node:
            if node.op_type == "Constant":
                self._keep(node.output[0], self._constant(node), trainable=False, inline=_INLINE)
        recipe = {
            "opset": opset,
            "inputs": [_described(value) for value in graph.input if value.name not in given],
            "outputs": [value.name for value in graph.output],
            "weights": self._weights,
            "constants": self._constants,
            "nodes": nodes,
        }
        return recipe, self._arrays

    def _refuse_unknown(self):
        found = {
            node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
            for node in self._graph.node
        }
        if unknown := sorted(found - set(KNOWN) - {"Constant"}):
            raise FileFormatError(
                f"its graph uses the operator{'s' * (len(unknown) > 1)} {', '.join(unknown)}, unknown here. Known: "
                f"{', '.join(sorted(KNOWN))}."
            )

    def _keep(self, name, array, *, trainable, inline=0):
        """As a weight, or where they say shapes and settings, as a constant in the recipe."""
        if array.dtype.name in _OTHER_FLOATS:
            array = array.astype(np.float32)
        if array.dtype.kind not in "fiub":
            raise FileFormatError(f"the tensor {name!r} holds {array.dtype}, no numbers.")
        if array.dtype.kind == "f" and array.ndim and array.size > inline:
            self._arrays[name] = array
            self._weights.append({"name": name, "shape": list(array.shape), "trainable": trainable})
            return
        if array.size > _MOST_NUMBERS:
            raise FileFormatError(f"the tensor {name!r} holds {array.size:,} whole numbers, too many for settings.")
        self._constants[name] = _plain(array)

    def _array(self, tensor):
        dims = list(tensor.dims)
        if any(length < 0 for length in dims):
            raise FileFormatError(f"the tensor {tensor.name!r} claims the shape {dims}.")
        if tensor.data_location == TensorProto.EXTERNAL:
            return self._external(tensor, dims)
        # More than the file has cannot be meant; numpy would first allocate it.
        if math.prod(dims) > 8 * tensor.ByteSize():
            raise FileFormatError(f"the tensor {tensor.name!r} claims the shape {dims}, for which it has no numbers.")
        return np.array(numpy_helper.to_array(tensor))

    def _external(self, tensor, dims):
        """Numbers in a file beside this one, as torch.onnx.export writes them."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if not location or Path(location).name != location or "\\" in location or location in (".", ".."):
            raise FileFormatError(
                f"the numbers of {tensor.name!r} are said to be in {location!r}: only files beside it are read."
            )
        if location not in self._beside:
            path = self._path.parent / location
            if path.is_symlink() or not path.is_file():
                raise FileFormatError(f"its weights belong in the file {path}, which is not there.")
            self._beside[location] = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
        raw, dtype = self._beside[location], np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        start, size = int(entries.get("offset") or 0), math.prod(dims) * dtype.itemsize
        if start < 0 or start + size > len(raw) or int(entries.get("length") or size) != size:
            raise FileFormatError(f"{location} does not hold the numbers of {tensor.name!r}: it is damaged or cut off.")
        return np.array(raw[start : start + size]).view(dtype).reshape(dims)

    def _constant(self, node):
        attribute = node.attribute[0]
        if attribute.name == "value":
            return self._array(attribute.t)
        value = helper.get_attribute_value(attribute)
        if attribute.name not in ("value_float", "value_floats", "value_int", "value_ints"):
            raise FileFormatError(f"a Constant holds a {attribute.name}, no numbers.")
        return np.array(value, np.float32 if "float" in attribute.name else np.int64)

    def _node(self, node):
        attributes = {}
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            if attribute.type == AttributeProto.TENSOR:
                value = _plain(self._array(value))
            elif attribute.type == AttributeProto.STRING:
                value = value.decode("utf-8")
            elif attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS):
                value = list(value)
            elif attribute.type not in (AttributeProto.INT, AttributeProto.FLOAT):
                raise FileFormatError(f"{node.op_type} has the argument {attribute.name!r} of an unknown kind.")
            attributes[attribute.name] = value
        return {
            "op": node.op_type,
            "inputs": list(node.input),
            "outputs": list(node.output),
            "attributes": attributes,
        }


def _plain(array):
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": array.ravel().tolist()}


def _described(value):
    """A graph's input: its name, and its shape with None where any length goes (None if it says nothing)."""
    kind = value.type.tensor_type
    shape = None
    if kind.HasField("shape"):
        shape = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in kind.shape.dim]
    return {"name": value.name, "shape": shape}
