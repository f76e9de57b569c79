"""What all applications share: arguments checked, the input, what stands on the features, and the weights."""

import contextlib
import dataclasses
import operator
import os
from typing import Any

from anmok import activations, defaults, notices
from anmok.applications import published
from anmok.errors import ArgumentError, MissingFileError
from anmok.layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input, InputLayer, KerasTensor
from anmok.models import Functional

POOLINGS = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


@dataclasses.dataclass(frozen=True)
class Request:
    """What the caller of an application asks for, in Keras' words; raises ArgumentError where it cannot be had."""

    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: Any
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None

    def __post_init__(self):
        if defaults.image_data_format() != "channels_last":
            raise ArgumentError(
                "Applications take images with their channels last: call set_image_data_format('channels_last') first."
            )
        _check_weights(self.weights)
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise ArgumentError(f"pooling must be None, 'avg' or 'max', got {self.pooling!r}.")
        if not isinstance(self.classes, int) or isinstance(self.classes, bool) or self.classes < 1:
            raise ArgumentError(f"classes must be a whole number above 0, got {self.classes!r}.")
        if self.input_tensor is not None and not isinstance(self.input_tensor, KerasTensor):
            raise ArgumentError(
                "input_tensor must be symbolic, such as what Input(shape=(224, 224, 3)) returns, got "
                f"{type(self.input_tensor).__name__}. To run the network on images, build it and call it on them."
            )
        if self.input_tensor is not None:
            _check_tensor(self.input_tensor, self.given_shape)
        if self.include_top:
            self._check_top()
        elif self.classes != 1000:
            _said("classes", self.classes, "include_top=False")

    @property
    def given_shape(self):
        """input_shape as a tuple (H, W, C) with None where a side is free, or None; raises ArgumentError."""
        return None if self.input_shape is None else _lengths(self.input_shape)

    @property
    def of_imagenet(self):
        """Whether the published weights are asked for."""
        return isinstance(self.weights, str) and self.weights == "imagenet"

    def _check_top(self):
        if self.of_imagenet and self.classes != 1000:
            raise ArgumentError(
                f"ImageNet's weights are for 1000 classes, got classes={self.classes}. Take include_top=False and put "
                f"a Dense({self.classes}) of your own on top, or weights=None."
            )
        usual = (activations.get("softmax"), activations.get(None))
        if self.weights is not None and activations.get(self.classifier_activation) not in usual:
            raise ArgumentError(
                "With pretrained weights, classifier_activation must be 'softmax', or None for logits, got "
                f"{self.classifier_activation!r}."
            )
        if self.pooling is not None:
            _said("pooling", self.pooling, "include_top=True")

    def shape(self, *, usual=224, smallest=32, fixed=None):
        """The shape (H, W, C) of one image, None where it is free (as in Keras).

        usual: height and width where none are given. smallest: what they must be at least. fixed: whether they must be
        known, which a network with a top needs if not told otherwise. Raises ArgumentError.
        """
        fixed = self.include_top if fixed is None else fixed
        given = self.given_shape
        if self.input_tensor is not None:
            self._check_image(self.input_tensor.shape[1:], smallest)
        if given is None:
            return (usual, usual, 3) if fixed else (None, None, 3)
        self._check_image(given, smallest)
        if fixed and self.of_imagenet and given != (usual, usual, 3):
            raise ArgumentError(
                f"ImageNet's weights with include_top=True are for input_shape={(usual, usual, 3)}, got {given}. Take "
                "include_top=False for images of another size."
            )
        if fixed and None in given:
            raise ArgumentError(f"With include_top=True the size of the images must be known, got input_shape={given}.")
        return given

    def _check_image(self, shape, smallest):
        *sides, channels = shape
        if self.of_imagenet and channels != 3:
            raise ArgumentError(
                f"ImageNet's weights are for images of 3 channels, got shape {tuple(shape)}. Repeat a grey image's "
                "channel (np.repeat(x, 3, axis=-1)), or take weights=None."
            )
        if channels not in (1, 3):
            notices.once(
                ("channels", channels), f"Images have 1 or 3 channels as a rule; this network gets {channels}."
            )
        if any(side is not None and side < smallest for side in sides):
            raise ArgumentError(
                f"Images must be at least {smallest} x {smallest} for this network, got shape {tuple(shape)}. Resize "
                "them, or take a network for small images."
            )

    def image(self, shape):
        """The symbolic tensor (B, H, W, C) at which the network begins: a new Input of that shape, or input_tensor."""
        return Input(shape=shape) if self.input_tensor is None else self.input_tensor

    def pooled(self, x, names=(None, None)):
        """What stands on the features without a top: x, or its mean or largest values if pooling says so.

        names: of the layer for 'avg' and of the one for 'max'.
        """
        if self.pooling is None:
            return x
        name = names[list(POOLINGS).index(self.pooling)]
        return POOLINGS[self.pooling](name=name)(x)

    def classified(self, x):
        """The scores (B, classes) of features (B, C): the Dense layer 'predictions'."""
        return Dense(self.classes, activation=self.classifier_activation, name="predictions")(x)

    def model(self, x, network, *, name=None, translated=contextlib.nullcontext):
        """The model that ends at x, with its weights.

        network: its key in `published.FILES`. name: the model's, where none was asked for. translated: a context
        manager that makes the path of a weights file that of one in today's layout, for a network that has changed.
        """
        model = Functional(_sources(x), x, name=self.name or name)
        if self.weights is not None:
            path = self.weights
            if self.of_imagenet:
                try:
                    path = published.weights_file(network, include_top=self.include_top)
                except MissingFileError as error:
                    if any(ask(network, error) for ask in published.may_do_without):
                        return model
                    raise
            # Of a file that has a top too, a network without one takes what bears the names of its layers.
            has_more = self.of_imagenet and not self.include_top and path.name == published.FILES[network][0].name
            with translated(path) as path:
                model.load_weights(path, by_name=True if has_more else None)
        return model


def _check_weights(weights):
    if weights is None or weights == "imagenet":
        return
    if not isinstance(weights, (str, os.PathLike)) or not os.path.exists(weights):
        raise ArgumentError(
            "weights must be None (random), 'imagenet' (trained on ImageNet) or the path of a file that exists, got "
            f"{str(weights)!r}."
        )


def _said(name, value, because):
    notices.once((name, because), f"{name}={value!r} does nothing with {because}.", stacklevel=6)


def _lengths(shape):
    """An input_shape as a tuple (H, W, C) of whole numbers or None; raises ArgumentError."""
    try:
        lengths = tuple(None if length is None else operator.index(length) for length in shape)
    except TypeError:
        lengths = ()
    if len(lengths) != 3 or lengths[2] is None:
        raise ArgumentError(f"input_shape must be (height, width, channels), such as (224, 224, 3), got {shape!r}.")
    return lengths


def _check_tensor(tensor, given):
    shape = tensor.shape[1:]
    agree = given is None or all(a is None or b is None or a == b for a, b in zip(given, shape, strict=False))
    if tensor.ndim != 4 or shape[2] is None or not agree:
        wanted = "(batch, height, width, channels)" if given is None else f"{(None, *given)}, as input_shape says"
        raise ArgumentError(f"input_tensor must have the shape {wanted}; got {tensor.shape}.")


def _sources(tensor):
    """The Input (or list of them) from which a symbolic tensor comes."""
    found, seen, waiting = [], set(), [tensor]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if isinstance(tensor.node.layer, InputLayer):
            found.append(tensor)
        else:
            waiting += reversed(tensor.node.inputs)
    return found[0] if len(found) == 1 else found
