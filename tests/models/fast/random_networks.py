"""Random networks of known and unknown layers, for comparing rewritten ones with layer by layer."""

import torch
from hypothesis import strategies as st

from anmok import layers
from anmok.models import Model, Sequential

IMAGE_KINDS = (
    "conv", "conv relu", "conv same", "conv stride", "conv dilated", "conv sigmoid", "conv no bias", "batch",
    "batch plain", "relu", "relu layer", "relu6", "leaky", "pool", "pool 3", "pool same", "dropout", "dropout 0",
    "spatial", "custom", "add", "add self", "add 3", "concatenate", "nested", "nested functional", "shared", "frozen",
    "frozen batch", "penalty", "noise", "relu cut", "relu6 activation", "depthwise", "depthwise stride", "zeros conv",
    "zeros depthwise", "zeros uneven", "zeros twice read", "zeros pool", "residual", "residual cut",
    "residual read again", "pool 3 same",
)  # fmt: skip
VECTOR_KINDS = ("dense", "dense relu", "dense tanh", "batch", "relu", "dropout", "leaky", "add self", "shared dense")


class Twist(layers.Layer):
    """A layer that anmok does not know."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, x, training=None):
        return torch.sin(x * self.scale) + (0.1 if training else 0.0)


@st.composite
def recipes(draw, kinds=IMAGE_KINDS):
    """A list of steps for images, how they become vectors, and steps for vectors."""
    steps = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=7))
    ending = draw(st.sampled_from(["flatten", "average", "largest"]))
    return steps, ending, draw(st.lists(st.sampled_from(VECTOR_KINDS), max_size=4)), draw(st.integers(0, 99))


def build(recipe, *, size=(13, 12, 2), width=4, outputs=1):
    """The model of a recipe on images of that size; weights drawn, none at its initial value."""
    steps, ending, vector_steps, seed = recipe
    maker = _Maker(width, seed)
    x = inputs = layers.Input(size)
    for kind in steps:
        x = maker.on_images(kind, x)
    side = x
    x = {
        "flatten": layers.Flatten(),
        "average": layers.GlobalAveragePooling2D(),
        "largest": layers.GlobalMaxPooling2D(),
    }[ending](x)
    for kind in vector_steps:
        x = maker.on_vectors(kind, x)
    x = layers.Dense(3, activation="softmax")(x)
    model = Model(inputs, x if outputs == 1 else [x, side])
    scatter(model, seed)
    return model


def scatter(model, seed=0):
    """Draw every weight anew, so that gammas, biases and moving statistics matter."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.weights:
            drawn = torch.rand(weight.shape, generator=source)
            weight.copy_(drawn + 0.5 if "gamma" in weight.path or "variance" in weight.path else (drawn - 0.5) * 0.8)


class _Maker:
    def __init__(self, width, seed):
        self.width, self.seed = width, seed
        self._shared = {}

    def conv(self, **options):
        return layers.Conv2D(self.width, 3, **{"padding": "same", **options})

    def shared(self, x, make):
        key = (x.shape[1:], make)
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key](x)

    def on_images(self, kind, x):
        height, width, channels = x.shape[1:]
        small = min(height, width) < 4
        if kind.startswith(("pool", "conv stride", "depthwise stride")) and small:
            return x
        if kind in ("frozen", "frozen batch"):
            layer = self.conv(activation="relu") if kind == "frozen" else layers.BatchNormalization()
            layer.trainable = False
            return layer(x)
        if kind == "nested":
            inner = [layers.Input((height, width, channels)), self.conv(activation="relu"), layers.Dropout(0.3)]
            return Sequential([*inner, *([] if small else [layers.MaxPooling2D()])])(x)
        if kind == "nested functional":
            start = layers.Input((height, width, channels))
            y = self.conv()(start)
            y = layers.Add()([layers.BatchNormalization()(y), self.conv(activation="relu")(y)])
            return Model(start, layers.ReLU()(y))(x)
        if kind == "add":
            left = self.conv()(x)
            return layers.Add()([layers.BatchNormalization()(left), self.conv(activation="relu")(x)])
        if kind == "add self":
            return layers.Add()([x, x])
        if kind == "add 3":
            y = self.conv()(x)
            return layers.Add()([y, layers.ReLU()(y), self.conv()(x)])
        if kind == "concatenate":
            return layers.Concatenate()([self.conv(activation="relu")(x), layers.MaxPooling2D(3, 1, "same")(x)])
        if kind.startswith("zeros"):
            return x if small and kind != "zeros conv" else self.on_zeros(kind, x)
        if kind.startswith("residual"):
            return self.residual(kind, x)
        if kind == "shared":
            y = self.conv(activation="relu")(x)
            return self.shared(self.shared(y, self.conv), self.conv)
        return self.simple(kind)(x)

    def on_zeros(self, kind, x):
        if kind == "zeros twice read":
            y = layers.ZeroPadding2D(1)(x)
            return layers.Add()([layers.Conv2D(self.width, 3)(y), layers.Conv2D(self.width, 3, activation="relu")(y)])
        if kind == "zeros pool":
            return layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(layers.ReLU()(self.conv()(x))))
        zeros, layer = {
            "zeros conv": (2, layers.Conv2D(self.width, 3, activation="relu6")),
            "zeros depthwise": (((0, 1), (0, 1)), layers.DepthwiseConv2D(3, strides=2, use_bias=False)),
            "zeros uneven": (((2, 1), (0, 3)), layers.Conv2D(self.width, 4, strides=(1, 2))),
        }[kind]
        return layers.BatchNormalization()(layer(layers.ZeroPadding2D(zeros)(x)))

    def residual(self, kind, x):
        """x with ReLU, plus two convolutions of it, with ReLU."""
        x = start = layers.ReLU()(layers.BatchNormalization()(self.conv()(x)))
        y = self.conv(activation="relu", padding="same")(x)
        y = layers.BatchNormalization()(self.conv(use_bias=False)(y))
        x = layers.Add()([start, y] if kind == "residual" else [y, start])
        x = layers.ReLU(6.0 if kind == "residual cut" else None)(x)
        return layers.Concatenate()([x, start]) if kind == "residual read again" else x

    def simple(self, kind):
        return {
            "conv": lambda: self.conv(),
            "conv relu": lambda: self.conv(activation="relu"),
            "conv same": lambda: layers.Conv2D(5, (2, 3), padding="same"),
            "conv stride": lambda: layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            "conv dilated": lambda: self.conv(dilation_rate=2),
            "conv sigmoid": lambda: self.conv(activation="sigmoid"),
            "conv no bias": lambda: self.conv(use_bias=False, activation="relu"),
            "batch": lambda: layers.BatchNormalization(momentum=0.7),
            "batch plain": lambda: layers.BatchNormalization(center=False, scale=False),
            "relu": lambda: layers.Activation("relu"),
            "relu layer": lambda: layers.ReLU(),
            "relu6": lambda: layers.ReLU(max_value=6.0, negative_slope=0.1),
            "relu cut": lambda: layers.ReLU(1.5),
            "relu6 activation": lambda: layers.Activation("relu6"),
            "depthwise": lambda: layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu"),
            "depthwise stride": lambda: layers.DepthwiseConv2D(3, strides=2, padding="same"),
            "pool 3 same": lambda: layers.MaxPooling2D(3, 2, padding="same"),
            "leaky": lambda: layers.LeakyReLU(negative_slope=0.2),
            "pool": lambda: layers.MaxPooling2D(),
            "pool 3": lambda: layers.MaxPooling2D(3, 2),
            "pool same": lambda: layers.MaxPooling2D(2, padding="same"),
            "dropout": lambda: layers.Dropout(0.4),
            "dropout 0": lambda: layers.Dropout(0.0),
            "spatial": lambda: layers.SpatialDropout2D(0.3),
            "custom": lambda: Twist(),
            "penalty": lambda: self.conv(activation="relu", activity_regularizer="l2", kernel_regularizer="l2"),
            "noise": lambda: layers.GaussianNoise(0.1),
        }[kind]()

    def on_vectors(self, kind, x):
        if kind == "add self":
            return layers.Add()([x, layers.Dense(x.shape[-1])(x)])
        if kind == "shared dense":
            x = layers.Dense(5)(x)
            return self.shared(self.shared(x, _dense_5), _dense_5)
        return {
            "dense": lambda: layers.Dense(6),
            "dense relu": lambda: layers.Dense(6, activation="relu"),
            "dense tanh": lambda: layers.Dense(6, activation="tanh"),
            "batch": lambda: layers.BatchNormalization(),
            "relu": lambda: layers.ReLU(),
            "dropout": lambda: layers.Dropout(0.5),
            "leaky": lambda: layers.LeakyReLU(),
        }[kind]()(x)


def _dense_5():
    return layers.Dense(5, activation="relu")
