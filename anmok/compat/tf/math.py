"""tf.math."""

from anmok.compat import missing
from anmok.compat.functions import elementwise as el
from anmok.compat.functions import linear as li
from anmok.compat.functions import network as ne
from anmok.compat.functions import picking as pi
from anmok.compat.functions import reduce as re
from anmok.compat.functions import statistics as st
from anmok.compat.functions.calling import variant
from anmok.compat.functions.table import ARITHMETIC


def _segment(reduction, name):
    return variant(re.segment, name, reduction=reduction)


_SEGMENTS = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "amax", "min": "amin"}
NAMES = ARITHMETIC | {
    "accumulate_n": el.add_n, "angle": el.angle, "bessel_i0": el.i0, "bincount": st.bincount, "ceil": el.ceil,
    "confusion_matrix": st.confusion_matrix, "conj": el.conj, "count_nonzero": variant(re.count_nonzero, dtype="int64"),
    "cumprod": re.cumprod, "digamma": el.digamma, "divide_no_nan": el.divide_no_nan, "erf": el.erf, "erfc": el.erfc,
    "erfinv": el.erfinv, "expm1": el.expm1, "floordiv": el.floor_divide, "floormod": el.mod, "imag": el.imag,
    "in_top_k": pi.in_top_k, "is_finite": el.isfinite, "is_inf": el.isinf, "is_nan": el.isnan,
    "invert_permutation": pi.invert_permutation,
    "l2_normalize": li.l2_normalize, "lgamma": el.lgamma, "log": el.log, "log1p": el.log1p,
    "log_sigmoid": ne.log_sigmoid, "log_softmax": ne.log_softmax, "logical_xor": el.logical_xor, "mod": el.mod,
    "multiply_no_nan": el.multiply_no_nan, "nextafter": el.nextafter, "polyval": el.polyval, "real": el.real,
    "reciprocal": el.reciprocal, "reciprocal_no_nan": el.reciprocal_no_nan,
    "reduce_euclidean_norm": re.euclidean_norm, "reduce_std": re.std, "reduce_variance": re.variance, "rint": el.rint,
    "rsqrt": el.rsqrt, "softmax": ne.softmax, "softplus": ne.softplus, "softsign": ne.softsign,
    "squared_difference": el.squared_difference, "top_k": pi.top_k, "xdivy": el.xdivy, "xlogy": el.xlogy,
    "xlog1py": el.xlog1py, "zero_fraction": st.zero_fraction,
    **{f"segment_{name}": _segment(how, f"segment_{name}") for name, how in _SEGMENTS.items()},
    **{f"unsorted_segment_{name}": _segment(how, f"unsorted_segment_{name}") for name, how in _SEGMENTS.items()},
}  # fmt: skip
globals().update(NAMES)


def __getattr__(name):
    raise missing.attribute("tf.math", name, NAMES)


def __dir__():
    return sorted(NAMES)
