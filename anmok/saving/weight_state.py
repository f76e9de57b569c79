"""Weights and optimizer state to and from an open Keras 3 weights file."""

import numpy as np
import torch

from anmok import notices
from anmok.errors import FileFormatError, NotBuiltError, ShapeError
from anmok.saving import hdf5
from anmok.saving.layout import repeated_parts, saved_parts

_TORCH = "torch_tensors"  # parameters and buffers of torch modules that are no layers; Keras passes over this group


def write_state(file, model, *, with_optimizer=True, with_copies=False):
    """Put all weights, and the optimizers' state, into an open HDF5 file.

    with_copies: shared layers also at their further places, for a reader that makes the model out of its config.
    """
    parts = saved_parts(model)
    for path, layer in parts + (repeated_parts(model) if with_copies else []):
        group = file.create_group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = layer.name
        store = {}
        layer.save_own_variables(store)
        for name, value in store.items():
            group[name] = value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray(value)
    for path, optimizer in _optimizers(parts) if with_optimizer else ():
        group = file.create_group(f"{path}/vars")
        group.attrs["name"] = optimizer.name
        for index, (_, value) in enumerate(optimizer.state_arrays()):
            group[str(index)] = value
    for name, tensor in other_tensors(parts).items():
        values = tensor.detach().cpu()
        file[f"{_TORCH}/{name}"] = (values.float() if values.dtype is torch.bfloat16 else values).numpy()


def other_tensors(parts):
    """{place of the layer/name within it: tensor} of what torch modules inside the layers hold."""
    found = {}
    known = {id(weight) for _, layer in parts for weight in layer.own_weights}
    for place, layer in reversed(parts):  # innermost first
        for name, tensor in layer.state_dict(keep_vars=True).items():
            if id(tensor) not in known:
                known.add(id(tensor))
                found[f"{place}/{name}" if place else name] = tensor
    return found


def _optimizers(parts):
    """(path, optimizer) of every compiled model among the parts."""
    for path, layer in parts:
        optimizer = getattr(layer, "optimizer", None)
        if hasattr(optimizer, "state_arrays"):
            yield (f"{path}/optimizer" if path else "optimizer"), optimizer


def read_weights(file, model, path, *, skip_mismatch=False, spared=()):
    """Give the model the weights of an open file; nothing is changed unless everything fits.

    skip_mismatch: layers that do not fit are left as they are, and named. spared: layers to leave alone.
    Raises ShapeError where the file does not fit, NotBuiltError where the model has no weights yet.
    """
    parts = saved_parts(model)
    if not model.built and len(hdf5.child(file, "layers") or ()):
        raise NotBuiltError(
            f"Model '{model.name}' has no weights yet, so none can be loaded: call model.build(input_shape) or give "
            "it data once before load_weights."
        )
    ready, problems = [], []
    for place, layer in parts:
        if any(layer is other for other in spared):
            continue
        group = _variables(file, place)
        if (problem := _mismatch(layer, group)) is not None:
            problems.append(f"{type(layer).__name__} '{layer.name}' ({place or 'the model itself'}): {problem}")
        else:
            ready.append((layer, group))
    others = other_tensors(parts)
    for name, tensor in others.items():
        found = hdf5.child(file, f"{_TORCH}/{name}")
        if found is None or hdf5.dataset(file, f"{_TORCH}/{name}").shape != tuple(tensor.shape):
            problems.append(f"torch tensor '{name}' of shape {tuple(tensor.shape)} is missing, or of another shape")
    if problems:
        report_mismatch(problems, path, skip_mismatch)
    for layer, group in ready:
        _fill(layer, group)
    for name, tensor in others.items():
        found = hdf5.child(file, f"{_TORCH}/{name}")
        if found is not None and found.shape == tuple(tensor.shape):
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(hdf5.values(hdf5.dataset(file, f"{_TORCH}/{name}"))))


def _variables(file, place):
    """The group with a layer's arrays; empty where there is none."""
    group = hdf5.child(file, f"{place}/vars" if place else "vars")
    if group is None and "_layer_checkpoint_dependencies" in file:  # so written by Keras 2.13
        group = hdf5.child(file, f"{place.replace('layers', '_layer_checkpoint_dependencies')}/vars")
    return group if group is not None else {}


def _mismatch(layer, group):
    """In words why the group's arrays are not this layer's weights; None if they are."""
    own = layer.own_weights
    if not layer._fills_from_files:
        return None
    if len(group) != len(own):
        hint = "" if layer.built or own else "; the layer has not been built"
        return f"it has {len(own)} weights, the file has {len(group)}{hint}"
    for index, weight in enumerate(own):
        shape = hdf5.dataset(group, str(index)).shape
        if shape != weight.keras_shape:
            return f"its weight '{weight.name}' has shape {weight.keras_shape}, the file's has {shape}"
    return None


def report_mismatch(problems, path, skip_mismatch):
    """Raise ShapeError with the first problems, or with skip_mismatch=True name each in a notice."""
    if skip_mismatch:
        for problem in problems:
            notices.once(("left out", str(path), problem), f"{path}: left as it was: {problem}.", stacklevel=6)
        return
    shown = "; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
    raise ShapeError(
        f"The weights in {path} are not this model's: {shown}. Build the model as it was saved, or pass "
        "skip_mismatch=True to load the layers that fit."
    )


def _fill(layer, group):
    if layer._fills_from_files:
        for index, weight in enumerate(layer.own_weights):
            weight.assign(hdf5.values(hdf5.dataset(group, str(index))))
    else:
        layer.load_own_variables({name: hdf5.values(hdf5.dataset(group, name)) for name in group})


def read_optimizers(file, model, path, *, required):
    """Give built optimizers their state back.

    required: say so where the file's state is of other weights than the optimizer's.
    """
    for place, optimizer in _optimizers(saved_parts(model)):
        group = hdf5.child(file, f"{place}/vars")
        inner = hdf5.child(file, f"{place}/inner_optimizer/vars")  # within Keras' LossScaleOptimizer
        group = group if inner is None else inner
        if group is None or not optimizer.built:
            continue
        names = [name for name, _ in optimizer.state_arrays()]
        arrays = [hdf5.dataset(group, str(index)) for index in range(len(group))]
        if len(arrays) != len(names):
            # Two numbers, steps and rate, are all that a model has which was compiled and not trained.
            if required and len(arrays) > 2:
                notices.once(
                    ("optimizer state", str(path)),
                    f"{path} holds {len(arrays)} arrays of optimizer state, this {type(optimizer).__name__} has "
                    f"{len(names)}: training starts with fresh state.",
                    stacklevel=6,
                )
            continue
        expected = [np.shape(value) for _, value in optimizer.state_arrays()]
        if [array.shape for array in arrays] != expected:
            if required:
                raise FileFormatError(f"{path}: the optimizer's state has other shapes than the model's weights.")
            continue
        optimizer.load_state_arrays([hdf5.values(array) for array in arrays])
