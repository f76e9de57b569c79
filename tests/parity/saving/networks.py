"""Networks written once, for anmok and for Keras: each function takes the module `K` of either."""

import numpy as np


def _input(K, shape, **kwargs):
    return K.layers.Input(shape, **kwargs)


def stack(K):
    L = K.layers
    return K.models.Sequential(
        [
            L.Input((12, 12, 3)),
            L.Rescaling(1 / 255),
            L.Conv2D(6, 3, activation="relu", padding="same"),
            L.BatchNormalization(),
            L.MaxPooling2D(),
            L.Conv2D(8, (3, 2), use_bias=False, dilation_rate=2),
            L.PReLU(shared_axes=[1, 2]),
            L.Dropout(0.3),
            L.GlobalAveragePooling2D(),
            L.Dense(5, kernel_regularizer="l2", activation="softmax"),
        ],
        name="stack",
    )


def convolutions(K):
    L = K.layers
    x = start = _input(K, (14, 14, 4))
    x = L.SeparableConv2D(6, 3, depth_multiplier=2)(x)
    x = L.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh")(x)
    x = L.Conv2DTranspose(5, 3, strides=2, padding="same")(x)
    x = L.Conv2D(6, 3, groups=1, strides=2)(x)
    x = L.GroupNormalization(groups=2)(x)
    x = L.LayerNormalization()(x)
    x = L.Reshape((-1, 6))(x)
    x = L.Conv1D(4, 3, padding="causal")(x)
    x = L.SeparableConv1D(4, 3)(x)
    x = L.Flatten()(x)
    return K.models.Model(start, L.Dense(3)(x), name="convolutions")


def branches(K):
    L = K.layers
    start = _input(K, (8, 8, 3), name="image")
    a = L.Conv2D(4, 1, activation="relu", name="left")(start)
    b = L.Conv2D(4, 3, padding="same", activation="relu")(start)
    c = L.AveragePooling2D(3, strides=1, padding="same")(start)
    x = L.Concatenate()([a, b, c])
    y = L.Conv2D(11, 1)(x)
    x = L.Add()([x, y])
    x = L.Activation("relu")(x)
    x = L.Multiply()([x, L.Maximum()([x, y])])
    return K.models.Model(start, L.Dense(4, activation="softmax")(L.GlobalMaxPooling2D()(x)), name="branches")


def shared(K):
    L = K.layers
    left, right = _input(K, (6,), name="left"), _input(K, (6,), name="right")
    body = L.Dense(5, activation="tanh", name="body")
    deep = L.Dense(5, activation="relu", name="deep")
    # The first call of `deep` needs its inputs later than the second one.
    late = deep(body(body_in := L.Dense(6)(left)))
    early = deep(L.Dense(5)(right))
    x = L.Concatenate()([late, early, body(body_in), body(right)])
    return K.models.Model([left, right], [L.Dense(2, name="first")(x), L.Dense(1, name="second")(early)], name="shared")


def nested(K):
    L = K.layers
    base = K.models.Sequential(
        [L.Input((8, 8, 3)), L.Conv2D(4, 3), L.BatchNormalization(), L.ReLU(max_value=6.0)], name="base"
    )
    inside = _input(K, (6, 6, 4))
    head = K.models.Model(inside, L.Dense(7)(L.Flatten()(inside)), name="head")
    start, other = _input(K, (8, 8, 3)), _input(K, (8, 8, 3))
    x = L.Subtract()([head(base(start)), head(base(other))])
    inner = K.models.Model([start, other], x, name="inner")
    outer = _input(K, (8, 8, 3))
    return K.models.Model(outer, L.Dense(2)(inner([outer, L.Rescaling(-1.0)(outer)])), name="outer")


def common_layer(K):
    """A layer that is part of two models, both within a third."""
    L = K.layers
    layer = L.Dense(4, name="common")
    one, two = _input(K, (4,)), _input(K, (4,))
    first = K.models.Model(one, L.Dense(3)(layer(one)), name="first")
    second = K.models.Model(two, L.ELU()(layer(two)), name="second")
    start = _input(K, (4,))
    return K.models.Model(start, L.Concatenate()([first(start), second(start)]), name="joined")


def tail(K):
    """Models at the end of a model, one of them called twice."""
    L = K.layers
    inside = _input(K, (4,))
    inner = K.models.Model(inside, L.Dense(3)(inside), name="inner")
    last = K.models.Sequential([L.Input((3,)), L.Dense(2)], name="last")
    start = _input(K, (4,))
    x = inner(start)
    y = inner(L.Dense(4)(x))
    return K.models.Model([start], [y, x, last(x), last(y)], name="tail")


def arithmetic(K):
    x = start = _input(K, (6,))
    x = (x + 1.5) * 2 - x / 3
    x = abs(-x) ** 2 + x[:, :1] - 1 / (x * x + 1)
    y = x[:, 1:4]
    y = K.layers.Concatenate()([y, x[..., 2:]])
    return K.models.Model(start, K.layers.Dense(2)(y), name="arithmetic")


def dictionaries(K):
    L = K.layers
    inputs = {"a": _input(K, (3,), name="a"), "b": _input(K, (4,), name="b")}
    x = L.Concatenate()([L.Dense(2)(inputs["a"]), inputs["b"]])
    return K.models.Model(inputs, {"sum": L.Dense(1)(x), "class": L.Dense(3)(x)}, name="dictionaries")


def settings(K):
    """Initializers, regularizers and constraints as objects, activations as layers, frozen layers."""
    L = K.layers
    return K.models.Sequential(
        [
            L.Input((6,)),
            L.Dense(
                5,
                activation=L.LeakyReLU(negative_slope=0.1),
                kernel_initializer=K.initializers.VarianceScaling(2.0, "fan_out"),
                bias_initializer=K.initializers.Constant(0.2),
                kernel_regularizer=K.regularizers.L1L2(0.01, 0.02),
                kernel_constraint=K.constraints.MaxNorm(3),
                activity_regularizer=K.regularizers.L2(0.01),
            ),
            L.Dense(4, activation="tanh", trainable=False),
            L.Activation(K.activations.swish),
            L.GaussianNoise(0.1),
            L.Dense(3, activation="gelu", kernel_initializer="orthogonal"),
        ],
        name="settings",
    )


def scaled(K):
    layer = K.layers.Normalization()
    layer.adapt(np.random.default_rng(0).normal(3, 2, (50, 4)).astype("float32"))
    return K.models.Sequential([K.layers.Input((4,)), layer, K.layers.Dense(2)], name="scaled")


NETWORKS = [
    stack, convolutions, branches, shared, nested, tail, common_layer, arithmetic, dictionaries, settings, scaled,
]  # fmt: skip


def data_for(model, count=5, seed=0):
    """Random inputs in the structure that the model takes (of anmok or Keras)."""
    rng = np.random.default_rng(seed)

    def draw(tensor):
        return rng.uniform(-1, 1, (count, *tensor.shape[1:])).astype("float32")

    inputs = getattr(model, "input", None)
    inputs = model.inputs[0] if inputs is None else inputs  # of a Sequential of Keras that was never called
    if isinstance(inputs, dict):
        return {name: draw(tensor) for name, tensor in inputs.items()}
    return [draw(tensor) for tensor in inputs] if isinstance(inputs, (list, tuple)) else draw(inputs)


def randomize(model, seed=1):
    """Weights that differ from what any initializer makes; vectors are positive, since some are variances."""
    rng = np.random.default_rng(seed)

    def draw(array):
        values = rng.uniform(0.2, 0.8, array.shape) if array.ndim < 2 else rng.normal(0, 0.4, array.shape)
        return array if array.dtype.kind == "i" else values.astype("float32")

    model.set_weights([draw(array) for array in model.get_weights()])


def outputs_of(model, inputs):
    """The predictions as a flat list of arrays."""
    outputs = model.predict(inputs, verbose=0)
    if isinstance(outputs, dict):
        return [outputs[name] for name in sorted(outputs)]
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def assert_same_outputs(one, other, **tolerance):
    inputs = data_for(one)
    for a, b in zip(outputs_of(one, inputs), outputs_of(other, inputs), strict=True):
        np.testing.assert_allclose(a, b, **({"rtol": 1e-5, "atol": 1e-5} | tolerance))
