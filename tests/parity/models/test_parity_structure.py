"""Models of every shape: the same layers and weights in the same order as in Keras, and the same outputs."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anmok
from anmok import mixed_precision


def diamonds(k):
    L = k.layers
    x = k.Input((8,), name="in")
    left = L.Dense(3, name="left")(x)
    right = L.Dense(3, name="right")(x)
    deep = L.Dense(3, name="deep_1")(right)
    deep = L.Dense(3, name="deep_2")(deep)
    both = L.Add(name="both")([deep, left])
    again = L.Concatenate(name="again")([both, left, right])
    return k.Model(x, L.Dense(2, name="out")(again))


def shared(k):
    L = k.layers
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    tower = L.Dense(5, activation="relu", name="tower")
    other = L.Dense(5, name="other")
    return k.Model([a, b], L.Subtract(name="difference")([tower(a), other(tower(b))]))


def shared_deep(k):
    L = k.layers
    x = k.Input((5,), name="x")
    same = L.Dense(5, name="same")
    first, mid = L.Dense(5, name="first"), L.Dense(5, name="mid")
    return k.Model(x, same(mid(same(first(same(x))))))


def nested(k):
    L = k.layers
    inner_in = k.Input((6,), name="inner_in")
    inner = k.Model(inner_in, L.Dense(4, name="i2")(L.Dense(4, name="i1")(inner_in)), name="inner")
    stack = k.Sequential([k.Input((4,)), L.Dense(3, name="s1"), L.BatchNormalization(name="s2")], name="stack")
    x = k.Input((6,), name="x")
    middle = inner(x)
    return k.Model(x, [stack(middle), L.Dense(2, name="side")(inner(L.Dense(6, name="pre")(x)))])


def nested_in_sequential(k):
    L = k.layers
    base = k.Sequential([k.Input((8, 8, 3)), L.Conv2D(4, 3, name="c1"), L.Conv2D(4, 3, name="c2")], name="base")
    return k.Sequential([k.Input((8, 8, 3)), base, L.Flatten(), L.Dense(3, name="top")])


def several(k):
    L = k.layers
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    late = L.Dense(2, name="late")(L.Concatenate(name="c")([L.Dense(3, name="da")(a), b]))
    early = L.Dense(2, name="early")(b)
    return k.Model([a, b], [early, late])


def by_name(k):
    L = k.layers
    z, y = k.Input((4,), name="z"), k.Input((3,), name="y")
    one, two = L.Dense(2, name="one")(z), L.Dense(2, name="two")(L.Concatenate()([z, y]))
    return k.Model({"z": z, "y": y}, {"second": two, "first": one})


def operators(k):
    L = k.layers
    x = k.Input((6,), name="x")
    y = L.Dense(6, name="d1")(x)
    z = (x + 2 * y - 0.5) / (abs(y) + 1.0)
    z = -z * y + (1 - y) ** 2
    z = z[:, 1:5] + 3.0 / (y[:, :4] ** 2 + 1)
    return k.Model(x, L.Dense(2, name="d2")(z))


def residual(k):
    L = k.layers
    x = k.Input((8, 8, 2), name="x")
    y = L.Conv2D(4, 3, padding="same", name="stem")(x)
    for i in range(2):
        short = y
        y = L.Conv2D(4, 3, padding="same", use_bias=False, name=f"conv_{i}")(y)
        y = L.BatchNormalization(name=f"bn_{i}")(y)
        y = L.Activation("relu", name=f"relu_{i}")(y)
        y = L.Add(name=f"add_{i}")([y, short])
    return k.Model(x, L.Dense(3, name="top")(L.GlobalAveragePooling2D(name="pool")(y)))


def reused_inner(k):
    L = k.layers
    inner = k.Sequential([k.Input((4,)), L.Dense(4, activation="tanh", name="i")], name="inner")
    x = k.Input((4,), name="x")
    return k.Model(x, L.Add(name="sum")([inner(x), inner(inner(x))]))


BUILDERS = [
    diamonds, shared, shared_deep, nested, nested_in_sequential, several, by_name, operators, residual, reused_inner,
]  # fmt: skip


def inputs_for(model):
    rng = np.random.default_rng(0)
    drawn = {t.node.layer.name: rng.normal(size=(5, *t.shape[1:])).astype("float32") for t in model.inputs}
    if isinstance(model.input, dict):
        return drawn
    return list(drawn.values()) if len(drawn) > 1 else next(iter(drawn.values()))


@pytest.mark.parametrize("build", BUILDERS)
def test_layers_weights_and_outputs(twins, build):
    ours, theirs = twins(build)
    named = [layer.name for layer in theirs.layers if not layer.name.startswith(("input", "functional"))]
    if build is not operators:
        kept = [layer.name for layer in ours.layers if not layer.name.startswith(("input", "functional"))]
        assert [name.rstrip("_0123456789") for name in kept] == [name.rstrip("_0123456789") for name in named]
    assert [w.keras_shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    assert [w.path.split("/")[-2:] for w in ours.weights] == [w.path.split("/")[-2:] for w in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    assert len(ours.trainable_weights) == len(theirs.trainable_weights)
    if isinstance(theirs, keras.Model) and hasattr(theirs, "output_names") and build is not by_name:
        assert ours.output_names == theirs.output_names
    x = inputs_for(ours)
    expected, found = theirs.predict(x, verbose=0), ours.predict(x, verbose=0)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        expected, found = list(expected.values()), list(found.values())
    elif not isinstance(expected, list):
        expected, found = [expected], [found]
    for mine, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-5)


@pytest.mark.parametrize("build", BUILDERS)
def test_the_config_makes_the_same_model_again(twins, build):
    ours, _ = twins(build)
    again = type(ours).from_config(ours.get_config())
    again.set_weights(ours.get_weights())
    assert [layer.name for layer in again.layers] == [layer.name for layer in ours.layers]
    x = inputs_for(ours)
    found, expected = again.predict(x, verbose=0), ours.predict(x, verbose=0)
    for mine, reference in zip(anmok_leaves(found), anmok_leaves(expected), strict=True):
        np.testing.assert_array_equal(mine, reference)


def anmok_leaves(outputs):
    if isinstance(outputs, dict):
        return list(outputs.values())
    return outputs if isinstance(outputs, list) else [outputs]


@pytest.mark.parametrize("build", [build for build in BUILDERS if build is not operators])
def test_keras_reads_our_config_and_we_read_theirs(twins, build):
    ours, theirs = twins(build)
    x = inputs_for(ours)
    expected = anmok_leaves(theirs.predict(x, verbose=0))
    read_there = type(theirs).from_config(ours.get_config())
    read_there.set_weights(ours.get_weights())
    read_here = type(ours).from_config(theirs.get_config())
    read_here.set_weights(theirs.get_weights())
    for model in (read_there, read_here):
        for mine, reference in zip(anmok_leaves(model.predict(x, verbose=0)), expected, strict=True):
            np.testing.assert_allclose(mine, reference, atol=1e-5)


def test_feature_maps_of_every_layer(twins):
    ours, theirs = twins(residual)
    x = inputs_for(ours)
    maps = [
        type(model)(model.input, [layer.output for layer in model.layers]).predict(x, verbose=0)
        for model in (ours, theirs)
    ]
    assert len(maps[0]) == len(ours.layers)
    for mine, reference in zip(*maps, strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-5)


def test_the_part_of_a_model_from_a_layer_on(twins):
    ours, theirs = twins(residual)
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 4)).astype("float32")
    found, expected = (
        library.Model(model.get_layer("add_0").output, model.output).predict(x, verbose=0)
        for library, model in ((anmok, ours), (keras, theirs))
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_weights_come_in_keras_layouts_both_ways(twins):
    ours, theirs = twins(nested_in_sequential)
    theirs.set_weights([value + 1 for value in ours.get_weights()])
    for mine, reference in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine + 1, reference)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]


@pytest.mark.parametrize("frozen", ["all", "inner", "norm", "thaw one"])
def test_trainable_reaches_all_layers_within(twins, frozen):
    ours, theirs = twins(nested)
    for model in (ours, theirs):
        if frozen == "all":
            model.trainable = False
        elif frozen == "inner":
            model.get_layer("inner").trainable = False
        elif frozen == "norm":
            model.get_layer("stack").get_layer("s2").trainable = False
        else:
            model.trainable = False
            model.get_layer("stack").trainable = True

    def names(weights):
        return ["/".join(weight.path.split("/")[-2:]) for weight in weights]

    assert names(ours.trainable_weights) == names(theirs.trainable_weights)
    assert names(ours.non_trainable_weights) == names(theirs.non_trainable_weights)
    assert {layer.name: layer.trainable for layer in ours._flatten_layers()}["s1"] == theirs.get_layer(
        "stack"
    ).get_layer("s1").trainable


def test_batch_normalization_in_a_frozen_model_uses_its_moving_statistics(twins):
    ours, theirs = twins(residual)
    x = inputs_for(ours)
    ours.trainable = theirs.trainable = False
    found = ours(x, training=True).detach().numpy()
    np.testing.assert_allclose(found, theirs(x, training=True).detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(found, ours(x, training=False).detach().numpy(), atol=1e-6)


@st.composite
def networks(draw):
    """A recipe of a branched network: for each layer a kind and which earlier tensors it reads."""
    recipe = []
    for i in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["dense", "shared", "add", "concatenate", "batch", "activation"]))
        count = draw(st.integers(2, 3)) if kind in ("add", "concatenate") else 1
        recipe.append((kind, [draw(st.integers(0, i)) for _ in range(count)]))
    return recipe, draw(st.lists(st.integers(1, len(recipe)), min_size=1, max_size=3, unique=True))


def assemble(k, recipe, ends):
    L = k.layers
    tensors = [k.Input((4,), name="x")]
    same = L.Dense(4, name="same")
    for i, (kind, reads) in enumerate(recipe):
        given_ = [tensors[j] for j in reads]
        if kind == "add":
            made = L.Add(name=f"add_{i}")(given_)
        elif kind == "concatenate":
            made = L.Dense(4, name=f"join_{i}")(L.Concatenate(name=f"concatenate_{i}")(given_))
        else:
            layer = {
                "dense": lambda i=i: L.Dense(4, name=f"dense_{i}"),
                "shared": lambda: same,
                "batch": lambda i=i: L.BatchNormalization(name=f"batch_{i}"),
                "activation": lambda i=i: L.Activation("tanh", name=f"tanh_{i}"),
            }[kind]()
            made = layer(given_[0])
        tensors.append(made)
    return k.Model(tensors[0], [tensors[end] for end in ends])


@settings(max_examples=25, deadline=None)
@given(networks())
def test_random_graphs_have_keras_order(network):
    before = mixed_precision.global_policy()
    mixed_precision.set_global_policy("float32")
    try:
        theirs, ours = assemble(keras, *network), assemble(anmok, *network)
    finally:
        mixed_precision.set_global_policy(before)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    values = [np.random.default_rng(i).uniform(0, 1, w.shape) for i, w in enumerate(theirs.get_weights())]
    theirs.set_weights(values)
    ours.set_weights(values)
    x = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")
    for mine, reference in zip(
        anmok_leaves(ours.predict(x, verbose=0)), anmok_leaves(theirs.predict(x, verbose=0)), strict=True
    ):
        np.testing.assert_allclose(mine, reference, rtol=2e-4, atol=1e-4)
