"""Weights in `.safetensors` files: a header of names, shapes and places, then the numbers.

A weight is named after its layer's place, as in `.weights.h5`, and itself: `layers/conv2d_1/kernel`. These places do
not depend on what else was built in the process, as automatic names do. Arrays have Keras' layouts and order, as
`get_weights` gives them; the metadata say so ("layout": "keras") and tell each place's names, for by_name.
Source of the format: https://github.com/huggingface/safetensors (README, "Format").
"""

import contextlib
import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from anmok.errors import AnmokError, ArgumentError, FileFormatError, NotBuiltError
from anmok.layers.weight_holder import WeightHolder
from anmok.saving.layout import saved_parts
from anmok.saving.weight_state import other_tensors, report_mismatch

_MOST_HEADER = 1 << 24  # the largest of Keras' networks take 200 kB
_TORCH = "torch_tensors"
_NUMBERS = ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL")


def write_tensors(part, model):
    """Write all weights to the path `part`."""
    parts = saved_parts(model)
    tensors = {}
    for place, layer in parts:
        for name, value in _stored(layer).items():
            tensors[_joined(place, name)] = value
    for name, tensor in other_tensors(parts).items():
        tensors[_joined(_TORCH, name)] = tensor
    metadata = {"format": "anmok", "layout": "keras", "layers": json.dumps(_names_of_places(parts))}
    save_file({name: _plain(tensor) for name, tensor in tensors.items()}, part, metadata)


def read_tensors(model, path, *, skip_mismatch=False, by_name=False, spared=()):
    """Give the model the weights of a file; nothing is changed unless everything fits.

    by_name: only to layers of the same names, wherever they stand. Raises FileFormatError, ShapeError, NotBuiltError.
    """
    with _opened(path) as file:
        found = _shapes(file, path)
        if not model.built and found:
            raise NotBuiltError(
                f"Model '{model.name}' has no weights yet, so none can be loaded: call model.build(input_shape) or "
                "give it data once before load_weights."
            )
        metadata = file.metadata() or {}
        if metadata.get("layout") != "keras" and _fits_state_dict(model, found):
            # So saved with safetensors itself: save_model, or save_file(model.state_dict()).
            if by_name or spared:
                raise ArgumentError(f"{path} holds a state_dict: by_name and objects_to_skip are not for these.")
            model.load_state_dict({name: file.get_tensor(name) for name in found})
            return
        parts = saved_parts(model)
        _refuse_others(metadata, parts, path, found)
        places = _places_by_name(metadata, parts, path) if by_name else {place: place for place, _ in parts}
        wanted = [(place, layer) for place, layer in parts if place in places]
        wanted = [(place, layer) for place, layer in wanted if not any(layer is other for other in spared)]
        others = {} if by_name else other_tensors(parts)
        ready, problems = [], []
        for place, layer in wanted:
            names = _names(layer, places[place], found)
            if (problem := _mismatch(layer, names, found)) is not None:
                problems.append(f"{type(layer).__name__} '{layer.name}' ({place or 'the model itself'}): {problem}")
            else:
                ready.append((layer, names))
        fitting = [name for name, tensor in others.items() if found.get(f"{_TORCH}/{name}") == tuple(tensor.shape)]
        for name in others.keys() - set(fitting):
            problems.append(f"torch tensor '{name}' is missing, or not of shape {tuple(others[name].shape)}")
        if not (problems or by_name or spared):
            problems += _left_over(found, ready, others)
        if problems:
            report_mismatch(problems, path, skip_mismatch)
        for layer, names in ready:
            _fill(layer, {own: file.get_tensor(name) for own, name in names.items()})
        for name in fitting:
            with torch.no_grad():
                others[name].copy_(file.get_tensor(f"{_TORCH}/{name}"))


@contextlib.contextmanager
def _opened(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _MOST_HEADER:
        raise FileFormatError(f"{path} is no safetensors file, or is damaged: its header claims {length:,} bytes.")
    try:
        with safe_open(path, framework="pt") as opened:
            yield opened
    except AnmokError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error
    except (SafetensorError, OSError) as error:
        raise FileFormatError(f"{path} is no safetensors file, or is damaged or cut off ({error}).") from error


def _shapes(file, path):
    """{name: shape} of the file's tensors, all of numbers."""
    slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
    if strange := {tensor.get_dtype() for tensor in slices.values()} - set(_NUMBERS):
        raise FileFormatError(f"{path}: expected float or whole numbers, got {', '.join(sorted(strange))}.")
    return {name: tuple(tensor.get_shape()) for name, tensor in slices.items()}


def _joined(place, name):
    return f"{place}/{name}" if place else name


def _plain(tensor):
    values = tensor if torch.is_tensor(tensor) else torch.as_tensor(tensor)
    return values.detach().cpu().clone(memory_format=torch.contiguous_format)


def _own_names(layer):
    """{name: weight} of a layer's own weights, each name once."""
    named = {}
    for weight in layer.own_weights:
        name, number = weight.name, 1
        while name in named:
            number += 1
            name = f"{weight.name}_{number}"
        named[name] = weight
    return named


def _keeps_own_store(layer):
    return type(layer).save_own_variables is not WeightHolder.save_own_variables


def _stored(layer):
    """{name: tensor or array} of what a layer keeps in files."""
    if _keeps_own_store(layer):
        store = {}
        layer.save_own_variables(store)
        return store
    return {name: weight.keras_view() for name, weight in _own_names(layer).items()}


def _names(layer, place, found):
    """{own name: name in the file} of what the layer will be given."""
    if layer._fills_from_files and not _keeps_own_store(layer):
        return {name: _joined(place, name) for name in _own_names(layer)}
    start = f"{place}/" if place else ""
    inner = [name[len(start) :] for name in found if name.startswith(start)]
    return {name: start + name for name in inner if "/" not in name}


def _mismatch(layer, names, found):
    """In words why these are not the layer's weights; None if they are."""
    if not layer._fills_from_files or _keeps_own_store(layer):
        return None
    for own, weight in _own_names(layer).items():
        if names[own] not in found:
            return f"its weight '{own}' is not in the file, which should have {names[own]!r}"
        if found[names[own]] != weight.keras_shape:
            return f"its weight '{own}' has shape {weight.keras_shape}, the file's has {found[names[own]]}"
    return None


def _left_over(found, ready, others):
    used = {name for _, names in ready for name in names.values()} | {f"{_TORCH}/{name}" for name in others}
    extra = sorted(set(found) - used)
    return [f"the file also holds {', '.join(map(repr, extra[:3]))}, for which it has no layer"] if extra else []


def _fill(layer, tensors):
    if layer._fills_from_files and not _keeps_own_store(layer):
        for name, weight in _own_names(layer).items():
            weight.assign(tensors[name])
    else:
        arrays = {name: (t.float() if t.dtype is torch.bfloat16 else t).numpy() for name, t in tensors.items()}
        layer.load_own_variables(arrays)


# Names of layers ----------------------------------------------------------------------------------------------------


def _names_of_places(parts):
    """{place: names of the layers on the way, "base/conv1"} of all layers with weights of their own."""
    by_place = {place: layer.name for place, layer in parts if place}
    return {place: _name_path(place, by_place) for place, layer in parts if place and layer.own_weights}


def _name_path(place, by_place):
    steps = place.split("/")
    ways = ["/".join(steps[: count + 1]) for count in range(len(steps))]
    return "/".join(by_place[way] for way in ways if way in by_place)


def _places_by_name(metadata, parts, path):
    """{place in the model: place in the file} of layers that have the same names."""
    try:
        theirs = json.loads(metadata["layers"])
        there = {str(names): str(place) for place, names in theirs.items()}
    except (KeyError, ValueError, AttributeError, RecursionError):
        raise ArgumentError(
            f"{path}: by_name=True needs the names of layers, which files of anmok have in their metadata; this one "
            "has none."
        ) from None
    own = _names_of_places(parts)
    return {place: there[names] for place, names in own.items() if names in there}


# Files of others ----------------------------------------------------------------------------------------------------


def _fits_state_dict(model, found):
    return found and {name: tuple(t.shape) for name, t in model.state_dict(keep_vars=True).items()} == found


def _refuse_others(metadata, parts, path, found):
    if metadata.get("layout") == "keras":
        return
    expected = {_joined(place, name) for place, layer in parts for name in _stored(layer)}
    if expected & set(found):
        return
    some = ", ".join(repr(name) for name in sorted(found)[:3]) or "nothing"
    raise FileFormatError(
        f"{path} was not written by model.save_weights: it holds {some}. If these are the weights of a PyTorch module, "
        "load them into the module (module.load_state_dict(safetensors.torch.load_file(...))) and make it a layer with "
        "anmok.models.from_hub(module)."
    )
