"""ImageNet as the applications know it: how pixels are scaled for them, and what their 1000 scores mean."""

import functools
import json

import numpy as np
import torch

from anmok import defaults, files
from anmok.applications import published
from anmok.errors import ArgumentError, FileFormatError, ShapeError, unknown_name
from anmok.layers import Concatenate, KerasTensor, Rescaling
from anmok.outside import border

# fmt: off
# The mean colour of ImageNet's images in 0..255, as the authors of Caffe's networks took it (B, G, R), and mean and
# deviation in 0..1 as those of Torch did (R, G, B).
CAFFE_MEAN = (103.939, 116.779, 123.68)
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)

# mode: pixels divided by, less this much a channel, divided by this much a channel
MODES = {
    "caffe": (None,  CAFFE_MEAN, None),
    "tf":    (127.5, (1.0,) * 3, None),
    "torch": (255.0, TORCH_MEAN, TORCH_DEVIATION),
}
# fmt: on


@border
def preprocess_input(x, data_format=None, mode="caffe"):
    """Images (H, W, 3) or (B, H, W, 3), RGB in 0..255, as a kind of network wants them (as in Keras).

    x: array, tensor or symbolic tensor. Whole numbers become float32; a floating format is kept. mode: "caffe" (BGR,
    less the mean), "tf" (-1..1), "torch" (0..1, less the mean, divided by the deviation). Other than in Keras, which
    writes over arrays and tensors of floats, x stays as it is. Raises ArgumentError, ShapeError.
    """
    if mode not in MODES:
        raise unknown_name("mode of preprocess_input", mode, MODES)
    data_format = data_format or defaults.image_data_format()
    if data_format not in defaults.DATA_FORMATS:
        raise unknown_name("data_format", data_format, defaults.DATA_FORMATS)
    if not isinstance(x, (KerasTensor, torch.Tensor)):
        x = np.asarray(x)
    axis = -3 if data_format == "channels_first" else -1
    if len(x.shape) not in (3, 4) or (mode != "tf" and x.shape[axis] != 3):
        order = "(3, height, width)" if axis == -3 else "(height, width, 3)"
        raise ShapeError(f"preprocess_input expects images {order}, or a batch of them, got shape {tuple(x.shape)}.")
    if isinstance(x, KerasTensor):
        return _symbolically(x, axis, mode)
    return _in_numbers(x, axis, mode)


def _in_numbers(x, axis, mode):
    if isinstance(x, np.ndarray):
        x = x.astype(x.dtype if np.issubdtype(x.dtype, np.floating) else np.float32)
        each = functools.partial(np.asarray, dtype=x.dtype)
        flipped = np.flip
    else:
        x = x.clone() if x.is_floating_point() else x.to(torch.get_default_dtype())
        each = functools.partial(torch.tensor, dtype=x.dtype, device=x.device)
        flipped = torch.flip
    scale, mean, deviation = MODES[mode]
    if mode == "tf":
        x /= scale
        x -= 1.0
        return x
    if mode == "caffe":
        x = flipped(x, (axis,))
    else:
        x /= scale
    column = (3, 1, 1) if axis == -3 else (3,)
    x -= each(mean).reshape(column)
    if deviation is not None:
        x /= each(deviation).reshape(column)
    return x


def _symbolically(x, axis, mode):
    """The same as layers that files can hold."""
    scale, mean, deviation = MODES[mode]
    if mode == "tf":
        return Rescaling(1 / scale, offset=-1.0)(x)
    if axis != -1:
        raise ArgumentError(
            f"preprocess_input with mode={mode!r} takes symbolic tensors with the channels last only; "
            "put a Permute((2, 3, 1)) before it."
        )
    if mode == "caffe":
        x = Concatenate()([x[..., 2:3], x[..., 1:2], x[..., 0:1]])
        return Rescaling(1.0, offset=[-value for value in mean])(x)
    scales = [1 / (scale * value) for value in deviation]
    return Rescaling(scales, offset=[-m / d for m, d in zip(mean, deviation, strict=True)])(x)


def decode_predictions(preds, top=5):
    """The likeliest classes of each row of scores (B, 1000): a list a row of (WordNet id, name, score), best first.

    preds: array or tensor (as in Keras). Raises ShapeError for scores of another shape, MissingFileError where the
    names of the classes are not there and cannot be downloaded.
    """
    if isinstance(preds, torch.Tensor):
        preds = preds.detach().to("cpu", torch.float32).numpy()
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        hint = " For one image's scores, pass preds[None]." if preds.shape == (1000,) else ""
        raise ShapeError(
            f"decode_predictions expects a row of ImageNet's 1000 scores an image, (batch, 1000), got shape "
            f"{preds.shape}.{hint}"
        )
    if top < 1:
        raise ArgumentError(f"decode_predictions: top must be at least 1, got {top}.")
    names = _class_names(files.home() / "models")
    best = np.argsort(-preds, axis=1, kind="stable")[:, :top]
    return [[(*names[index], row[index]) for index in places] for row, places in zip(preds, best, strict=True)]


@functools.lru_cache(maxsize=1)
def _class_names(folder):
    """(WordNet id, name) of the 1000 classes, in the order of the scores; `folder` is where their file is kept."""
    path = published.fetched(published.CLASS_INDEX)
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        names = [(str(index[str(number)][0]), str(index[str(number)][1])) for number in range(1000)]
    except (ValueError, LookupError, TypeError) as reason:
        raise FileFormatError(
            f'{path} does not name ImageNet\'s classes: expected JSON like {{"0": ["n01440764", "tench"], ...}}. '
            "Delete it to have it downloaded again."
        ) from reason
    return names
