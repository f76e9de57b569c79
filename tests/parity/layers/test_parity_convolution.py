import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from side_by_side import assert_same_layer

RULES = st.fixed_dictionaries(
    {},
    optional={
        "activation": st.sampled_from(["relu", "tanh", "sigmoid", "linear", None]),
        "use_bias": st.booleans(),
        "bias_initializer": st.sampled_from(["zeros", "ones", "random_normal"]),
        "bias_regularizer": st.sampled_from([None, "l2"]),
        "activity_regularizer": st.sampled_from([None, "l1"]),
        "bias_constraint": st.sampled_from([None, "non_neg"]),
    },
)
CASES = settings(max_examples=20, deadline=None)


def kernel_rules(role):
    return st.fixed_dictionaries(
        {},
        optional={
            f"{role}_initializer": st.sampled_from(["he_normal", "glorot_uniform", "orthogonal"]),
            f"{role}_regularizer": st.sampled_from([None, "l1", "l2"]),
            f"{role}_constraint": st.sampled_from([None, "max_norm", "unit_norm"]),
        },
    )


@st.composite
def windows(draw, rank, *, causal=False, both=False):
    """Arguments of a window, and sizes that it fits into."""
    kernel = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    strides, dilation = (1,) * rank, (1,) * rank
    which = draw(st.sampled_from(["neither", "strides", "dilation", *(["both"] if both else [])]))
    if which in ("strides", "both"):
        strides = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    if which in ("dilation", "both"):
        dilation = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    sizes = tuple((k - 1) * d + 1 + draw(st.integers(0, 6)) for k, d in zip(kernel, dilation, strict=True))
    choices = ["valid", "same", *(["causal"] if causal else [])]
    return {
        "kernel_size": kernel,
        "strides": strides,
        "dilation_rate": dilation,
        "padding": draw(st.sampled_from(choices)),
        "data_format": draw(st.sampled_from(["channels_last", "channels_first"])),
    }, sizes


def shape_of(arguments, sizes, channels):
    return (2, *sizes, channels) if arguments["data_format"] == "channels_last" else (2, channels, *sizes)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_convolution(rank, data, seed):
    arguments, sizes = data.draw(windows(rank, causal=rank == 1))
    groups = data.draw(st.integers(1, 3))
    arguments |= {"groups": groups, "filters": groups * data.draw(st.integers(1, 3))}
    arguments |= data.draw(RULES) | data.draw(kernel_rules("kernel"))
    shape = shape_of(arguments, sizes, groups * data.draw(st.integers(1, 3)))
    assert_same_layer(f"Conv{rank}D", arguments, shape, seed)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_transposed_convolution(rank, data, seed):
    arguments, sizes = data.draw(windows(rank))
    if data.draw(st.booleans()):
        arguments["output_padding"] = tuple(data.draw(st.integers(0, s - 1)) for s in arguments["strides"])
    arguments |= {"filters": data.draw(st.integers(1, 4))} | data.draw(RULES) | data.draw(kernel_rules("kernel"))
    assert_same_layer(f"Conv{rank}DTranspose", arguments, shape_of(arguments, sizes, 3), seed)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_depthwise_convolution(rank, data, seed):
    arguments, sizes = data.draw(windows(rank, both=True))
    arguments |= {"depth_multiplier": data.draw(st.integers(1, 3))}
    arguments |= data.draw(RULES) | data.draw(kernel_rules("depthwise"))
    assert_same_layer(f"DepthwiseConv{rank}D", arguments, shape_of(arguments, sizes, 3), seed)


@pytest.mark.parametrize("rank", [1, 2])
@CASES
@given(data=st.data(), seed=st.integers(0, 999))
def test_separable_convolution(rank, data, seed):
    arguments, sizes = data.draw(windows(rank, both=True))
    arguments |= {"depth_multiplier": data.draw(st.integers(1, 3)), "filters": data.draw(st.integers(1, 4))}
    arguments |= data.draw(RULES) | data.draw(kernel_rules("depthwise")) | data.draw(kernel_rules("pointwise"))
    assert_same_layer(f"SeparableConv{rank}D", arguments, shape_of(arguments, sizes, 3), seed)
