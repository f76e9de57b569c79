"""tf, tf.math, tf.nn and tf.linalg against NumPy, SciPy and slow loops; formats as TensorFlow has them."""

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import anmok.compat.tf as tf
from anmok.compat.tensors import Tensor
from anmok.compat.tf import linalg, math, nn, signal
from anmok.errors import ArgumentError, ShapeError

seeds = st.integers(0, 2**32 - 1)


def draw(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def close(got, wanted, dtype=None):
    assert isinstance(got, Tensor)
    np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-4, atol=1e-5)
    assert dtype is None or got.dtype.name == dtype


@pytest.mark.parametrize(
    "got, wanted, dtype",
    [
        (lambda: tf.argmax([[1, 3, 2]], axis=1), [1], "int64"),
        (lambda: tf.argmax([[1, 3], [4, 2]]), [1, 0], "int64"),
        (lambda: tf.argmax([1, 3], output_type=tf.int32), 1, "int32"),
        (lambda: tf.shape([[1, 2, 3]]), [1, 3], "int32"),
        (lambda: tf.size([[1, 2, 3]]), 3, "int32"),
        (lambda: tf.rank([[1, 2, 3]]), 2, "int32"),
        (lambda: tf.cast(True, tf.float32), 1.0, "float32"),
        (lambda: tf.cast([1.9, -1.9], "int32"), [1, -1], "int32"),
        (lambda: tf.reduce_mean([1, 2, 4]), 2, "int32"),
        (lambda: tf.reduce_mean([-1, -2, -4]), -2, "int32"),
        (lambda: tf.reduce_mean([1.0, 2.0]), 1.5, "float32"),
        (lambda: tf.reduce_sum([[1, 2], [3, 4]], 1, keepdims=True), [[3], [7]], "int32"),
        (lambda: tf.reduce_sum(np.ones((2, 2), "uint8")), 4, "uint8"),
        (lambda: tf.divide(3, 2), 1.5, "float64"),
        (lambda: tf.math.divide(np.int16([3]), np.int16([2])), [1.5], "float32"),
        (lambda: tf.math.floordiv(-3, 2), -2, "int32"),
        (lambda: tf.math.floormod(-3, 2), 1, "int32"),
        (lambda: tf.truncatediv(-3, 2), -1, "int32"),
        (lambda: tf.add(np.float32([1]), np.float64([2])), [3], "float64"),
        (lambda: tf.multiply(tf.ones(2), np.float64([2, 3])), [2, 3], "float32"),
        (lambda: tf.math.count_nonzero([0, 2, 3]), 2, "int64"),
        (lambda: tf.range(3), [0, 1, 2], "int32"),
        (lambda: tf.range(1.0, 2.0, 0.5), [1, 1.5], "float32"),
        (lambda: tf.fill([2], 3), [3, 3], "int32"),
        (lambda: tf.eye(2), np.eye(2), "float32"),
        (lambda: tf.eye(2, batch_shape=[1]), [np.eye(2)], "float32"),
        (lambda: tf.one_hot([0, 2, -1], 3), [[1, 0, 0], [0, 0, 1], [0, 0, 0]], "float32"),
        (lambda: tf.one_hot([1], 3, on_value=5, off_value=1, dtype=tf.int32), [[1, 5, 1]], "int32"),
        (lambda: tf.one_hot([1, 0], 3, axis=0), [[0, 1], [1, 0], [0, 0]], "float32"),
        (lambda: tf.zeros([2, 1]), [[0], [0]], "float32"),
        (lambda: tf.where([True, False]), [[0]], "int64"),
        (lambda: tf.where([True, False], [1, 2], [3, 4]), [1, 4], "int32"),
        (lambda: tf.round([0.5, 1.5, 2.5]), [0, 2, 2], "float32"),
        (lambda: tf.saturate_cast([-5.0, 300.0], tf.uint8), [0, 255], "uint8"),
        (lambda: tf.to_float([1]), [1], "float32"),
        (lambda: tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]), [[1, 0], [1, 1]], "int32"),
        (lambda: tf.sequence_mask([1, 3]), [[1, 0, 0], [1, 1, 1]], "bool"),
        (lambda: tf.reverse([[1, 2], [3, 4]], [1]), [[2, 1], [4, 3]], "int32"),
        (lambda: tf.strided_slice([1, 2, 3, 4], [1], [4], [2]), [2, 4], "int32"),
        (lambda: tf.slice([[1, 2], [3, 4]], [0, 1], [-1, 1]), [[2], [4]], "int32"),
        (lambda: tf.boolean_mask([[1, 2], [3, 4]], [True, False]), [[1, 2]], "int32"),
        (lambda: tf.scatter_nd([[1], [1]], [2, 3], [3]), [0, 5, 0], "int32"),
        (lambda: tf.tensor_scatter_nd_update([1, 2, 3], [[1]], [9]), [1, 9, 3], "int32"),
        (lambda: tf.repeat([1, 2], [2, 1]), [1, 1, 2], "int32"),
        (lambda: tf.sort([3, 1, 2], direction="DESCENDING"), [3, 2, 1], "int32"),
        (lambda: tf.argsort([3, 1, 2]), [1, 2, 0], "int32"),
        (lambda: tf.searchsorted([1, 3, 5], [3, 4], side="right"), [2, 2], "int32"),
        (lambda: tf.histogram_fixed_width([-1.0, 0.5, 9.0], [0.0, 2.0], nbins=4), [1, 1, 0, 1], "int32"),
        (lambda: tf.linspace(0, 1, 3), [0, 0.5, 1], "float64"),
        (lambda: tf.tensor_scatter_nd_max([[1, 5], [3, 4]], [[0], [0]], [[3, 3], [2, 9]]), [[3, 9], [3, 4]], "int32"),
        (lambda: tf.tensor_scatter_nd_min([1, 5], [[1]], [3]), [1, 3], "int32"),
        (lambda: tf.dynamic_partition([1, 2, 3], [1, 0, 1], 2)[1], [1, 3], "int32"),
        (lambda: math.invert_permutation([2, 0, 1]), [1, 2, 0], "int32"),
        (lambda: nn.weighted_moments([1.0, 3.0], [0], [1.0, 3.0])[0], 2.5, "float32"),
        (lambda: nn.weighted_moments([1.0, 3.0], [0], [1.0, 3.0])[1], 0.75, "float32"),
        (lambda: nn.compute_average_loss([1.0, 3.0], global_batch_size=4), 1.0, "float32"),
        (lambda: signal.ifftshift(signal.fftshift([1, 2, 3])), [1, 2, 3], "int32"),
        (lambda: signal.fftshift([1, 2, 3]), [3, 1, 2], "int32"),
        (lambda: signal.fft2d(np.eye(2, dtype="complex64")), np.fft.fft2(np.eye(2)), "complex64"),
        (lambda: tf.linspace(0.0, 1.0, 3), [0, 0.5, 1], "float32"),
        (lambda: tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1), [[2, 1, 3], [6, 5, 4]], "int32"),
        (lambda: tf.add_n([[1, 2], [3, 4]]), [4, 6], "int32"),
        (lambda: tf.math.unsorted_segment_sum([1, 2, 3], [1, 0, 1], 2), [2, 4], "int32"),
        (lambda: tf.cumsum([1, 2, 3], exclusive=True, reverse=True), [5, 3, 0], "int32"),
        (lambda: tf.math.bincount([1, 1, 3]), [0, 2, 0, 1], "int32"),
        (lambda: tf.gather([[1, 2], [3, 4]], [1, 0], axis=1, batch_dims=1), [2, 3], "int32"),
        (lambda: tf.gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]), [2, 3], "int32"),
        (lambda: tf.clip_by_value([-1.0, 5.0], 0, 2), [0, 2], "float32"),
        (lambda: tf.complex(1.0, 2.0), 1 + 2j, "complex64"),
        (lambda: tf.map_fn(lambda x: x * x, tf.range(3)), [0, 1, 4], "int32"),
        (lambda: tf.foldl(lambda a, x: a + x, tf.range(4)), 6, "int32"),
        (lambda: tf.scan(lambda a, x: a + x, tf.range(4)), [0, 1, 3, 6], "int32"),
        (lambda: tf.cond(tf.constant(True), lambda: tf.ones(1), lambda: tf.zeros(1)), [1], "float32"),
        (lambda: tf.while_loop(lambda i: i < 5, lambda i: i + 2, [tf.constant(0)])[0], 6, "int32"),
    ],
)
def test_values_and_formats(got, wanted, dtype):
    close(got(), wanted, dtype)


@given(seeds, st.sampled_from([None, 0, 1, -1, (0, 1), [0]]), st.booleans())
@settings(max_examples=10, deadline=None)
def test_reductions_are_those_of_numpy(seed, axis, keepdims):
    x = draw(seed, 3, 4)
    axes = tuple(axis) if isinstance(axis, list) else axis
    for ours, theirs in (
        (tf.reduce_sum, np.sum),
        (tf.reduce_mean, np.mean),
        (tf.reduce_max, np.max),
        (tf.reduce_min, np.min),
        (tf.reduce_prod, np.prod),
        (math.reduce_std, np.std),
        (math.reduce_variance, np.var),
    ):
        close(ours(x, axis=axis, keepdims=keepdims), theirs(x, axis=axes, keepdims=keepdims), "float32")
    close(tf.reduce_logsumexp(x, axis, keepdims), scipy.special.logsumexp(x, axis=axes, keepdims=keepdims))
    close(tf.reduce_any(x > 0, axis, keepdims), np.any(x > 0, axis=axes, keepdims=keepdims), "bool")


def test_old_and_other_names_of_arguments():
    x = draw(0, 2, 3)
    close(tf.reduce_mean(input_tensor=x, axis=1, keep_dims=True), x.mean(1, keepdims=True))
    close(tf.reduce_sum(x, reduction_indices=[0]), x.sum(0))
    close(tf.concat(values=[x, x], axis=0, name="both"), np.concatenate([x, x]))
    close(nn.softmax(logits=x, dim=-1), scipy.special.softmax(x, -1))
    close(tf.nn.l2_normalize(x, dim=1), x / np.linalg.norm(x, axis=1, keepdims=True))
    with pytest.raises(TypeError, match=r"mean\(\) takes no argument 'axes' here; it takes axis, keepdims"):
        tf.reduce_mean(x, axes=1)


@given(seeds)
@settings(max_examples=5, deadline=None)
def test_losses_of_logits(seed):
    scores, rng = draw(seed, 5, 3), np.random.default_rng(seed)
    classes = rng.integers(0, 3, 5)
    hot = np.eye(3, dtype="float32")[classes]
    logs = scipy.special.log_softmax(scores, -1)
    wanted = -logs[np.arange(5), classes]
    close(nn.softmax_cross_entropy_with_logits(labels=hot, logits=scores), wanted)
    close(nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=scores), wanted)
    shares = scipy.special.expit(scores)
    each = -(hot * np.log(shares) + (1 - hot) * np.log(1 - shares))
    close(nn.sigmoid_cross_entropy_with_logits(labels=hot, logits=scores), each)
    weighted = -(3 * hot * np.log(shares) + (1 - hot) * np.log(1 - shares))
    close(nn.weighted_cross_entropy_with_logits(hot, scores, 3.0), weighted)
    with pytest.raises(ShapeError, match="labels have the shape"):
        nn.softmax_cross_entropy_with_logits(labels=classes, logits=scores)
    with pytest.raises(ArgumentError, match="needs labels"):
        nn.sparse_softmax_cross_entropy_with_logits(scores)


@given(seeds, st.sampled_from(["SAME", "VALID"]), st.integers(1, 2))
@settings(max_examples=6, deadline=None)
def test_a_convolution_is_a_sum_over_windows(seed, padding, stride):
    x, kernel = draw(seed, 1, 5, 6, 2), draw(seed + 1, 3, 2, 2, 3)
    got = nn.conv2d(x, filters=kernel, strides=[1, stride, stride, 1], padding=padding).numpy()
    size = [-(-n // stride) if padding == "SAME" else (n - k) // stride + 1 for n, k in ((5, 3), (6, 2))]
    before = [
        max((s - 1) * stride + k - n, 0) // 2 if padding == "SAME" else 0
        for s, n, k in zip(size, (5, 6), (3, 2), strict=True)
    ]
    wide = np.zeros((12, 12, 2), "float32")
    wide[before[0] : before[0] + 5, before[1] : before[1] + 6] = x[0]
    wanted = np.empty((1, *size, 3))
    for i, j in np.ndindex(*size):
        window = wide[i * stride : i * stride + 3, j * stride : j * stride + 2]
        wanted[0, i, j] = np.einsum("ijc,ijcf->f", window, kernel)
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    # What the gradient of a convolution does is its transpose: <conv(x), y> = <x, conv_transpose(y)>.
    y = draw(seed + 2, *got.shape)
    back = nn.conv2d_transpose(y, kernel, output_shape=x.shape, strides=stride, padding=padding).numpy()
    np.testing.assert_allclose((got * y).sum(), (x * back).sum(), rtol=1e-3, atol=1e-3)


def test_the_largest_value_over_channels():
    x = draw(4, 2, 3, 3, 6)
    window = (1, 1, 1, 3)
    close(nn.max_pool(x, ksize=window, strides=window, padding="VALID"), x.reshape(2, 3, 3, 2, 3).max(-1))
    with pytest.raises(ArgumentError, match="does not divide 6"):
        nn.max_pool(x, ksize=(1, 1, 1, 4), strides=(1, 1, 1, 4), padding="VALID")


def test_pools_and_the_rest_of_nn():
    x = draw(3, 2, 4, 4, 3)
    blocks = x.reshape(2, 2, 2, 2, 2, 3)
    close(nn.max_pool2d(x, ksize=2, strides=2, padding="VALID"), blocks.max((2, 4)))
    close(nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), blocks.mean((2, 4)))
    mean, variance = nn.moments(x, axes=[0, 1, 2])
    close(mean, x.mean((0, 1, 2)))
    close(variance, x.var((0, 1, 2)))
    wanted = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3) * 2 + 1
    close(nn.batch_normalization(x, mean, variance, 1.0, 2.0, 1e-3), wanted)
    close(nn.l2_loss(x), (x.astype("float64") ** 2).sum() / 2)
    close(nn.bias_add(x, np.float32([1, 2, 3])), x + [1, 2, 3])
    close(nn.leaky_relu(x), np.where(x > 0, x, 0.2 * x))
    close(nn.relu6(x * 5), np.clip(x * 5, 0, 6))
    close(nn.embedding_lookup(x[0, 0], [2, 0]), x[0, 0][[2, 0]])
    radius = nn.local_response_normalization(x, depth_radius=1, bias=2.0, alpha=0.5, beta=0.75)
    wide = np.pad(x, ((0, 0),) * 3 + ((1, 1),)) ** 2
    close(radius, x / (2 + 0.5 * (wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:])) ** 0.75)
    values, places = nn.top_k([3, 9, 9, 1], k=2)
    close(values, [9, 9])
    close(places, [1, 2], "int32")
    close(nn.in_top_k([0, 1], [[0.1, 0.9], [0.1, 0.9]], 1), [False, True], "bool")


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_dropout_keeps_the_mean(rate):
    x = np.ones((200, 200), "float32")
    got = nn.dropout(x, rate=rate).numpy()
    assert set(np.unique(got.round(4))) <= {0.0, np.float32(1 / (1 - rate)).round(4)}
    assert abs((got == 0).mean() - rate) < 0.02
    with pytest.raises(ArgumentError, match=r"rate must be in 0\.\.1"):
        nn.dropout(x, rate=1.5)


def test_matrices():
    a = draw(5, 3, 3) + 3 * np.eye(3, dtype="float32")
    b = draw(6, 3, 2)
    close(tf.matmul(a, b), a @ b)
    close(tf.matmul(b, a, transpose_a=True), b.T @ a)
    close(linalg.inv(a), np.linalg.inv(a))
    close(linalg.solve(a, b), np.linalg.solve(a, b))
    close(tf.norm(a), np.linalg.norm(a))
    close(tf.norm(a, ord=1, axis=1), np.abs(a).sum(1))
    close(tf.norm(a, axis=[0, 1]), np.linalg.norm(a))
    close(linalg.svd(a, compute_uv=False), np.linalg.svd(a, compute_uv=False))
    s, u, v = linalg.svd(a)
    np.testing.assert_allclose(u.numpy() @ np.diag(s.numpy()) @ v.numpy().T, a, atol=1e-4)
    close(linalg.diag([1, 2]), np.diag([1, 2]))
    close(linalg.band_part(a, 0, -1), np.triu(a))
    close(linalg.matvec(a, b[:, 0]), a @ b[:, 0])
    close(tf.tensordot(a, b, axes=[[1], [0]]), a @ b)
    close(tf.einsum("ij,jk->k", a, b), np.einsum("ij,jk->k", a, b))
    clipped, length = tf.clip_by_global_norm([a, b], 1.0)
    close(length, np.sqrt((a**2).sum() + (b**2).sum()))
    close(clipped[0], a / length.numpy())
    close(tf.clip_by_norm(a, 2.0), a * 2 / np.linalg.norm(a))


def test_plain_tensors_of_torch_give_plain_tensors():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for result in (tf.reduce_mean(x), tf.concat([x, x], 0), tf.add(x, [1, 2]), tf.where(x > 1, x, 0.0), nn.relu(x)):
        assert type(result) is torch.Tensor and result.requires_grad


def test_what_is_not_there_is_said_in_one_sentence():
    for owner, name in ((math, "betainc"), (nn, "ctc_loss"), (linalg, "sqrtm")):
        with pytest.raises(AttributeError, match=f"anmok does not cover tf.{owner.__name__.split('.')[-1]}.{name}"):
            getattr(owner, name)
    with pytest.raises(ShapeError, match="cannot be reshaped"):
        tf.reshape(tf.ones(3), [2, 2])
    with pytest.raises(ShapeError, match="cannot be joined along axis 1"):
        tf.concat([tf.ones((2, 2)), tf.ones((3, 3))], 1)
    with pytest.raises(ArgumentError, match="axis 3 does not exist"):
        tf.reduce_sum(tf.ones((2, 2)), 3)
