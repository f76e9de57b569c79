"""A saved model, an ONNX file or a torch module as one layer (as TensorFlow Hub's KerasLayer)."""

import importlib
import itertools
import os

import torch
from torch.utils import _pytree as pytree

from anmok import saving
from anmok.errors import ArgumentError, FileFormatError, ShapeError
from anmok.layers import KerasTensor, Layer
from anmok.layers import registered as layer_table
from anmok.layers.symbolic import symbolic_leaves
from anmok.layers.weight import Weight
from anmok.models.hub_files import kind_of, local_file
from anmok.models.model import Model

_counter = itertools.count()
_FORMATS = (None, "channels_last", "channels_first")


def from_hub(handle, trainable=False, *, name=None, input_shape=None, data_format=None, sha256=None,
             custom_objects=None):  # fmt: skip
    """A published model as one layer of another: frozen, or with trainable=True trained further.

    handle: a path or URL of a .keras, .h5 or .onnx file, or a torch.nn.Module. URLs are downloaded once, to
    $ANMOK_HOME/models, and checked against `sha256` if it is given. A .keras or .h5 file gives the Model in it, which
    files of Keras can hold as they are; the others a KerasLayer, see there for `data_format` and `input_shape`.
    Raises MissingFileError, FileFormatError, ArgumentError.
    """
    if not isinstance(handle, (Layer, torch.nn.Module)):
        path = local_file(handle, sha256=sha256)
        if kind_of(path) == "keras":
            if data_format is not None or input_shape is not None:
                raise ArgumentError(f"{path} says itself what it takes: leave data_format and input_shape out.")
            model = saving.load_model(path, custom_objects=custom_objects, compile=False)
            model.trainable = trainable
            model.name = name or model.name
            return model
        handle, sha256 = path, None
    return KerasLayer(
        handle,
        trainable=trainable,
        name=name,
        input_shape=input_shape,
        data_format=data_format,
        sha256=sha256,
        custom_objects=custom_objects,
    )


@layer_table.add
class KerasLayer(Layer):
    """A model as one layer; frozen, it computes for inference even while the model around it is trained.

    handle: as in `from_hub`, or a Model. data_format: "channels_first" for a torch module or ONNX graph that takes
    (B, C, H, W): images come and go channels last all the same; for ONNX it is read from the file where that says it.
    output_shape: of one sample, where it cannot be found by running the module. The weights of a torch module become
    this layer's: shared with the module, in torch's layouts, its floating-point buffers among them as not trainable.
    """

    keras_module = None

    def __init__(self, handle, trainable=False, *, output_shape=None, data_format=None, sha256=None,
                 custom_objects=None, **kwargs):  # fmt: skip
        super().__init__(trainable=trainable, **kwargs)
        if data_format not in _FORMATS:
            raise ArgumentError(f"data_format: expected 'channels_last' or 'channels_first', got {data_format!r}.")
        is_object = isinstance(handle, torch.nn.Module)
        if is_object and sha256 is not None:
            raise ArgumentError("sha256 is for files: this model came as an object.")
        self._output_shape_argument = _sizes(output_shape)
        self.data_format = data_format
        module = handle if is_object else _read(handle, sha256, custom_objects)
        self.module = module
        self._number = next(_counter)
        if isinstance(module, Layer):
            if data_format is not None:
                raise ArgumentError("data_format is for torch modules and ONNX files: this model says it itself.")
            module.trainable = bool(trainable)
        else:
            self.data_format = getattr(module, "told_format", lambda given: given)(data_format)
            self._take_weights()
        if self._input_shape_argument is None:
            self._input_shape_argument = self._shape_it_takes()

    # Weights ------------------------------------------------------------------------------------------------------

    def _take_weights(self):
        """Put Weights in the place of the module's parameters and buffers, on the same memory."""
        readable, made = getattr(self.module, "weight_names", {}), {}
        if isinstance(self.module, torch.jit.ScriptModule):
            raise ArgumentError("A scripted module cannot be taken apart: pass the module that it was made from.")
        for prefix, inner in self.module.named_modules():
            for table in (inner._parameters, inner._buffers):
                for key, tensor in table.items():
                    if tensor is None or (table is inner._buffers and not tensor.is_floating_point()):
                        continue
                    if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
                        raise ArgumentError(
                            f"'{prefix}' of {type(self.module).__name__} has no weights yet: run the module once on "
                            "data before it becomes a layer."
                        )
                    if id(tensor) not in made:
                        name = f"{prefix}.{key}" if prefix else key
                        made[id(tensor)] = tensor, self._weight_of(tensor, readable.get(name, name))
                    table[key] = made[id(tensor)][1]
        self._own_weights.extend(weight for _, weight in made.values())
        self._mark_trainable()

    def _weight_of(self, tensor, name):
        if isinstance(tensor, Weight):
            return tensor
        weight = Weight(tensor.detach(), name=name, trainable=tensor.requires_grad)
        weight.path = f"{self.name}/{name}"
        return weight

    def _apply(self, fn, recurse=True):
        # torch replaces buffers when a module moves; ours stay the same Weight objects.
        held = [
            (inner._buffers, key, tensor)
            for inner in self.module.modules()
            for key, tensor in inner._buffers.items()
            if isinstance(tensor, Weight)
        ]
        super()._apply(fn, recurse)
        for table, key, weight in held:
            weight.data = table[key].data
            table[key] = weight
        return self

    # Computing ----------------------------------------------------------------------------------------------------

    def call(self, inputs, training=None):
        # As TensorFlow Hub does it: what is frozen neither drops values nor updates statistics.
        training = bool(training) and self._trainable
        if isinstance(self.module, Layer):
            return self.module(inputs, training=training)
        if self.module.training is not training:
            self.module.train(training)
        if self.data_format == "channels_first":
            inputs = pytree.tree_map(_channels_first, inputs)
        if isinstance(inputs, dict):
            outputs = self.module(**inputs)
        else:
            outputs = self.module(*inputs) if isinstance(inputs, (list, tuple)) else self.module(inputs)
        return pytree.tree_map(_channels_last, outputs) if self.data_format == "channels_first" else outputs

    def compute_output_spec(self, *args, **kwargs):
        """The KerasTensors it makes: found by running it without memory, or as `output_shape` says."""
        if self._output_shape_argument is not None:
            return KerasTensor((symbolic_leaves(args)[0].shape[0], *self._output_shape_argument), self.compute_dtype)
        try:
            return super().compute_output_spec(*args, **kwargs)
        except ShapeError as error:
            if isinstance(self.module, Layer) or self.data_format == "channels_first":
                raise
            raise ShapeError(
                f"{error} If it takes images as (batch, channels, height, width), pass data_format='channels_first'; "
                "if its output cannot be found this way, output_shape=(...)."
            ) from error

    def _shape_it_takes(self):
        """The batch shape of the one input where the model says it; None if not."""
        if isinstance(self.module, Model):
            shape = self.module.input_shape if self.module.graph is not None else None
            return shape if isinstance(shape, tuple) else None
        shapes = getattr(self.module, "input_shapes", ())
        if len(shapes) != 1 or shapes[0] is None:
            return None
        shape = tuple(shapes[0])
        if self.data_format == "channels_first" and len(shape) == 4:
            shape = tuple(shape[axis] for axis in (0, 2, 3, 1))
        return (None, *shape[1:])

    @property
    def computes_for_inference(self):
        """Whether it does so in training too, and gives the same for an image each time."""
        return not self._trainable

    def identity(self):
        """What tells it from other layers where `get_config` cannot: the number of its torch module."""
        if isinstance(self.module, Layer) or hasattr(self.module, "recipe"):
            return self.get_config()
        return {"module": type(self.module).__qualname__, "number": self._number}

    # Files --------------------------------------------------------------------------------------------------------

    def get_config(self):
        """The layer as plain data; raises ArgumentError for a torch module, which is code."""
        config = {"name": self.name, "trainable": self._trainable}
        if self._output_shape_argument is not None:
            config["output_shape"] = list(self._output_shape_argument)
        if isinstance(self.module, Layer):
            return {**config, "model": layer_table.serialize(self.module)}
        if hasattr(self.module, "recipe"):
            return {**config, "data_format": self.data_format, "onnx": self.module.recipe}
        raise ArgumentError(
            f"KerasLayer '{self.name}' holds the torch module {type(self.module).__name__}, which cannot be written: "
            "files hold no code. Keep the weights (model.save_weights('name.weights.h5') or '.safetensors'), make the "
            "model in your program, then load_weights."
        )

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` describes, with fresh weights; no code is run and nothing is downloaded."""
        config = dict(config)
        if "model" in config:
            module = layer_table.deserialize(config.pop("model"))
            frozen = [layer for layer in module._flatten_layers() if not layer._trainable]
        elif "onnx" in config:
            module, frozen = _onnx("running").OnnxGraph(config.pop("onnx"), owner=str(config.get("name"))), []
        else:
            raise FileFormatError("A KerasLayer in a file holds a model or an ONNX graph; this one has neither.")
        layer = cls(module, **{key: value for key, value in config.items() if key != "handle"})
        for inner in frozen:
            inner._trainable = False
        layer._mark_trainable()
        return layer


def _read(handle, sha256, custom_objects):
    """The Model or OnnxGraph in a file."""
    if not isinstance(handle, (str, os.PathLike)):
        raise ArgumentError(
            f"Expected a path or URL of a .keras, .h5 or .onnx file, a Model or a torch.nn.Module, got {handle!r}."
        )
    path = local_file(handle, sha256=sha256)
    if kind_of(path) == "keras":
        return saving.load_model(path, custom_objects=custom_objects, compile=False)
    if custom_objects:
        raise ArgumentError(f"{path} is an ONNX file, for which there are no custom_objects.")
    return _onnx("reading").read(path)


def _onnx(part):
    """A module of onnx_graph, loaded when first needed."""
    try:
        return importlib.import_module(f"anmok.models.onnx_graph.{part}")
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise ArgumentError("Reading ONNX files needs the package onnx: pip install 'anmok[onnx]'.") from error


def _sizes(shape):
    """A shape without its batch as a tuple, None as it is."""
    if shape is None:
        return None
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(length is None or (isinstance(length, int) and length > 0) for length in shape):
        raise ArgumentError(f"output_shape: expected whole numbers above 0 or None, such as (1280,), got {shape!r}.")
    return shape


def _channels_first(tensor):
    return tensor.permute(0, 3, 1, 2) if torch.is_tensor(tensor) and tensor.dim() == 4 else tensor


def _channels_last(tensor):
    return tensor.permute(0, 2, 3, 1) if torch.is_tensor(tensor) and tensor.dim() == 4 else tensor
