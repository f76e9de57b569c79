"""Values picked out and put in: by their place, by a condition, in order of size."""

import builtins

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.results import TopKV2, Unique, UniqueWithCounts
from anmok.compat.functions.values import axes, integer, integers, sizes, tensor, tensors, torch_dtype
from anmok.errors import ArgumentError, ShapeError


@function
def gather(params, indices, axis=None, batch_dims=0, validate_indices=None):
    """The entries of `params` at `indices` along `axis`; the first `batch_dims` axes of both go together."""
    del validate_indices  # out of range is always an error here
    params, indices = tensor(params), tensor(indices).long()
    batch_dims = integer(batch_dims) % (indices.ndim + 1)
    axis = batch_dims if axis is None else integer(axis) % params.ndim
    if not batch_dims:
        taken = params.index_select(axis, indices.reshape(-1))
        return taken.reshape([*params.shape[:axis], *indices.shape, *params.shape[axis + 1 :]])
    lead = params.shape[:batch_dims]
    flat = params.reshape(-1, *params.shape[batch_dims:])
    rows = indices.reshape(flat.shape[0], *indices.shape[batch_dims:])
    parts = [gather.implementation(p, i, axis - batch_dims) for p, i in zip(flat, rows, strict=True)]
    return torch.stack(parts).reshape(*lead, *parts[0].shape)


@function
def take(x, indices, axis=None):
    """The entries of x at `indices` along `axis` (None: of all values in a row); negative ones count from the end."""
    x, indices = tensor(x), tensor(indices).long()
    if axis is None:
        x, axis = x.reshape(-1), 0
    indices = torch.where(indices < 0, indices + x.shape[integer(axis)], indices)
    return gather.implementation(x, indices, axis)


@function
def take_along_axis(x, indices, axis=None):
    """The entries of x at places that differ from row to row along `axis`."""
    x, indices = tensor(x), tensor(indices).long()
    return torch.take_along_dim(x, indices, None if axis is None else integer(axis))


@function
def gather_nd(params, indices, batch_dims=0):
    """The entries of `params` at rows of coordinates: the last axis of `indices`."""
    params, indices = tensor(params), tensor(indices).long()
    if batch_dims:
        parts = [gather_nd.implementation(p, i, batch_dims - 1) for p, i in zip(params, indices, strict=True)]
        return torch.stack(parts)
    return params[tuple(indices.unbind(-1))]


@function
def get_item(x, key):
    """x[key]."""
    return tensor(x)[tuple(key) if isinstance(key, list) else key]


@function
def slice_(x, begin, size):
    """The box of x that begins at `begin`, of that size (-1: to the end)."""
    x = tensor(x)
    lengths = [
        length - start if extent == -1 else extent
        for start, extent, length in zip(integers(begin), integers(size), x.shape, strict=True)
    ]
    for axis, (start, extent) in enumerate(zip(integers(begin), lengths, strict=True)):
        x = x.narrow(axis, start, extent)
    return x


@function
def strided_slice(x, begin, end, strides=None):
    """x[begin:end:strides] on its first axes; strides must be above 0."""
    begin, end = integers(begin), integers(end)
    steps = [1] * len(begin) if strides is None else integers(strides)
    if min(steps) < 1:
        raise ArgumentError("strided_slice: strides must be above 0; use tf.reverse for the other direction.")
    return tensor(x)[tuple(slice(*part) for part in zip(begin, end, steps, strict=True))]


@function
def boolean_mask(tensor_, mask, axis=None):
    """The entries where `mask` is true, along its axes (from `axis` on)."""
    x, mask = tensor(tensor_), tensor(mask).bool()
    axis = 0 if axis is None else integer(axis)
    return x[(slice(None),) * axis + (mask,)]


@function
def where(condition, x=None, y=None):
    """x where the condition holds, y elsewhere; without them the places where it holds, int64 (count, rank)."""
    condition = tensor(condition).bool()
    if x is None and y is None:
        return torch.nonzero(condition)
    if x is None or y is None:
        raise ArgumentError("where: give both x and y, or neither.")
    return torch.where(condition, *tensors(x, y))


@function
def nonzero(x):
    """The places of the values that are not 0: one int32 vector for each axis."""
    return tuple(part.to(torch.int32) for part in torch.nonzero(tensor(x), as_tuple=True))


@function
def select(condlist, choicelist, default=0):
    """Of several tensors the one whose condition is the first to hold, `default` where none does."""
    choices = tensors(*choicelist, default)
    result = choices[-1]
    for condition, choice in zip(reversed(condlist), reversed(choices[:-1]), strict=True):
        result = torch.where(tensor(condition).bool(), choice, result)
    return result


def _rows(indices, depth):
    return tuple(tensor(indices).long().reshape(-1, depth).unbind(-1))


@function
def scatter_nd(indices, updates, shape):
    """A tensor of 0 of that shape with `updates` added at rows of coordinates."""
    updates, shape = tensor(updates), sizes(shape)
    result = torch.zeros(shape, dtype=updates.dtype, device=updates.device)
    return _scattered(result, indices, updates, accumulate=True)


def _scattered(x, indices, updates, *, accumulate):
    depth = tensor(indices).shape[-1]
    return x.index_put(_rows(indices, depth), updates.to(x.dtype).reshape(-1, *x.shape[depth:]), accumulate=accumulate)


@function
def tensor_scatter_nd_update(tensor_, indices, updates):
    """The tensor with `updates` in place at rows of coordinates."""
    x = tensor(tensor_)
    return _scattered(x, indices, tensor(updates, like=x), accumulate=False)


@function
def tensor_scatter_nd_add(tensor_, indices, updates):
    """The tensor with `updates` added at rows of coordinates."""
    x = tensor(tensor_)
    return _scattered(x, indices, tensor(updates, like=x), accumulate=True)


@function
def tensor_scatter_nd_sub(tensor_, indices, updates):
    """The tensor less `updates` at rows of coordinates."""
    x = tensor(tensor_)
    return _scattered(x, indices, -tensor(updates, like=x), accumulate=True)


def _scattered_by(name):
    """The function that puts the larger ('amax') or smaller ('amin') of what is there and what comes at coordinates."""

    def implementation(tensor_, indices, updates):
        x, updates = tensor(tensor_), tensor(updates)
        depth = tensor(indices).shape[-1]
        flat = x.reshape(-1, *x.shape[depth:])
        places = torch.zeros_like(_rows(indices, depth)[0])
        for part, length in zip(_rows(indices, depth), x.shape[:depth], strict=True):
            places = places * length + part
        updates = updates.to(x.dtype).reshape(-1, *x.shape[depth:])
        places = places.reshape(-1, *[1] * (updates.ndim - 1)).expand(updates.shape)
        return flat.scatter_reduce(0, places, updates, name).reshape(x.shape)

    implementation.__name__ = f"tensor_scatter_nd_{name[1:]}"
    implementation.__doc__ = f"The tensor with the {name[1:]} of itself and `updates` at rows of coordinates."
    return function(implementation)


tensor_scatter_nd_max, tensor_scatter_nd_min = _scattered_by("amax"), _scattered_by("amin")


@function
def dynamic_partition(data, partitions, num_partitions):
    """A list: the entries of `data` whose number in `partitions` is 0, those with 1, and so on."""
    data, numbers = tensor(data), tensor(partitions)
    return [data[numbers == number] for number in builtins.range(integer(num_partitions))]


@function
def invert_permutation(x):
    """Where each number of a permutation stands in it."""
    return torch.argsort(tensor(x)).to(tensor(x).dtype)


@function
def slice_update(x, start_indices, updates):
    """x with `updates` in place of the box that begins at `start_indices`."""
    x, updates = tensor(x), tensor(updates)
    begin = integers(start_indices)
    box = tuple(slice(start, start + extent) for start, extent in zip(begin, updates.shape, strict=True))
    result = x.clone()
    result[box] = updates.to(x.dtype)
    return result


@function
def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype="float32"):
    """Vectors with `on_value` at the place of each index, `off_value` elsewhere (everywhere for one out of range)."""
    indices, depth = tensor(indices), integer(depth)
    kind = torch_dtype(dtype) or torch.float32
    axis = integer(axis) % (indices.ndim + 1)
    places = torch.arange(depth, device=indices.device)
    hit = indices.unsqueeze(-1) == places
    if on_value == 1 and off_value == 0:
        made = hit.to(kind)
    else:
        made = torch.where(hit, tensor(on_value, like=indices), tensor(off_value, like=indices)).to(kind)
    return made.movedim(-1, axis)


@function
def multi_hot(x, num_classes, axis=-1, dtype="float32"):
    """Vectors with 1 at the places of all indices along `axis`."""
    hot = one_hot.implementation(x, num_classes, axis=-1, dtype=dtype)
    return hot.amax(tensor(x).ndim - 1 if integer(axis) == -1 else integer(axis))


@function
def sort(x, axis=-1, direction="ASCENDING"):
    """The values in order along `axis`; direction: 'ASCENDING' or 'DESCENDING'."""
    x, axis = (tensor(x).reshape(-1), 0) if axis is None else (tensor(x), integer(axis))
    return torch.sort(x, dim=axis, descending=_falls(direction), stable=True).values


@function
def argsort(x, axis=-1, direction="ASCENDING", stable=False):
    """The places of the values in their order along `axis`, int32; equal ones keep theirs."""
    del stable  # always
    x, axis = (tensor(x).reshape(-1), 0) if axis is None else (tensor(x), integer(axis))
    return torch.sort(x, dim=axis, descending=_falls(direction), stable=True).indices.to(torch.int32)


def _falls(direction):
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ArgumentError(f"sort: direction must be 'ASCENDING' or 'DESCENDING', got {direction!r}.")
    return direction == "DESCENDING"


@function
def top_k(x, k=1, sorted=True, index_type="int32"):
    """(values, indices) of the k largest along the last axis, falling; of equal ones the first comes first."""
    del sorted  # always
    x, k = tensor(x), integer(k)
    if k > x.shape[-1]:
        raise ShapeError(f"top_k: k = {k}, but there are {x.shape[-1]} values.")
    values, places = torch.sort(x, dim=-1, descending=True, stable=True)
    return TopKV2(values[..., :k], places[..., :k].to(torch_dtype(index_type)))


@function
def in_top_k(targets, predictions, k):
    """Whether each target is among the k classes of the highest predictions; ties count as in."""
    targets, predictions, k = tensor(targets).long(), tensor(predictions), integer(k)
    valid = (targets >= 0) & (targets < predictions.shape[-1])
    own = predictions.gather(-1, targets.clamp(0, predictions.shape[-1] - 1).unsqueeze(-1))
    return valid & ((predictions > own).sum(-1) < k) & own.squeeze(-1).isfinite()


@function
def unique(x, out_idx="int32"):
    """(values in the order they are first met, for each entry of the vector x the place of its value there)."""
    values, places, _ = _met(tensor(x))
    return Unique(values, places.to(torch_dtype(out_idx)))


@function
def unique_with_counts(x, out_idx="int32"):
    """`unique`, and how often each value is met."""
    values, places, counts = _met(tensor(x))
    kind = torch_dtype(out_idx)
    return UniqueWithCounts(values, places.to(kind), counts.to(kind))


def _met(x):
    values, places, counts = torch.unique(x, return_inverse=True, return_counts=True)
    first = torch.full((len(values),), x.numel()).scatter_reduce(0, places, torch.arange(x.numel()), "amin")
    order = torch.argsort(first)
    rank = torch.argsort(order)
    return values[order], rank[places], counts[order]


@function
def sorted_unique(x, return_index=False, return_inverse=False, return_counts=False, axis=None):
    """The different values in order, and what else is asked for, int32 (as in NumPy)."""
    if return_index or axis is not None:
        raise ArgumentError("unique: return_index and axis are not supported here; use numpy.unique on the values.")
    values, places, counts = torch.unique(tensor(x), return_inverse=True, return_counts=True)
    more = [part.to(torch.int32) for part, wanted in ((places, return_inverse), (counts, return_counts)) if wanted]
    return (values, *more) if more else values


@function
def searchsorted(sorted_sequence, values, side="left", out_type="int32"):
    """Where in a sorted row each value would be put in."""
    row, values = tensors(sorted_sequence, values)
    return torch.searchsorted(row.contiguous(), values.contiguous(), right=side == "right").to(torch_dtype(out_type))


@function
def sequence_mask(lengths, maxlen=None, dtype="bool"):
    """Rows that are true for so many places and false after them."""
    lengths = tensor(lengths)
    most = integer(maxlen) if maxlen is not None else int(lengths.max())
    return (torch.arange(most, device=lengths.device) < lengths.unsqueeze(-1)).to(torch_dtype(dtype))


@function
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal in the plane of two axes."""
    return torch.diagonal(tensor(x), integer(offset), axis1, axis2)


@function
def digitize(x, bins):
    """The number of the bin between rising `bins` that each value falls in, int32."""
    x, bins = tensors(x, bins)
    return torch.bucketize(x, bins, right=True).to(torch.int32)


@function
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each value of x1 is one of x2."""
    x1, x2 = tensors(x1, x2)
    return torch.isin(x1, x2, assume_unique=assume_unique, invert=invert)


@function
def unravel_index(indices, shape):
    """Coordinates out of places in a row, int32, one tensor for each axis."""
    return tuple(part.to(torch.int32) for part in torch.unravel_index(tensor(indices).long(), tuple(sizes(shape))))


@function
def unravel_index_of_tensorflow(indices, dims):
    """Coordinates out of places in a row: a first axis of as many entries as there are dims."""
    return torch.stack(unravel_index.implementation(indices, dims))


@function
def reverse_sequence(x, seq_lengths, seq_axis=None, batch_axis=0):
    """x with the first seq_lengths[i] entries of each sample i turned round along `seq_axis`."""
    x, lengths = tensor(x), integers(seq_lengths)
    (axis,), (batch,) = axes(seq_axis, x.ndim), axes(batch_axis, x.ndim)
    parts = []
    for index, length in builtins.enumerate(lengths):
        one = x.select(batch, index)
        place = axis - (axis > batch)
        first, rest = one.narrow(place, 0, length), one.narrow(place, length, one.shape[place] - length)
        parts.append(torch.cat([first.flip(place), rest], place))
    return torch.stack(parts, batch)
