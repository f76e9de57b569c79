"""Parameters and multiply-accumulates: papers, hand counts, and torch's own counter."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from anmok import layers as L
from anmok.errors import ArgumentError, NotBuiltError
from anmok.models import Model, Sequential, model_cost, print_cost

# "Going Deeper with Convolutions" (Szegedy et al., 2014), module 3a, on 28 x 28 x 192: MACs worked out by hand.
PIXELS = 28 * 28


def macs(model, **options):
    return {row.name: row.macs for row in model_cost(model, **options)}


def one(layer, *shape):
    return Sequential([L.Input(shape), layer])


def naive_inception():
    x = L.Input((28, 28, 192))
    branches = [
        L.Conv2D(64, 1, padding="same", name="1x1")(x),
        L.Conv2D(128, 3, padding="same", name="3x3")(x),
        L.Conv2D(32, 5, padding="same", name="5x5")(x),
        L.MaxPooling2D(3, strides=1, padding="same", name="pool")(x),
    ]
    return Model(x, L.concatenate(branches, name="all"))


def bottleneck_inception():
    x = L.Input((28, 28, 192))
    branches = [
        L.Conv2D(64, 1, padding="same")(x),
        L.Conv2D(128, 3, padding="same")(L.Conv2D(96, 1, padding="same")(x)),
        L.Conv2D(32, 5, padding="same")(L.Conv2D(16, 1, padding="same")(x)),
        L.Conv2D(32, 1, padding="same")(L.MaxPooling2D(3, strides=1, padding="same")(x)),
    ]
    return Model(x, L.concatenate(branches))


def test_the_naive_inception_module():
    cost = model_cost(naive_inception())
    assert cost.params == 387_072 + 224
    assert {row.name: row.macs for row in cost} == {
        "1x1": 9_633_792,
        "3x3": 173_408_256,
        "5x5": 120_422_400,
        "pool": 0,
        "all": 0,
    }
    assert cost.macs == 303_464_448


def test_the_inception_module_with_bottlenecks():
    cost = model_cost(bottleneck_inception())
    assert cost.params == 163_328 + 368
    assert cost.macs == PIXELS * 163_328 == 128_049_152


def test_rows_name_the_layers_with_shape_and_params():
    rows = model_cost(naive_inception()).rows
    assert [row.name for row in rows] == ["1x1", "3x3", "5x5", "pool", "all"]
    assert (rows[1].type, rows[1].output_shape, rows[1].params) == ("Conv2D", (None, 28, 28, 128), 221_312)


@pytest.mark.parametrize(
    "layer, shape, expected",
    [
        (L.Dense(7), (5,), 35),
        (L.Dense(7), (4, 6, 5), 24 * 35),
        (L.Conv2D(8, 3), (10, 10, 4), 64 * 9 * 4 * 8),
        (L.Conv2D(8, 3, groups=4), (10, 10, 4), 64 * 9 * 1 * 8),
        (L.Conv2D(8, 3, strides=2, padding="same"), (9, 10, 4), 5 * 5 * 9 * 4 * 8),
        (L.Conv2D(8, (3, 2), dilation_rate=(2, 3)), (10, 10, 4), 6 * 7 * 6 * 4 * 8),
        (L.Conv1D(8, 3, padding="causal"), (10, 4), 10 * 3 * 4 * 8),
        (L.DepthwiseConv2D(3, depth_multiplier=2), (10, 10, 4), 64 * 9 * 4 * 2),
        (L.SeparableConv2D(5, 3, depth_multiplier=2), (10, 10, 4), 64 * (9 * 8 + 8 * 5)),
        (L.SeparableConv1D(5, 3, strides=2), (11, 4), 5 * (3 * 4 + 4 * 5)),
        (L.Conv2DTranspose(5, 3, strides=2, padding="same"), (6, 7, 4), 42 * 9 * 4 * 5),
        (L.Conv1DTranspose(5, 4), (6, 4), 6 * 4 * 4 * 5),
        (L.BatchNormalization(), (6, 6, 4), 0),
        (L.AveragePooling2D(2), (6, 6, 4), 0),
        (L.LocalResponseNormalization(), (6, 6, 4), 0),
        (L.Flatten(), (6, 6, 4), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, L.Layer) else "",
)
def test_formulas_by_hand(layer, shape, expected):
    assert model_cost(one(layer, *shape)).macs == expected


def test_channels_first_counts_the_same():
    first = one(L.Conv2D(8, 3, data_format="channels_first"), 4, 10, 12)
    assert model_cost(first).macs == 8 * 10 * 9 * 4 * 8


@st.composite
def convolutions(draw):
    rank = draw(st.sampled_from([1, 2]))
    kind = draw(st.sampled_from(["Conv", "DepthwiseConv", "SeparableConv", "Transpose"]))
    sizes = draw(st.lists(st.integers(8, 13), min_size=rank, max_size=rank))
    channels = draw(st.sampled_from([2, 4, 6]))
    kernel = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    stride = draw(st.integers(1, 3))
    options = {
        "strides": stride,
        "padding": draw(st.sampled_from(["valid", "same"])),
        "dilation_rate": draw(st.integers(1, 2)) if stride == 1 else 1,
        "use_bias": draw(st.booleans()),
    }
    if kind in ("DepthwiseConv", "SeparableConv"):
        options["depth_multiplier"] = draw(st.integers(1, 3))
    if kind != "DepthwiseConv":
        options["filters"] = draw(st.sampled_from([2, 4, 8]))
    if kind == "Conv":
        options["groups"] = draw(st.sampled_from([1, 2]))
    name = f"Conv{rank}DTranspose" if kind == "Transpose" else f"{kind}{rank}D"
    return name, {**options, "kernel_size": tuple(kernel)}, (*sizes, channels)


@settings(max_examples=25, deadline=None)
@given(convolutions())
def test_convolutions_against_torchs_counter(drawn):
    name, options, shape = drawn
    layer = getattr(L, name)(**options)
    model = one(layer, *shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        layer(torch.zeros(3, *shape))
    assert model_cost(model).macs * 2 * 3 == counter.get_total_flops()


def test_a_shared_layer_costs_its_weights_once_and_each_call():
    a, b, twin = L.Input((8,)), L.Input((8,)), L.Dense(8, name="twin")
    cost = model_cost(Model([a, b], L.Add()([twin(twin(a)), twin(b)])))
    assert (cost.params, cost.macs) == (72, 3 * 64)
    assert [(row.params, row.macs) for row in cost if row.name == "twin"] == [(72, 3 * 64)]


def test_nested_models_are_summed_and_can_be_unfolded():
    inner = Sequential([L.Input((8,)), L.Dense(4, name="a"), L.Dense(2, name="b")], name="inner")
    x = L.Input((8,))
    model = Model(x, L.Dense(3, name="c")(inner(x)))
    assert macs(model) == {"inner": 40, "c": 6}
    unfolded = model_cost(model, expand_nested=True)
    assert [(row.name, row.level, row.macs) for row in unfolded] == [
        ("inner", 0, 40),
        ("a", 1, 32),
        ("b", 1, 8),
        ("c", 0, 6),
    ]
    assert unfolded.macs == 46


def test_products_in_code_of_ones_own_are_counted():
    class Bilinear(L.Layer):
        def build(self, input_shape):
            self.inner = L.Dense(5)
            self.matrix = self.add_weight((input_shape[-1], 3), name="matrix")

        def call(self, x):
            return torch.cat([x @ self.matrix, self.inner(x)], dim=-1)

    x = L.Input((6, 4), batch_size=2)
    y = Bilinear(name="own")(x)
    gram = L.Lambda(lambda t: t @ t.transpose(1, 2), name="gram")(x)
    model = Model(x, [y, L.Dot(2, name="dot")([x, x]), gram])
    assert macs(model) == {"own": 6 * 4 * 3 + 6 * 4 * 5, "dot": 6 * 6 * 4, "gram": 6 * 6 * 4}


def test_a_layer_derived_from_dense_is_counted_as_it_runs():
    class Twice(L.Dense):
        def call(self, x):
            return super().call(x) + super().call(2 * x)

    assert model_cost(one(Twice(3), 5)).macs == 30


class Net(Model):
    def __init__(self):
        super().__init__(name="net")
        self.conv, self.both, self.head = L.Conv2D(3, 3, name="conv"), L.Add(name="add"), L.Dense(4, name="head")

    def call(self, x):
        return self.head(self.both([self.conv(x), self.conv(x)]))


def test_a_model_that_is_a_call_method():
    net = Net()
    with pytest.raises(NotBuiltError, match="Model 'net' is not built"):
        model_cost(net)
    net(torch.zeros(5, 8, 8, 2))
    assert macs(net) == {"conv": 2 * 36 * 9 * 2 * 3, "add": 0, "head": 36 * 12}
    assert macs(net, input_shape=(None, 10, 8, 2))["head"] == 48 * 12


def test_open_sizes_are_asked_for():
    model = Sequential([L.Input((None, None, 3)), L.Conv2D(4, 3, padding="same")], name="open")
    with pytest.raises(ArgumentError, match=r"inputs of shape \(None, None, None, 3\): give input_shape="):
        model_cost(model)
    assert model_cost(model, input_shape=(None, 10, 20, 3)).macs == 200 * 27 * 4
    assert model_cost(model, input_shape=(10, 20, 3)).macs == 200 * 27 * 4
    with pytest.raises(ArgumentError, match=r"does not fit the model's input of shape \(None, None, None, 3\)"):
        model_cost(model, input_shape=(None, 10, 20, 1))
    with pytest.raises(ArgumentError, match="has 1 inputs, input_shape names 2"):
        model_cost(model, input_shape=[(10, 20, 3), (4,)])
    with pytest.raises(ArgumentError, match="Expected input_shape like"):
        model_cost(model, input_shape="224")


def test_several_inputs_by_name():
    a, b = L.Input((None, 2), name="a"), L.Input((3,), name="b")
    model = Model({"a": a, "b": b}, [L.Dense(5, name="x")(a), L.Dense(5, name="y")(b)])
    assert macs(model, input_shape={"a": (7, 2), "b": (None, 3)}) == {"x": 70, "y": 15}


def test_counting_leaves_the_model_as_it_was():
    model = Sequential([L.Input((8, 8, 1)), L.Conv2D(2, 3), L.BatchNormalization(), L.Dropout(0.5)])
    before = [weight.copy() for weight in model.get_weights()]
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    model_cost(model)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert nodes == [len(layer._inbound_nodes) for layer in model.layers]
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in model._flatten_layers())
    assert not model.weights[0].is_meta


def test_the_table_says_both_numbers():
    texts = []
    print_cost(naive_inception(), print_fn=texts.append, line_length=90)
    assert "3x3 (Conv2D)" in texts[0] and "173,408,256" in texts[0]
    assert " Total MACs: 303,464,448" in texts[0] and " Total params: 387,296" in texts[0]


def test_an_unbuilt_sequential_is_refused():
    with pytest.raises(NotBuiltError, match="give it an Input"):
        model_cost(Sequential([L.Dense(3)]))
