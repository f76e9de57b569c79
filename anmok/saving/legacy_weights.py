"""Weights in the older `.h5` layout: a group a layer, with a list of names that says their order (Keras 1 to 3)."""

import numpy as np

from anmok import notices
from anmok.errors import ShapeError
from anmok.saving import hdf5

_MOST_BYTES = 64000  # what an HDF5 attribute may hold
_OWN = "top_level_model_weights"
_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose", "SeparableConv2D")


def write_legacy_weights(group, model, dialect):
    """Put all weights into an open group."""
    group.attrs["backend"], group.attrs["keras_version"] = "torch", dialect
    write_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        _write_arrays(group.create_group(layer.name), _ordered(layer))
    _write_arrays(group.create_group(_OWN), model.own_weights)


def _write_arrays(group, weights):
    names = []
    for weight in weights:
        name, number = weight.path, 1
        while name in names:
            number += 1
            name = f"{weight.path}_{number}"
        names.append(name)
        group[name] = weight.numpy()
    write_names(group, "weight_names", names)


def _ordered(layer):
    """A layer's weights in the order of these files: what is trained comes first."""
    return layer.trainable_weights + layer.non_trainable_weights


def write_names(group, attribute, names):
    """A list of str as an attribute, in pieces (`names0`, `names1`) where it is too long for one."""
    array = np.array([name.encode("utf-8") for name in names], dtype="S" if names else "S1")
    pieces = np.array_split(array, -(-array.nbytes // _MOST_BYTES) or 1)
    for number, piece in enumerate(pieces):
        group.attrs[f"{attribute}{number}" if len(pieces) > 1 else attribute] = piece


def read_names(group, attribute):
    """What `write_names` (ours or Keras') wrote; [] where there is nothing."""
    if attribute in group.attrs:
        return hdf5.texts(group.attrs[attribute]) if len(np.atleast_1d(group.attrs[attribute])) else []
    names, number = [], 0
    while f"{attribute}{number}" in group.attrs:
        names += hdf5.texts(group.attrs[f"{attribute}{number}"])
        number += 1
    return names


def is_legacy(file):
    """The group of the weights if the file has the older layout, else None."""
    for group in (file, hdf5.child(file, "model_weights")):
        if group is not None and ("layer_names" in group.attrs or "layer_names0" in group.attrs):
            return group
    return None


def read_legacy_weights(group, model, path, *, skip_mismatch=False, by_name=False, spared=()):
    """Give the model the weights of a group: layer by layer in order, or to layers of the same names.

    Nothing is changed unless everything fits; skip_mismatch leaves layers that do not fit as they are, and names them.
    Raises ShapeError.
    """
    stored = [(name, hdf5.child(group, name)) for name in read_names(group, "layer_names")]
    stored = [(name, found, read_names(found, "weight_names")) for name, found in stored if found is not None]
    if by_name:
        own = {layer.name: layer for layer in model.layers}
        pairs = [(own[name], name, found, names) for name, found, names in stored if name in own]
    else:
        layers = [layer for layer in model.layers if layer.weights]
        stored = [entry for entry in stored if entry[2]]
        if len(layers) != len(stored):
            raise ShapeError(
                f"{path} holds weights for {len(stored)} layers ({_some(name for name, _, _ in stored)}), model "
                f"'{model.name}' has {len(layers)} with weights ({_some(layer.name for layer in layers)}). "
                "Pass by_name=True to load layers of the same names."
            )
        pairs = [(layer, *entry) for layer, entry in zip(layers, stored, strict=True)]
    ready, problems = [], []
    for layer, name, found, names in pairs:
        if any(layer is other for other in spared):
            continue
        arrays = [_in_todays_layout(hdf5.dataset(found, weight), layer, group, i) for i, weight in enumerate(names)]
        weights = _matching(layer, [shape for shape, _ in arrays])
        if weights is None:
            shapes = [weight.keras_shape for weight in _ordered(layer)]
            problems.append(f"layer '{layer.name}' has weights of shapes {shapes}, '{name}' {[s for s, _ in arrays]}")
        else:
            ready += zip(weights, (read for _, read in arrays), strict=True)
    top = hdf5.child(group, _OWN)
    if top is not None and len(names := read_names(top, "weight_names")) == len(model.own_weights):
        for weight, name in zip(model.own_weights, names, strict=True):
            ready.append((weight, lambda name=name: hdf5.values(hdf5.dataset(top, name))))
    for problem in problems if skip_mismatch else ():
        notices.once(("left out", str(path), problem), f"{path}: left as it was: {problem}.", stacklevel=5)
    if problems and not skip_mismatch:
        raise ShapeError(
            f"The weights in {path} are not this model's: {_some(problems)}. Build the model as it was saved, or pass "
            "skip_mismatch=True to load the layers that fit."
        )
    for weight, read in ready:
        weight.assign(read())


def _some(names):
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _matching(layer, shapes):
    """The layer's weights in the order in which they have these shapes; None if there is none."""
    # The order in the file is of what was trained then, which may not be what is trained now.
    structural = sorted(layer.weights, key=lambda weight: not weight.trainable)
    for weights in (_ordered(layer), structural, layer.weights):
        if [weight.keras_shape for weight in weights] == shapes:
            return weights
    return None


def _in_todays_layout(found, layer, group, index):
    """(shape, function that reads the array); kernels of Keras 1 are turned round, as Keras 2 did it."""
    shape, kind = found.shape, type(layer).__name__
    version = hdf5.texts(group.attrs["keras_version"])[0] if "keras_version" in group.attrs else "1"
    from_theano = "backend" in group.attrs and hdf5.texts(group.attrs["backend"])[0] == "theano"
    if index or kind not in _CONVOLUTIONS or not (version.startswith("1") or from_theano):
        return shape, lambda: hdf5.values(found)
    steps = []
    wanted = layer.weights[0].keras_shape
    if version.startswith("1") and kind == "Conv1D" and len(shape) == 4 and shape[1] == 1:
        shape = (shape[0], *shape[2:])
        steps.append(lambda array: array.reshape(shape))
    elif version.startswith("1") and len(shape) == 4 and shape != wanted:
        # Theano's order: (filters, channels, rows, columns).
        shape = tuple(shape[axis] for axis in (2, 3, 1, 0))
        steps.append(lambda array: array.transpose(2, 3, 1, 0))
    if from_theano:
        # Theano convolves in the mathematician's sense, with the kernel mirrored.
        steps.append(lambda array: np.flip(array, tuple(range(array.ndim - 2))))

    def read():
        array = hdf5.values(found)
        for step in steps:
            array = step(array)
        return np.ascontiguousarray(array)

    return shape, read
