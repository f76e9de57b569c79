"""New tensors: of one value, of rising numbers, like another one, at random."""

import math

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import generator, integer, sizes, tensor, tensors, torch_dtype
from anmok.errors import ArgumentError


@function
def zeros(shape, dtype="float32"):
    """0 everywhere."""
    return torch.zeros(sizes(shape), dtype=torch_dtype(dtype) or torch.float32)


@function
def ones(shape, dtype="float32"):
    """1 everywhere."""
    return torch.ones(sizes(shape), dtype=torch_dtype(dtype) or torch.float32)


@function
def fill(dims, value):
    """One value everywhere; its format is that of the value."""
    value = tensor(value)
    return value.expand(sizes(dims)).clone()


@function
def full(shape, fill_value, dtype=None):
    """One value everywhere."""
    value = tensor(fill_value)
    return value.to(torch_dtype(dtype) or value.dtype).expand(sizes(shape)).clone()


@function
def zeros_like(x, dtype=None):
    """0 everywhere, of the shape of x."""
    return torch.zeros_like(tensor(x), dtype=torch_dtype(dtype))


@function
def ones_like(x, dtype=None):
    """1 everywhere, of the shape of x."""
    return torch.ones_like(tensor(x), dtype=torch_dtype(dtype))


@function
def full_like(x, fill_value, dtype=None):
    """One value everywhere, of the shape of x."""
    x = tensor(x)
    return tensor(fill_value, like=x).to(torch_dtype(dtype) or x.dtype).expand(x.shape).clone()


@function
def range_(start, limit=None, delta=1, dtype=None):
    """start, start + delta, ... below `limit` (one number alone is the limit)."""
    if limit is None:
        start, limit = 0, start
    made = tensors(start, limit, delta)
    kind = torch_dtype(dtype) or made[0].dtype
    first, last, step = (value.item() for value in made)
    if kind.is_floating_point:
        count = max(math.ceil((last - first) / step), 0)
        return (first + step * torch.arange(count, dtype=torch.float64)).to(kind)
    return torch.arange(first, last, step, dtype=kind)


@function
def linspace(start, stop, num=50, endpoint=True, dtype=None):
    """So many numbers at equal distances from `start` to `stop` (with it, unless endpoint is False)."""
    start, stop = tensors(start, stop)
    kind = torch_dtype(dtype) or (start.dtype if start.is_floating_point() else torch.float32)
    num = integer(num)
    steps = torch.arange(num, dtype=torch.float64) / max(num - 1 if endpoint else num, 1)
    steps = steps.reshape(-1, *[1] * start.ndim)
    made = start.double() + steps * (stop.double() - start.double())
    return made.to(kind)


@function
def eye(num_rows, num_columns=None, k=0, batch_shape=None, dtype="float32"):
    """1 on the diagonal (the k-th above it), 0 elsewhere; batch_shape: so many times."""
    rows = integer(num_rows)
    columns = rows if num_columns is None else integer(num_columns)
    across = torch.arange(columns) - torch.arange(rows)[:, None]
    made = (across == integer(k)).to(torch_dtype(dtype) or torch.float32)
    return made if batch_shape is None else made.expand(*sizes(batch_shape), rows, columns).clone()


@function
def eye_of_tensorflow(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    """1 on the diagonal, 0 elsewhere; batch_shape: so many times."""
    return eye.implementation(num_rows, num_columns, 0, batch_shape, dtype)


@function
def tri(N, M=None, k=0, dtype="float32"):
    """1 on and below the k-th diagonal."""
    return torch.ones(N, N if M is None else M).tril(k).to(torch_dtype(dtype))


@function
def linspace_of_tensorflow(start, stop, num, axis=0):
    """So many numbers at equal distances from `start` to `stop`; float64 between whole numbers."""
    whole = not tensors(start, stop)[0].is_floating_point()
    return linspace.implementation(start, stop, num, True, "float64" if whole else None).movedim(0, integer(axis))


@function
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None):
    """Powers of `base` whose exponents are at equal distances."""
    exponents = linspace.implementation(start, stop, num, endpoint, "float64")
    made = torch.pow(torch.tensor(float(base), dtype=torch.float64), exponents)
    return made.to(torch_dtype(dtype) or torch.float32)


@function
def geomspace(start, stop, num=50, endpoint=True, dtype=None):
    """Numbers from `start` to `stop` of which each is the same multiple of the one before."""
    logs = linspace.implementation(tensor(start).double().log(), tensor(stop).double().log(), num, endpoint, "float64")
    return logs.exp().to(torch_dtype(dtype) or torch.float32)


def window(name, symmetric):
    """torch's window function of that name as a function of a length."""
    make = getattr(torch, f"{name}_window")

    @function(name=f"{name}_window")
    def made(x):
        return make(integer(x), periodic=not symmetric, dtype=torch.float64).float()

    made.__doc__ = f"The {name.capitalize()} window of that length."
    return made


bartlett = window("bartlett", symmetric=True)
blackman = window("blackman", symmetric=True)
hamming = window("hamming", symmetric=True)
hanning = window("hann", symmetric=True)


@function
def kaiser(x, beta):
    """The Kaiser window of that length."""
    return torch.kaiser_window(integer(x), periodic=False, beta=float(tensor(beta)), dtype=torch.float64).float()


# At random: of the library's randomness, or of a seed of one's own ---------------------------------------------------


@function
def random_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    """Draws from a normal distribution."""
    drawn = torch.randn(sizes(shape), generator=generator("function", seed), dtype=_drawn_in(dtype))
    return (drawn * tensor(stddev) + tensor(mean)).to(torch_dtype(dtype))


@function
def random_uniform(shape, minval=0, maxval=None, dtype="float32", seed=None):
    """Draws from minval (with it) to maxval (without it); whole numbers for a whole format, which needs maxval."""
    kind = torch_dtype(dtype)
    draws = generator("function", seed)
    if not kind.is_floating_point:
        if maxval is None:
            raise ArgumentError("random uniform whole numbers need maxval.")
        return torch.randint(integer(minval), integer(maxval), sizes(shape), generator=draws, dtype=kind)
    low, high = tensor(minval), tensor(1.0 if maxval is None else maxval)
    drawn = torch.rand(sizes(shape), generator=draws, dtype=_drawn_in(dtype))
    return (drawn * (high - low) + low).to(kind)


@function
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None):
    """Draws from a normal distribution, those beyond two standard deviations drawn again."""
    drawn = torch.empty(sizes(shape), dtype=_drawn_in(dtype))
    torch.nn.init.trunc_normal_(drawn, 0.0, 1.0, -2.0, 2.0, generator=generator("function", seed))
    return (drawn * tensor(stddev) + tensor(mean)).to(torch_dtype(dtype))


@function
def random_bernoulli(shape, p=0.0, dtype="float32", seed=None):
    """1 with probability p, else 0."""
    drawn = torch.rand(sizes(shape), generator=generator("function", seed))
    return (drawn < p).to(torch_dtype(dtype) or torch.float32)


def _drawn_in(dtype):
    return torch.float64 if torch_dtype(dtype) is torch.float64 else torch.float32
