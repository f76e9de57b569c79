"""TF_NAMES: the functions at the top of TensorFlow by their names there, of today and of TensorFlow 1."""

from anmok.compat.functions import arrangement as ar
from anmok.compat.functions import control as co
from anmok.compat.functions import creation as cr
from anmok.compat.functions import decompositions as de
from anmok.compat.functions import elementwise as el
from anmok.compat.functions import linear as li
from anmok.compat.functions import network as ne
from anmok.compat.functions import picking as pi
from anmok.compat.functions import reduce as re
from anmok.compat.functions import statistics as st
from anmok.compat.functions.calling import variant

reduce_mean = variant(re.mean, "reduce_mean", whole=True)
# Along the first axis where none is named, other than in NumPy and Keras.
_argmax, _argmin = variant(re.argmax, axis=0), variant(re.argmin, axis=0)

# What is in tf.math as well as in tf.
ARITHMETIC = {
    "abs": el.absolute, "acos": el.acos, "acosh": el.acosh, "add": el.add, "add_n": el.add_n, "argmax": _argmax,
    "argmin": _argmin, "asin": el.asin, "asinh": el.asinh, "atan": el.atan, "atan2": el.arctan2, "atanh": el.atanh,
    "cos": el.cos, "cosh": el.cosh, "cumsum": re.cumsum, "divide": el.divide, "equal": el.equal, "exp": el.exp,
    "floor": el.floor, "greater": el.greater, "greater_equal": el.greater_equal, "less": el.less,
    "less_equal": el.less_equal, "logical_and": el.logical_and, "logical_not": el.logical_not,
    "logical_or": el.logical_or, "maximum": el.maximum, "minimum": el.minimum, "multiply": el.multiply,
    "negative": el.negative, "not_equal": el.not_equal, "pow": el.power, "reduce_all": re.all_, "reduce_any": re.any_,
    "reduce_logsumexp": re.logsumexp, "reduce_max": re.max_, "reduce_mean": reduce_mean, "reduce_min": re.min_,
    "reduce_prod": re.prod, "reduce_sum": re.sum_, "round": el.round_, "scalar_mul": el.multiply,
    "sigmoid": ne.sigmoid, "sign": el.sign, "sin": el.sin, "sinh": el.sinh, "sqrt": el.sqrt, "square": el.square,
    "subtract": el.subtract, "tan": el.tan, "tanh": ne.tanh, "truediv": el.divide,
}  # fmt: skip


def _to(dtype, name):
    """A cast to one format, under the name it had in TensorFlow 1."""
    return variant(el.cast, name, dtype=dtype)


TF_NAMES = ARITHMETIC | {
    "argsort": pi.argsort, "boolean_mask": pi.boolean_mask, "broadcast_to": ar.broadcast_to, "case": co.case,
    "cast": el.cast, "clip_by_global_norm": li.clip_by_global_norm, "clip_by_norm": li.clip_by_norm,
    "clip_by_value": el.clip_by_value, "complex": el.complex_, "concat": ar.concat, "cond": co.cond,
    "eig": de.eig, "einsum": li.einsum, "ensure_shape": ar.ensure_shape, "expand_dims": ar.expand_dims,
    "eye": cr.eye_of_tensorflow,
    "fill": cr.fill, "foldl": co.foldl, "foldr": co.foldr, "gather": pi.gather, "gather_nd": pi.gather_nd,
    "group": co.group, "histogram_fixed_width": st.histogram_fixed_width, "identity": el.identity,
    "identity_n": co.tuple_, "linspace": cr.linspace_of_tensorflow, "map_fn": co.map_fn,
    "matmul": li.matmul, "meshgrid": ar.meshgrid,
    "no_op": co.no_op, "norm": li.flat_norm, "one_hot": pi.one_hot, "ones": cr.ones, "ones_like": cr.ones_like,
    "pad": ar.pad, "print": co.print_, "range": cr.range_, "rank": ar.rank, "realdiv": el.divide, "repeat": ar.repeat,
    "reshape": ar.reshape, "reverse": ar.reverse, "reverse_sequence": pi.reverse_sequence, "roll": ar.roll,
    "saturate_cast": el.saturate_cast, "scan": co.scan_of_tensorflow, "scatter_nd": pi.scatter_nd,
    "searchsorted": pi.searchsorted, "sequence_mask": pi.sequence_mask, "shape": ar.shape, "size": ar.size,
    "slice": pi.slice_, "sort": pi.sort, "split": ar.split, "squeeze": ar.squeeze, "stack": ar.stack,
    "stop_gradient": el.stop_gradient, "strided_slice": pi.strided_slice, "switch_case": co.switch_case,
    "dynamic_partition": pi.dynamic_partition, "tensor_scatter_nd_max": pi.tensor_scatter_nd_max,
    "tensor_scatter_nd_min": pi.tensor_scatter_nd_min, "unravel_index": pi.unravel_index_of_tensorflow,
    "tensor_scatter_nd_add": pi.tensor_scatter_nd_add, "tensor_scatter_nd_sub": pi.tensor_scatter_nd_sub,
    "tensor_scatter_nd_update": pi.tensor_scatter_nd_update, "tensordot": li.tensordot, "tile": ar.tile,
    "transpose": ar.transpose, "truncatediv": el.truncated_divide, "truncatemod": el.fmod, "tuple": co.tuple_,
    "unique": pi.unique, "unique_with_counts": pi.unique_with_counts, "unstack": ar.unstack,
    "vectorized_map": co.vectorized_map, "where": pi.where, "while_loop": co.while_loop, "zeros": cr.zeros,
    "zeros_like": cr.zeros_like, "floordiv": el.floor_divide, "floormod": el.mod, "mod": el.mod,
}  # fmt: skip

# TensorFlow 1.
OLD_NAMES = {
    "arg_max": _argmax, "arg_min": _argmin, "ceil": el.ceil, "confusion_matrix": st.confusion_matrix,
    "cumprod": re.cumprod, "diag": li.matrix_diag, "diag_part": li.matrix_diag_part, "div": el.truncated_divide,
    "div_no_nan": el.divide_no_nan, "erf": el.erf, "global_norm": li.global_norm, "is_finite": el.isfinite,
    "is_inf": el.isinf, "is_nan": el.isnan, "lgamma": el.lgamma, "log": el.log, "log1p": el.log1p,
    "log_sigmoid": ne.log_sigmoid, "logical_xor": el.logical_xor, "matrix_band_part": li.band_part,
    "matrix_determinant": de.det, "matrix_diag": li.matrix_diag, "matrix_inverse": de.inv, "matrix_solve": de.solve,
    "random_normal": cr.random_normal, "random_uniform": cr.random_uniform, "reciprocal": el.reciprocal,
    "rint": el.rint, "rsqrt": el.rsqrt, "squared_difference": el.squared_difference,
    "to_double": _to("float64", "to_double"), "to_float": _to("float32", "to_float"),
    "to_int32": _to("int32", "to_int32"), "to_int64": _to("int64", "to_int64"),
    "truncated_normal": cr.truncated_normal,
}  # fmt: skip
TF_NAMES = OLD_NAMES | TF_NAMES
