"""keras.ops of Keras 3: its functions by name."""

import numpy as np
import torch

from anmok.compat import keras_image_ops, missing
from anmok.compat.functions import arrangement as ar
from anmok.compat.functions import control as co
from anmok.compat.functions import creation as cr
from anmok.compat.functions import crossentropy as ce
from anmok.compat.functions import decompositions as de
from anmok.compat.functions import elementwise as el
from anmok.compat.functions import keras_only as ke
from anmok.compat.functions import linear as li
from anmok.compat.functions import network as ne
from anmok.compat.functions import picking as pi
from anmok.compat.functions import reduce as re
from anmok.compat.functions import statistics as st
from anmok.compat.functions import windows as wi
from anmok.compat.functions.calling import variant
from anmok.compat.functions.values import dtype_name, tensor
from anmok.layers.symbolic import KerasTensor


def shape(x):
    """The lengths of the axes, a tuple; None where they are not known."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(np.shape(x))


def ndim(x):
    return len(shape(x))


def size(x):
    return None if None in shape(x) else int(np.prod(shape(x), dtype=np.int64))


def dtype(x):
    """The number format by its name."""
    return x.dtype if isinstance(x, KerasTensor) else dtype_name(tensor(x).dtype)


def is_tensor(x):
    return isinstance(x, (torch.Tensor, KerasTensor))


def convert_to_numpy(x):
    """The values as a NumPy array."""
    return tensor(x).detach().cpu().numpy()


def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """x as a tensor."""
    return x if isinstance(x, KerasTensor) else ke.convert_to_tensor(x, dtype)


def zeros(shape, dtype=None):
    return cr.zeros(shape, dtype or "float32")


def ones(shape, dtype=None):
    return cr.ones(shape, dtype or "float32")


def eye(N, M=None, k=0, dtype=None):
    return cr.eye(N, M, k, None, dtype or "float32")


def identity(n, dtype=None):
    return cr.eye(n, dtype=dtype or "float32")


def tri(N, M=None, k=0, dtype=None):
    return cr.tri(N, M, k, dtype or "float32")


def _split_along(of, axis):
    """`array_split` cut along a fixed axis."""
    return lambda x, indices_or_sections: of(x, indices_or_sections, axis)


def unique(x, **options):
    return pi.sorted_unique(x, **{key: value for key, value in options.items() if value is not None})


_v = variant


def _segment(reduction):
    def made(data, segment_ids, num_segments=None, sorted=False):
        del sorted
        return re.segment(data, segment_ids, num_segments, reduction)

    return made


_NUMPY = {
    "abs": el.absolute, "absolute": el.absolute, "add": el.add, "all": re.all_, "amax": re.max_, "amin": re.min_,
    "angle": el.angle, "any": re.any_, "append": ke.append, "arange": ke.arange, "arccos": el.acos,
    "arccosh": el.acosh, "arcsin": el.asin, "arcsinh": el.asinh, "arctan": el.atan, "arctan2": el.arctan2,
    "arctanh": el.atanh, "argmax": _v(re.argmax, output_type="int32"), "argmin": _v(re.argmin, output_type="int32"),
    "argpartition": ke.argpartition, "argsort": pi.argsort, "array": convert_to_tensor, "array_split": ar.array_split,
    "average": re.average, "bartlett": cr.bartlett, "bincount": st.bincount, "bitwise_and": el.bitwise_and,
    "bitwise_invert": el.bitwise_not, "bitwise_left_shift": el.bitwise_left_shift, "bitwise_not": el.bitwise_not,
    "bitwise_or": el.bitwise_or, "bitwise_right_shift": el.bitwise_right_shift, "bitwise_xor": el.bitwise_xor,
    "blackman": cr.blackman, "broadcast_to": ar.broadcast_to, "cbrt": el.cbrt, "ceil": el.ceil, "clip": el.clip,
    "concatenate": ar.concat, "conj": el.conj, "conjugate": el.conj, "copy": ke.copy, "corrcoef": li.corrcoef,
    "correlate": li.correlate, "cos": el.cos, "cosh": el.cosh, "count_nonzero": re.count_nonzero, "cross": ke.cross,
    "cumprod": _v(re.cumprod, axis=None), "cumsum": _v(re.cumsum, axis=None), "deg2rad": el.deg2rad, "diag": li.diag,
    "diagflat": li.diagflat, "diagonal": pi.diagonal, "diff": st.diff, "digitize": pi.digitize,
    "divide": el.true_divide, "divide_no_nan": el.divide_no_nan, "dot": li.dot, "dsplit": _split_along(ar.split_at, 2),
    "dstack": ke.dstack, "einsum": _v(li.einsum, names={"subscripts": "equation"}), "empty": zeros,
    "empty_like": cr.zeros_like, "equal": el.equal, "exp": el.exp, "exp2": el.exp2, "expand_dims": ar.expand_dims,
    "expm1": el.expm1, "eye": eye, "fabs": el.fabs, "flip": ke.flip, "fliplr": _v(ke.flip, "fliplr", axis=1),
    "flipud": _v(ke.flip, "flipud", axis=0), "floor": el.floor, "floor_divide": el.floor_divide, "fmax": el.fmax,
    "fmin": el.fmin, "fmod": el.fmod, "full": cr.full, "full_like": cr.full_like, "gcd": el.gcd,
    "geomspace": ke.geomspace, "get_item": pi.get_item, "greater": el.greater, "greater_equal": el.greater_equal,
    "hamming": cr.hamming, "hanning": cr.hanning, "heaviside": el.heaviside, "histogram": st.histogram,
    "hstack": ke.hstack, "hypot": el.hypot, "i0": el.i0, "identity": identity, "imag": el.imag, "inner": li.inner,
    "isclose": el.isclose, "isfinite": el.isfinite, "isin": pi.isin, "isinf": el.isinf, "isnan": el.isnan,
    "isneginf": el.isneginf, "isposinf": el.isposinf, "isreal": el.isreal, "kaiser": cr.kaiser, "kron": li.kron,
    "lcm": el.lcm, "ldexp": el.ldexp, "left_shift": el.bitwise_left_shift, "less": el.less,
    "less_equal": el.less_equal, "linspace": ke.linspace, "log": el.log, "log10": el.log10, "log1p": el.log1p,
    "log2": el.log2, "logaddexp": el.logaddexp, "logaddexp2": el.logaddexp2, "logical_and": el.logical_and,
    "logical_not": el.logical_not, "logical_or": el.logical_or, "logical_xor": el.logical_xor,
    "logspace": ke.log_of_spaces, "matmul": ke.matmul, "max": re.max_, "maximum": el.maximum, "mean": re.mean,
    "median": st.median, "meshgrid": ke.meshgrid, "min": re.min_, "minimum": el.minimum, "mod": el.mod,
    "moveaxis": ar.moveaxis, "multiply": el.multiply, "nan_to_num": el.nan_to_num, "nanargmax": st.nanargmax,
    "nanargmin": st.nanargmin, "nancumprod": st.nancumprod, "nancumsum": st.nancumsum, "nanmax": st.nanmax,
    "nanmean": st.nanmean, "nanmedian": st.nanmedian, "nanmin": st.nanmin, "nanpercentile": st.nanpercentile,
    "nanprod": st.nanprod, "nanquantile": st.nanquantile, "nanstd": st.nanstd, "nansum": st.nansum,
    "nanvar": st.nanvar, "ndim": ndim, "negative": el.negative, "nextafter": el.nextafter, "nonzero": pi.nonzero,
    "not_equal": el.not_equal, "ones": ones, "ones_like": cr.ones_like, "outer": li.outer,
    "pad": _v(ar.pad, names={"pad_width": "paddings"}), "percentile": st.percentile, "power": el.power,
    "prod": re.prod, "ptp": re.ptp, "quantile": st.quantile, "rad2deg": el.rad2deg, "ravel": ar.ravel,
    "real": el.real, "reciprocal": el.reciprocal, "repeat": ar.repeat,
    "reshape": _v(ar.reshape, names={"newshape": "shape"}), "right_shift": el.bitwise_right_shift, "roll": ar.roll,
    "rot90": _v(ar.rot90, names={"array": "x"}), "round": ke.round_, "searchsorted": pi.searchsorted,
    "select": pi.select, "sign": el.sign, "signbit": el.signbit, "sin": el.sin, "sinc": el.sinc, "sinh": el.sinh,
    "size": size, "slogdet": de.slogdet, "sort": pi.sort, "split": ke.split_along, "sqrt": el.sqrt,
    "square": el.square, "squeeze": ar.squeeze, "stack": ar.stack, "std": re.std, "subtract": el.subtract,
    "sum": re.sum_, "swapaxes": ar.swapaxes, "take": pi.take, "take_along_axis": pi.take_along_axis, "tan": el.tan,
    "tanh": ne.tanh, "tensordot": li.tensordot, "tile": _v(ar.tile, names={"repeats": "multiples"}), "trace": ke.trace,
    "transpose": _v(ar.transpose, names={"axes": "perm"}), "trapezoid": st.trapezoid, "tri": tri, "tril": li.tril,
    "triu": li.triu, "true_divide": el.true_divide, "trunc": el.trunc, "unique": unique,
    "unravel_index": pi.unravel_index, "vander": li.vander, "var": re.variance, "vdot": li.vdot,
    "vectorize": co.vectorize, "vsplit": _split_along(ar.split_at, 0), "vstack": ke.vstack, "where": ke.where,
    "zeros": zeros, "zeros_like": cr.zeros_like, "hsplit": lambda x, indices_or_sections: ar.split_at(
        x, indices_or_sections, 1 if ndim(x) > 1 else 0
    ), "view": ke.view_,
}  # fmt: skip
_NN = {
    "adaptive_average_pool": _v(wi.adaptive_pool, "adaptive_average_pool", kind="average"),
    "adaptive_max_pool": wi.adaptive_pool, "average_pool": wi.average_pool,
    "batch_normalization": ne.normalize_batch, "binary_crossentropy": ce.binary_crossentropy,
    "categorical_crossentropy": ce.categorical_crossentropy, "celu": ne.celu,
    "conv": _v(wi.conv, names={"inputs": "x"}), "conv_transpose": ke.conv_transpose,
    "depth_to_space": ar.depth_to_space, "depthwise_conv": wi.depthwise_conv,
    "dot_product_attention": ne.dot_product_attention, "elu": ne.elu, "fold": ke.fold,
    "gelu": _v(ne.gelu, approximate=True), "glu": ne.glu, "hard_shrink": ne.hard_shrink,
    "hard_sigmoid": ne.hard_sigmoid, "hard_silu": ne.hard_silu, "hard_swish": ne.hard_silu, "hard_tanh": ne.hard_tanh,
    "layer_normalization": ne.layer_normalization, "leaky_relu": ne.leaky_relu, "log_sigmoid": ne.log_sigmoid,
    "log_softmax": ne.log_softmax, "max_pool": wi.max_pool, "moments": ke.moments, "multi_hot": ke.multi_hot,
    "normalize": li.normalize, "one_hot": ke.one_hot, "polar": el.polar, "psnr": ne.psnr, "relu": ne.relu,
    "relu6": ne.relu6, "rms_normalization": ne.rms_normalization, "selu": ne.selu,
    "separable_conv": wi.separable_conv, "sigmoid": ne.sigmoid, "silu": ne.silu, "soft_shrink": ne.soft_shrink,
    "softmax": ne.softmax, "softplus": ne.softplus, "softsign": ne.softsign, "space_to_depth": ar.space_to_depth,
    "sparse_categorical_crossentropy": ce.sparse_categorical_crossentropy, "sparse_plus": ne.sparse_plus,
    "sparse_sigmoid": ne.sparse_sigmoid, "sparsemax": ne.sparsemax, "squareplus": ne.squareplus, "swish": ne.silu,
    "tanh_shrink": ne.tanh_shrink, "threshold": ne.threshold, "unfold": ke.unfold,
}  # fmt: skip
_LINALG = {
    "cholesky": de.cholesky, "cholesky_inverse": de.cholesky_inverse, "det": de.det, "eig": de.eig, "eigh": de.eigh,
    "inv": de.inv, "lstsq": de.lstsq, "matrix_rank": de.matrix_rank, "norm": ke.norm, "pinv": de.pinv, "qr": de.qr,
    "solve": de.solve, "solve_triangular": de.solve_triangular, "svd": de.svd,
}  # fmt: skip
_FURTHER = {
    "allclose": el.allclose, "associative_scan": co.associative_scan, "cast": el.cast, "cdist": li.cdist,
    "cond": co.cond, "convert_to_numpy": convert_to_numpy, "convert_to_tensor": convert_to_tensor, "dtype": dtype,
    "erf": el.erf, "erfc": el.erfc, "erfinv": el.erfinv, "fft": st.fft_of_pair, "fft2": st.fft2_of_pair,
    "fori_loop": co.fori_loop, "ifft2": st.ifft2_of_pair, "in_top_k": pi.in_top_k, "irfft": st.irfft_of_pair,
    "is_tensor": is_tensor, "logdet": de.logdet, "logsumexp": re.logsumexp, "map": co.map_, "rfft": st.rfft_of_pair,
    "rsqrt": el.rsqrt, "saturate_cast": el.saturate_cast, "scan": co.scan, "scatter": ke.scatter,
    "scatter_update": ke.scatter_update, "segment_max": _segment("amax"), "segment_min": _segment("amin"),
    "segment_prod": _segment("prod"), "segment_sum": _segment("sum"), "shape": shape, "slice": ke.slice_,
    "slice_update": pi.slice_update, "stop_gradient": el.stop_gradient, "switch": co.switch, "top_k": pi.top_k,
    "unstack": ar.unstack, "vectorized_map": lambda function, elements: co.map_fn(function, elements),
    "view_as_complex": ke.view_as_complex, "view_as_real": ke.view_as_real, "while_loop": co.while_loop,
}  # fmt: skip
NAMES = _NUMPY | _NN | _LINALG | _FURTHER


class Part:
    """What a module of keras.ops (nn, linalg, image, numpy) shows of its functions."""

    def __init__(self, functions, owner="keras.ops"):
        self.__dict__.update(functions, _owner=owner)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing.attribute(self._owner, name, self.__dict__)

    def __dir__(self):
        return sorted(set(self.__dict__) - {"_owner"})


nn = Part(_NN)
linalg = Part(_LINALG)
numpy = Part(NAMES)
image = Part(keras_image_ops.NAMES, "keras.ops.image")
globals().update(NAMES)
__all__ = sorted([*NAMES, "nn", "linalg", "numpy", "image"])


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'keras.ops' has no attribute {name!r}")
    raise missing.attribute("keras.ops", name, NAMES)


def __dir__():
    return __all__
