import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from side_by_side import assert_same_layer

from anmok import layers
from anmok.layers.padding import same_padding

CASES = settings(max_examples=20, deadline=None)
FORMATS = st.sampled_from(["channels_last", "channels_first"])


@st.composite
def pools(draw, rank):
    """Arguments of a pooling layer and the shape of an input that it fits."""
    pool = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    sizes = tuple(size + draw(st.integers(0, 7)) for size in pool)
    arguments = {
        "pool_size": pool,
        "strides": draw(st.none() | st.tuples(*[st.integers(1, 4)] * rank)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": draw(FORMATS),
    }
    return arguments, (2, *sizes, 3) if arguments["data_format"] == "channels_last" else (2, 3, *sizes)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_max_pooling(rank, data, seed):
    arguments, shape = data.draw(pools(rank))
    assert_same_layer(f"MaxPooling{rank}D", arguments, shape, seed)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_average_pooling(rank, data, seed):
    arguments, shape = data.draw(pools(rank))
    sizes = shape[1:-1] if arguments["data_format"] == "channels_last" else shape[2:]
    if arguments["padding"] == "same":
        # Where 'same' needs more after than before, Keras on torch repeats the edge and counts it; TensorFlow (and
        # we) average the real values only. tests/layers/test_pooling.py compares that with a slow loop.
        strides = arguments["strides"] or arguments["pool_size"]
        pairs = [same_padding(*axis) for axis in zip(sizes, arguments["pool_size"], strides, strict=True)]
        assume(all(before == after for before, after in pairs))
    assert_same_layer(f"AveragePooling{rank}D", arguments, shape, seed)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_global_pooling(rank, kind, data_format, keepdims):
    arguments = {"data_format": data_format, "keepdims": keepdims}
    assert_same_layer(f"Global{kind}Pooling{rank}D", arguments, (2, 4, 5, 3)[: rank + 2], 0)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", ["Max", "Average"])
@CASES
@given(size=st.tuples(st.integers(1, 5), st.integers(1, 5)), data_format=FORMATS, seed=st.integers(0, 999))
def test_adaptive_pooling(rank, kind, size, data_format, seed):
    arguments = {"output_size": size[:rank] if rank == 2 else size[0], "data_format": data_format}
    shape = (2, *(7, 9)[:rank], 3) if data_format == "channels_last" else (2, 3, *(7, 9)[:rank])
    assert_same_layer(f"Adaptive{kind}Pooling{rank}D", arguments, shape, seed)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_masked_average(data_format):
    x = np.random.default_rng(0).normal(size=(3, 4, 4)).astype(np.float32)
    mask = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 1]], bool)
    ours = layers.GlobalAveragePooling1D(data_format=data_format)(x, mask=mask)
    theirs = keras.layers.GlobalAveragePooling1D(data_format=data_format)(x, mask=mask)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
