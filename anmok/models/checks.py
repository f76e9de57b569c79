"""What is looked at once before training begins, so that a beginner's mistake is said in words."""

import torch

from anmok import activations, layers, notices
from anmok.losses import check_labels, check_output

_NORMALIZING = (
    layers.Rescaling,
    layers.Normalization,
    layers.BatchNormalization,
    layers.LayerNormalization,
    layers.GroupNormalization,
    layers.UnitNormalization,
    layers.LocalResponseNormalization,
    layers.Lambda,
)
# Inputs that reach this are taken for pixels that nobody divided by 255.
_PIXEL_LIKE = 128
_SAMPLES_LOOKED_AT = 256


def check_before_training(model, source):
    """Raise for outputs and labels that the losses cannot work with; warn of images that were never rescaled.

    source: what is trained on. Only arrays are looked at; batches that come from elsewhere are not there yet.
    """
    arrays = getattr(source, "arrays", None)
    if arrays is not None:
        _warn_of_unscaled_images(model, arrays[0])
    for loss, tensor, target in _matched(model, arrays and arrays[1]):
        units = tensor.shape[-1] if len(tensor.shape) > 1 else None
        activation = _last_activation(tensor)
        if activation == "sigmoid" and units != 1 and loss.name.endswith("categorical_crossentropy"):
            # Keras trains on this, after bringing the outputs to a sum of 1; programs that do so must run.
            notices.once(
                ("sigmoid with categorical", model.name),
                f"The last layer ends in sigmoid, {loss.name} needs probabilities that sum to 1 over the classes. "
                "Use activation='softmax'; for labels that are not exclusive, loss='binary_crossentropy'.",
            )
        else:
            check_output(loss, units, activation)
        if target is not None:
            check_labels(loss, target, tensor.shape)


def check_labels_of(model, source):
    """Raise DataError for arrays of labels in `source` that the losses cannot work with."""
    if getattr(source, "arrays", None) is None:
        return
    for loss, tensor, target in _matched(model, source.arrays[1]):
        if target is not None:
            check_labels(loss, target, tensor.shape)


def _matched(model, y):
    """[(loss, output, labels or None)] of a model's outputs that have a loss; nothing where there is no graph."""
    if model.graph is None:
        return []
    names = model.output_names
    targets = _targets(y, names)
    tensors = model.graph.output_list
    shapes = [(None if y is None else tuple(y.shape), t.shape) for y, t in zip(targets, tensors, strict=True)]
    losses = model._task.objective.losses_for(names, shapes)
    return [entry for entry in zip(losses, tensors, targets, strict=True) if entry[0] is not None]


def _targets(y, names):
    if isinstance(y, dict):
        return [y.get(name) for name in names]
    targets = list(y) if isinstance(y, (list, tuple)) else [y]
    return targets if len(targets) == len(names) else [None] * len(names)


def _last_activation(tensor):
    """The name of the function that an output comes out of ('linear' for none), or None if it is not known."""
    if tensor.node is None:
        return None
    layer = tensor.node.layer
    graph = getattr(layer, "graph", None)
    if graph is not None:
        return _last_activation(graph.output_list[tensor.index])
    if isinstance(layer, (layers.Reshape, layers.Flatten)):
        return _last_activation(tensor.node.inputs[0])
    if isinstance(layer, layers.Softmax):
        return "softmax"
    if not isinstance(layer, (layers.Dense, layers.Conv2D, layers.Activation)):
        return None
    function = layer.activation
    known = (activations.softmax, activations.sigmoid, activations.linear, activations.relu, activations.tanh)
    return function.__name__ if function in known else None


def _warn_of_unscaled_images(model, x):
    if not torch.is_tensor(x) or x.dim() < 2 or any(isinstance(layer, _NORMALIZING) for layer in model.modules()):
        return
    some = x[:: max(1, len(x) // _SAMPLES_LOOKED_AT)]
    low, high = float(some.min()), float(some.max())
    looks_like_pixels = low >= 0 and _PIXEL_LIKE <= high <= 255 and x[0].numel() >= 64
    if looks_like_pixels:
        notices.once(
            ("unscaled", model.name),
            f"The inputs reach {high:g} and nothing in model '{model.name}' rescales or normalises them, which trains "
            "badly. Divide by 255, or begin the model with layers.Rescaling(1 / 255).",
        )
