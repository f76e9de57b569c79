"""First values of weights, in Keras' layout and with Keras 3's names, arguments and distributions.

An initializer is called with (shape, dtype=None) and returns a tensor, float32 unless told otherwise. Random ones draw
on the CPU, so that a seed gives the same weights on every device.
"""

import functools
import math
import operator

import numpy as np
import torch
from torch import Tensor

from anmok import outside, random
from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.mixed_precision import format_name
from anmok.registry import Registry

_registry = Registry("initializer", "keras.initializers")
# The standard deviation of a standard normal distribution cut at -2 and 2.
_STDDEV_CUT_AT_2 = 0.87962566103423978
_PROBABILITY_WITHIN_2 = math.erf(math.sqrt(2.0))
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")


def _torch_dtype(dtype):
    if dtype is None:
        return torch.float32
    if isinstance(dtype, torch.dtype):
        return dtype
    name = format_name(dtype)
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise unknown_name("dtype", name, [n for n, value in vars(torch).items() if isinstance(value, torch.dtype)])
    return found


def _finite(name, value):
    if isinstance(value, (Tensor, np.ndarray, np.generic)) and np.ndim(value) == 0:
        value = value.item()
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ArgumentError(f"{name} must be a finite number, got {value!r}.")
    return value


def _shown(draw):
    """A method that draws values, for callers who may have tensors of their own kind."""

    @functools.wraps(draw)
    def call(self, shape, dtype=None):
        return outside.shown(draw(self, shape, dtype))

    return call


class Initializer:
    """Your own: define __call__(shape, dtype=None) returning a tensor, and get_config() if it has arguments."""

    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        if "__call__" in cls.__dict__ and outside.is_ours(cls.__call__):
            cls.__call__ = _shown(cls.__call__)

    def __call__(self, shape, dtype=None):
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(shape, dtype=None).")

    def get_config(self):
        """The constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The initializer that `get_config` described."""
        return cls(**config)

    def clone(self):
        """Another initializer of the same configuration."""
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape, dtype=None):
        return torch.zeros(tuple(shape), dtype=_torch_dtype(dtype), device="cpu")


class Ones(Initializer):
    """All 1."""

    def __call__(self, shape, dtype=None):
        return torch.ones(tuple(shape), dtype=_torch_dtype(dtype), device="cpu")


class Constant(Initializer):
    """All `value`: a number, or an array that is repeated to fill the shape; ShapeError where it does not fit."""

    def __init__(self, value=0.0):
        try:
            torch.as_tensor(value, device="cpu")
        except (TypeError, ValueError, RuntimeError):
            raise ArgumentError(f"value must be a number or an array of numbers, got {value!r}.") from None
        self.value = value

    def __call__(self, shape, dtype=None):
        value = torch.as_tensor(self.value, dtype=_torch_dtype(dtype), device="cpu").detach()
        try:
            return value.expand(tuple(shape)).clone(memory_format=torch.contiguous_format)
        except RuntimeError as error:
            raise ShapeError(
                f"Constant holds values of shape {tuple(value.shape)}, which do not fill a weight of shape "
                f"{tuple(shape)}. Give one number, or an array of the weight's shape."
            ) from error

    def get_config(self):
        """The value; arrays in the form that Keras 3 writes."""
        value = self.value
        if isinstance(value, Tensor):
            value = value.detach().cpu()
            inner = {"value": value.tolist(), "dtype": str(value.dtype).removeprefix("torch.")}
            return {"value": {"class_name": "__tensor__", "config": inner}}
        if isinstance(value, np.ndarray) and value.ndim:
            inner = {"value": value.tolist(), "dtype": value.dtype.name}
            return {"value": {"class_name": "__numpy__", "config": inner}}
        return {"value": value.item() if isinstance(value, (np.ndarray, np.generic)) else value}

    @classmethod
    def from_config(cls, config):
        """The Constant that `get_config`, ours or Keras', described."""
        value = config["value"]
        if isinstance(value, dict):
            inner = value["config"]
            if value.get("class_name") == "__tensor__":
                return cls(torch.tensor(inner["value"], dtype=_torch_dtype(inner["dtype"])))
            value = np.array(inner["value"], dtype=inner["dtype"])
        return cls(value)


class Identity(Initializer):
    """gain times the identity matrix; raises ShapeError for anything but (rows, columns)."""

    def __init__(self, gain=1.0):
        self.gain = _finite("gain", gain)

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ShapeError(f"Identity makes matrices (rows, columns), got shape {tuple(shape)}.")
        return torch.eye(*shape, dtype=_torch_dtype(dtype), device="cpu").mul_(self.gain)

    def get_config(self):
        return {"gain": self.gain}


class _Random(Initializer):
    """Where the draws of the random initializers come from.

    seed: None, new values at each call, from the master seed; an int, the same values at each call; the config that
    Keras writes for a SeedGenerator, new values at each call, from its seed.
    """

    def __init__(self, seed=None):
        self._calls = 0
        if seed is None or isinstance(seed, dict):
            self.seed = seed
            if seed is not None and not isinstance(seed.get("config", {}).get("seed"), (int, type(None))):
                raise ArgumentError(f"seed must be None, an int or the config of a SeedGenerator, got {seed!r}.")
            return
        try:
            self.seed = operator.index(seed)
        except TypeError:
            raise ArgumentError(f"seed must be None or an int, got {seed!r}.") from None

    def get_config(self):
        return {"seed": self.seed}

    def _generator(self):
        seed = self.seed
        if isinstance(seed, dict):
            seed = seed.get("config", {}).get("seed")
            if seed is not None:
                self._calls += 1
                state = np.random.SeedSequence([seed % 2**64, self._calls]).generate_state(1, np.uint64)
                seed = int(state[0])
        seed = random.next_seed("initializer") if seed is None else seed
        return torch.Generator(device="cpu").manual_seed(seed % 2**63)

    def _draw(self, shape, dtype, fill):
        dtype = _torch_dtype(dtype)
        # Half precision has too few steps to draw in.
        wide = dtype if dtype in (torch.float32, torch.float64) else torch.float32
        values = torch.empty(tuple(shape), dtype=wide, device="cpu")
        return fill(values, self._generator()).to(dtype)

    def _uniform(self, shape, dtype, low, high):
        return self._draw(shape, dtype, lambda values, source: values.uniform_(low, high, generator=source))

    def _normal(self, shape, dtype, mean, stddev):
        return self._draw(shape, dtype, lambda values, source: values.normal_(mean, stddev, generator=source))

    def _truncated_normal(self, shape, dtype, mean, stddev):
        def fill(values, source):
            # The inverse of the distribution function; torch.nn.init.trunc_normal_ takes ten times as long.
            within = _PROBABILITY_WITHIN_2
            values.uniform_(-within, within, generator=source).erfinv_()
            return values.mul_(math.sqrt(2.0) * stddev).add_(mean)

        return self._draw(shape, dtype, fill)


class RandomNormal(_Random):
    """Normal with that mean and standard deviation."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = _finite("mean", mean), _finite("stddev", stddev)
        if self.stddev < 0:
            raise ArgumentError(f"stddev must be >= 0, got {stddev!r}.")

    def __call__(self, shape, dtype=None):
        return self._normal(shape, dtype, self.mean, self.stddev)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal before values beyond two `stddev` from `mean` are drawn anew."""

    def __call__(self, shape, dtype=None):
        return self._truncated_normal(shape, dtype, self.mean, self.stddev)


class RandomUniform(_Random):
    """Uniform from minval up to, not including, maxval."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = _finite("minval", minval), _finite("maxval", maxval)
        if self.minval > self.maxval:
            raise ArgumentError(f"minval must not be above maxval, got minval={minval!r}, maxval={maxval!r}.")

    def __call__(self, shape, dtype=None):
        return self._uniform(shape, dtype, self.minval, self.maxval)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


def compute_fans(shape, input_axes=None, output_axes=None):
    """(fan_in, fan_out) of a weight in Keras' layout (..., inputs, outputs), as in Keras."""
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(_Random):
    """Mean 0 and variance scale / n, where n is the weight's fan_in, fan_out or their mean, fan_avg (as in Keras).

    distribution: "uniform", "truncated_normal" (or "normal"), "untruncated_normal". input_axes, output_axes: lists of
    the axes whose sizes make the fans, both or neither.
    """

    # fmt: off
    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None,
                 input_axes=None, output_axes=None):
        # fmt: on
        super().__init__(seed)
        self.scale = _finite("scale", scale)
        if self.scale <= 0:
            raise ArgumentError(f"scale must be a number > 0, got {scale!r}.")
        if mode not in _MODES:
            raise unknown_name("mode of VarianceScaling", mode, _MODES)
        distribution = str(distribution).lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in _DISTRIBUTIONS:
            raise unknown_name("distribution of VarianceScaling", distribution, _DISTRIBUTIONS)
        if (input_axes is None) != (output_axes is None):
            raise ArgumentError(
                f"input_axes and output_axes go together, got input_axes={input_axes!r}, output_axes={output_axes!r}."
            )
        self.mode, self.distribution = mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return self._uniform(shape, dtype, -limit, limit)
        if self.distribution == "untruncated_normal":
            return self._normal(shape, dtype, 0.0, math.sqrt(variance))
        return self._truncated_normal(shape, dtype, 0.0, math.sqrt(variance) / _STDDEV_CUT_AT_2)

    def get_config(self):
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, **self._named_config()}

    def _named_config(self):
        return {"seed": self.seed, "input_axes": self.input_axes, "output_axes": self.output_axes}


class _Named(VarianceScaling):
    """A VarianceScaling whose first three arguments have a name."""

    _recipe = ()

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(*self._recipe, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self):
        return self._named_config()


class GlorotUniform(_Named):
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010); Keras' default for kernels."""

    _recipe = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    _recipe = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform with variance 2 / fan_in (He et al. 2015)."""

    _recipe = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal with variance 2 / fan_in (He et al. 2015)."""

    _recipe = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform with variance 1 / fan_in (LeCun et al. 1998)."""

    _recipe = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal with variance 1 / fan_in (LeCun et al. 1998)."""

    _recipe = (1.0, "fan_in", "truncated_normal")


class Orthogonal(_Random):
    """gain times a random matrix (all axes but the last, last axis) with orthonormal rows or columns.

    As in Keras, after Saxe et al. 2014. Raises ShapeError for fewer than two axes.
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = _finite("gain", gain)

    def __call__(self, shape, dtype=None):
        shape = tuple(shape)
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal needs at least two axes, got shape {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        dtype = _torch_dtype(dtype)
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        basis, triangle = torch.linalg.qr(self._normal((max(rows, columns), min(rows, columns)), wide, 0.0, 1.0))
        # QR fixes each sign by its own convention; undone, every orthogonal matrix is as likely as any other.
        basis.mul_(triangle.diagonal().sign())
        basis = basis.T if rows < columns else basis
        return basis.mul_(self.gain).reshape(shape).to(dtype).contiguous()

    def get_config(self):
        return {"gain": self.gain, "seed": self.seed}


zeros = zero = _registry.add(Zeros, "zero")
ones = one = _registry.add(Ones, "one")
constant = _registry.add(Constant)
identity = IdentityInitializer = _registry.add(Identity, "IdentityInitializer")
random_normal = normal = _registry.add(RandomNormal, "normal")
random_uniform = uniform = _registry.add(RandomUniform, "uniform")
truncated_normal = _registry.add(TruncatedNormal)
variance_scaling = _registry.add(VarianceScaling)
glorot_uniform = _registry.add(GlorotUniform)
glorot_normal = _registry.add(GlorotNormal)
he_uniform = _registry.add(HeUniform)
he_normal = _registry.add(HeNormal)
lecun_uniform = _registry.add(LecunUniform)
lecun_normal = _registry.add(LecunNormal)
orthogonal = OrthogonalInitializer = _registry.add(Orthogonal, "OrthogonalInitializer")


def get(identifier):
    """The initializer that `identifier` stands for.

    None, a name, a class, a config, an object, a function of (shape, dtype), or an array of first values.
    """
    if isinstance(identifier, (Tensor, np.ndarray)):
        return Constant(identifier)
    return deserialize(identifier) if isinstance(identifier, dict) else _registry.get(identifier)


def serialize(initializer):
    """The initializer as plain data, in Keras 3's form."""
    return _registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The initializer that `serialize` (ours or Keras') wrote."""
    if isinstance(config, dict) and config.get("class_name") in _registry and "dtype" in (config.get("config") or {}):
        # TensorFlow 1 wrote a dtype here; the layer's own is the one that counts.
        config = {**config, "config": {key: value for key, value in config["config"].items() if key != "dtype"}}
    return _registry.deserialize(config, custom_objects)
