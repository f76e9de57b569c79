"""tf.nn."""

from anmok.compat import missing
from anmok.compat.functions import arrangement as ar
from anmok.compat.functions import crossentropy as ce
from anmok.compat.functions import elementwise as el
from anmok.compat.functions import linear as li
from anmok.compat.functions import network as ne
from anmok.compat.functions import picking as pi
from anmok.compat.functions import reduce as re
from anmok.compat.functions import statistics as st
from anmok.compat.functions import windows as wi
from anmok.compat.functions.calling import variant
from anmok.errors import ArgumentError


def _last(of):
    """A function of windows that takes channels to be last, whatever holds for Keras."""
    return variant(of, data_format="NHWC")


def embedding_lookup(params, ids, max_norm=None, name=None):
    """The rows of `params` at `ids`."""
    if max_norm is not None:
        raise ArgumentError("tf.nn.embedding_lookup: max_norm is not supported; use tf.clip_by_norm on the result.")
    return pi.gather(params, ids, axis=0, name=name)


def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """Pooling of the type 'MAX' or 'AVG'."""
    if pooling_type not in ("MAX", "AVG") or dilations not in (None, 1):
        raise ArgumentError("tf.nn.pool: expected pooling_type 'MAX' or 'AVG', and no dilations.")
    strides = 1 if strides is None else strides
    kind = wi.max_pool if pooling_type == "MAX" else wi.average_pool
    return kind(input, window_shape, strides, padding, data_format or "NHWC", name=name)


def atrous_conv2d(value, filters, rate, padding, name=None):
    """Convolution by a kernel whose entries lie `rate` apart."""
    return wi.conv(value, filters, 1, padding, "NHWC", rate, name=name)


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """The sum of the losses (times weights) over the size of the batch on all devices: there is one."""
    losses = per_example_loss if sample_weight is None else el.multiply(per_example_loss, sample_weight)
    if global_batch_size is None:
        return re.mean(losses)
    return el.divide(re.sum_(losses), el.cast(global_batch_size, "float32"))


def scale_regularization_loss(regularization_loss):
    """The sum of the losses over the number of devices: there is one."""
    return re.sum_(regularization_loss)


_WINDOWS = {
    wi.average_pool: "avg_pool avg_pool1d avg_pool2d avg_pool3d",
    wi.max_pool: "max_pool max_pool1d max_pool2d max_pool3d",
    wi.conv: "conv1d conv2d conv3d convolution",
    wi.conv_transpose: "conv1d_transpose conv2d_transpose conv3d_transpose conv_transpose",
    wi.depthwise_conv: "depthwise_conv2d depthwise_conv2d_native",
    wi.separable_conv: "separable_conv2d",
}
NAMES = {name: _last(of) for of, names in _WINDOWS.items() for name in names.split()}
NAMES |= {
    "batch_normalization": ne.batch_normalization, "bias_add": ne.bias_add, "crelu": ne.crelu,
    "depth_to_space": ar.depth_to_space, "dropout": ne.dropout,
    "elu": ne.elu, "gelu": ne.gelu, "in_top_k": pi.in_top_k, "l2_loss": ne.l2_loss, "l2_normalize": li.l2_normalize,
    "leaky_relu": ne.leaky_relu, "local_response_normalization": ne.local_response_normalization,
    "lrn": ne.local_response_normalization, "log_softmax": ne.log_softmax, "moments": re.moments,
    "weighted_moments": re.weighted_moments, "compute_average_loss": compute_average_loss,
    "scale_regularization_loss": scale_regularization_loss,
    "relu": ne.relu, "relu6": ne.relu6, "selu": ne.selu,
    "sigmoid": ne.sigmoid, "sigmoid_cross_entropy_with_logits": ce.sigmoid_cross_entropy_with_logits, "silu": ne.silu,
    "softmax": ne.softmax, "softmax_cross_entropy_with_logits": ce.softmax_cross_entropy_with_logits,
    "softmax_cross_entropy_with_logits_v2": ce.softmax_cross_entropy_with_logits, "softplus": ne.softplus,
    "softsign": ne.softsign, "space_to_depth": ar.space_to_depth,
    "sparse_softmax_cross_entropy_with_logits": ce.sparse_softmax_cross_entropy_with_logits, "swish": ne.silu,
    "tanh": ne.tanh, "top_k": pi.top_k, "weighted_cross_entropy_with_logits": ce.weighted_cross_entropy_with_logits,
    "zero_fraction": st.zero_fraction, "embedding_lookup": embedding_lookup, "pool": pool,
    "atrous_conv2d": atrous_conv2d,
}  # fmt: skip
globals().update(NAMES)


def __getattr__(name):
    raise missing.attribute("tf.nn", name, NAMES)


def __dir__():
    return sorted(NAMES)
