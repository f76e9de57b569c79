"""Layers, models and loops of training written by hand with TensorFlow's names, against Keras' own numbers."""

import numpy as np
import pytest
import torch

from anmok import compat

RNG = np.random.default_rng(2)
X = RNG.normal(size=(24, 5)).astype("float32")
Y = RNG.integers(0, 3, 24)
IMAGES = RNG.uniform(size=(6, 8, 8, 3)).astype("float32")
CLASSES = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture(autouse=True)
def _active():
    with compat.active():
        yield


@pytest.fixture
def tf():
    import tensorflow

    return tensorflow


def convnet(tf, activation="relu"):
    keras = tf.keras
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation=activation, name="first")(inputs)
    x = keras.layers.SeparableConv2D(5, 3, activation=activation, name="last")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def test_weights_and_gradients_show_keras_layouts(tf):
    tf.random.set_seed(0)
    model = convnet(tf, "tanh")
    shapes = [(3, 3, 3, 4), (4,), (3, 3, 4, 1), (1, 1, 4, 5), (5,), (5, 3), (3,)]
    weights = model.trainable_variables
    assert [tuple(w.shape) for w in weights] == shapes == [w.numpy().shape for w in weights]
    with tf.GradientTape() as tape:
        loss = tf.keras.losses.SparseCategoricalCrossentropy()(CLASSES, model(IMAGES, training=True))
    gradients = tape.gradient(loss, weights)
    assert [tuple(g.shape) for g in gradients] == shapes
    for weight, gradient in zip(weights, gradients, strict=True):
        # Along the gradient the loss grows by its squared length.
        kept, step = weight.numpy(), 2e-2 / (1e-8 + float(tf.norm(gradient)))
        values = []
        for sign in (1, -1):
            weight.assign(kept + sign * step * gradient.numpy())
            values.append(float(tf.keras.losses.SparseCategoricalCrossentropy()(CLASSES, model(IMAGES))))
        weight.assign(kept)
        slope = (values[0] - values[1]) / (2 * step)
        assert slope == pytest.approx(float(tf.reduce_sum(gradient**2)), rel=2e-2)


def test_arithmetic_with_weights_is_in_keras_layouts(tf):
    model = convnet(tf)
    model(IMAGES)
    kernel = model.layers[1].kernel
    dense = model.layers[-1]
    np.testing.assert_allclose((kernel * 2).numpy(), kernel.numpy() * 2)
    np.testing.assert_allclose(kernel[0, 1, 2].numpy(), kernel.numpy()[0, 1, 2])
    np.testing.assert_allclose(tf.reduce_sum(kernel, axis=(0, 1, 2)).numpy(), kernel.numpy().sum((0, 1, 2)), rtol=1e-5)
    features = tf.keras.Model(model.input, model.layers[-2].output)(IMAGES)
    by_hand = tf.nn.softmax(tf.matmul(features, dense.kernel) + dense.bias)
    np.testing.assert_allclose(by_hand.numpy(), model(IMAGES).numpy(), rtol=1e-5)
    assert repr(dense.bias).endswith("/bias:0' shape=(3,) dtype=float32, numpy=array([0., 0., 0.], dtype=float32)>")


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_a_loop_by_hand_is_fit(tf, name):
    """The same batches in the same order: the loop over a tape ends at the weights that fit ends at."""
    keras = tf.keras

    def build():
        model = keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(7, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
        )
        model.set_weights(
            [np.linspace(-1, 1, n).reshape(s).astype("f") for n, s in ((35, (5, 7)), (7, 7), (21, (7, 3)), (3, 3))]
        )
        return model

    fitted = build()
    fitted.compile(getattr(keras.optimizers, name)(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fitted.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history

    model, optimizer = build(), getattr(keras.optimizers, name)(0.05)
    loss_of, mean, right = (
        keras.losses.SparseCategoricalCrossentropy(),
        keras.metrics.Mean(name="loss"),
        keras.metrics.SparseCategoricalAccuracy(),
    )

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            predictions = model(images, training=True)
            loss = loss_of(labels, predictions)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean(loss)
        right(labels, predictions)

    for epoch in range(2):
        mean.reset_states()
        right.reset_states()
        for images, labels in tf.data.Dataset.from_tensor_slices((X, Y)).batch(8):
            train_step(images, labels)
        assert float(mean.result()) == pytest.approx(history["loss"][epoch], rel=1e-5)
        assert float(right.result()) == pytest.approx(history["accuracy"][epoch], rel=1e-6)
    assert type(mean.result()) is tf.Tensor and optimizer.iterations.numpy() == 6
    for one, other in zip(model.get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_linear_regression_from_scratch(tf):
    true_w, true_b = np.array([[2.0], [-3.4], [0.5], [0.0], [1.0]], "float32"), 4.2
    targets = X @ true_w + true_b
    w, b = tf.Variable(tf.zeros((5, 1))), tf.Variable(0.0)
    for _ in range(400):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(X, w) + b - targets))
        dw, db = tape.gradient(loss, [w, b])
        w.assign_sub(dw * 0.1)
        b.assign_sub(0.1 * db)
    np.testing.assert_allclose(w.numpy(), true_w, atol=1e-3)
    assert b.numpy() == pytest.approx(true_b, abs=1e-3)


def test_own_layers_and_models(tf):
    class Linear(tf.keras.layers.Layer):
        def __init__(self, units=32, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            assert input_shape.as_list()[1:] == [5]
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
            self.b = tf.Variable(tf.zeros((self.units,)), trainable=True, name="b")
            self.seen = tf.Variable(0.0, trainable=False, name="seen")

        def call(self, inputs, training=None):
            assert inputs.get_shape().as_list()[-1] == 5
            if training:
                self.seen.assign_add(tf.cast(tf.shape(inputs)[0], tf.float32))
            return tf.nn.relu(tf.matmul(inputs, self.w) + self.b)

    class Network(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = Linear(4), tf.keras.layers.Dense(3, activation="softmax")

        def call(self, inputs, training=False):
            return self.out(self.hidden(inputs, training=training))

    layer = Linear(4)
    out = layer(X)
    assert type(out) is tf.Tensor
    np.testing.assert_allclose(out.numpy(), np.maximum(X @ layer.w.numpy(), 0), rtol=1e-4, atol=1e-6)
    assert len(layer.trainable_weights) == 2 and len(layer.non_trainable_weights) == 1
    model = Network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = [w.copy() for w in (model(X), model.get_weights())[1]]
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    moved = [np.abs(a - b).max() > 0 for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(moved) and float(model.hidden.seen) == 48
    inputs = tf.keras.Input((5,))
    functional = tf.keras.Model(inputs, Linear(2)(inputs))
    assert functional.output_shape == (None, 2) and functional.predict(X, verbose=0).shape == (24, 2)


def test_a_train_step_with_a_tape(tf):
    class Own(tf.keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    def build(cls):
        inputs = tf.keras.Input((5,))
        model = cls(inputs, tf.keras.layers.Dense(3, "softmax", kernel_regularizer="l2")(inputs))
        model.set_weights([np.linspace(-1, 1, 15).reshape(5, 3), np.zeros(3)])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y)).history

    own, history = build(Own)
    plain, expected = build(tf.keras.Model)
    assert list(history) == list(expected)
    for name in ("accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
    for one, other in zip(own.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_grad_cam_is_what_hooks_give(tf):
    model = convnet(tf)
    looking = tf.keras.models.Model([model.inputs], [model.get_layer("last").output, model.output])
    with tf.GradientTape() as tape:
        maps, scores = looking(IMAGES)
        score = scores[:, 1]
    gradients = tape.gradient(score, maps)
    weights = tf.reduce_mean(gradients, axis=(1, 2))
    cam = tf.reduce_sum(maps * weights[:, None, None, :], axis=-1)

    kept = {}
    hook = model.get_layer("last").register_forward_hook(lambda module, given, output: kept.update(maps=output))
    with torch.enable_grad():
        output = model(torch.from_numpy(IMAGES))[:, 1].sum()
        (expected,) = torch.autograd.grad(output, kept["maps"])
    hook.remove()
    np.testing.assert_allclose(gradients.numpy(), expected.numpy(), rtol=1e-5, atol=1e-8)
    by_hand = (kept["maps"] * expected.mean((1, 2), keepdim=True)).sum(-1)
    np.testing.assert_allclose(cam.numpy(), by_hand.detach().numpy(), rtol=1e-4, atol=1e-8)


def test_pictures_moved_by_gradients(tf):
    """FGSM raises the loss, gradient ascent a channel, a picture as a variable comes near another's features."""
    model = convnet(tf)
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy()
    image = tf.convert_to_tensor(IMAGES[:2])
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = loss_of(CLASSES[:2], model(image))
    signs = tf.sign(tape.gradient(loss, image))
    assert float(loss_of(CLASSES[:2], model(image + 0.05 * signs))) > float(loss)

    channel = tf.keras.Model(model.inputs, model.get_layer("first").output)
    picture, values = tf.constant(IMAGES[:1]), []
    for _ in range(5):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            value = tf.reduce_mean(channel(picture)[..., 0])
        gradient = tape.gradient(value, picture)
        gradient /= tf.math.reduce_std(gradient) + 1e-8
        picture += gradient * 0.05
        values.append(float(value))
    assert values == sorted(values) and values[-1] > values[0]

    target = channel(IMAGES[1:2])
    drawn, optimizer, distances = tf.Variable(IMAGES[:1]), tf.keras.optimizers.Adam(0.02), []
    for _ in range(20):
        with tf.GradientTape() as tape:
            distance = tf.add_n([tf.reduce_mean((channel(drawn) - target) ** 2)])
        optimizer.apply_gradients([(tape.gradient(distance, drawn), drawn)])
        drawn.assign(tf.clip_by_value(drawn, 0.0, 1.0))
        distances.append(float(distance))
    assert distances[-1] < 0.5 * distances[0] and drawn.numpy().min() >= 0


def test_nothing_is_recorded_outside_tapes(tf):
    model = convnet(tf)
    assert not model(IMAGES).requires_grad
    # Whoever brings torch's tensors gets torch's back, recorded as torch does.
    out = model(torch.from_numpy(IMAGES))
    assert type(out) is torch.Tensor and out.requires_grad


def test_losses_metrics_and_arrays(tf):
    loss = tf.keras.losses.MeanSquaredError()([[1.0, 2.0]], [[2.0, 4.0]])
    assert type(loss) is tf.Tensor and loss.numpy() == 2.5
    each = tf.keras.losses.mse(np.ones((2, 3), "float32"), np.zeros((2, 3), "float32"))
    assert type(each) is tf.Tensor and each.numpy().tolist() == [1, 1]
    metric = tf.keras.metrics.Accuracy()
    metric.update_state([1, 2, 3], tf.constant([1, 2, 0]))
    assert metric.result().numpy() == pytest.approx(2 / 3)

    def distance(y_true, y_pred):
        assert y_pred.shape.as_list()[-1] == 3
        return tf.reduce_mean(tf.abs(tf.one_hot(tf.cast(y_true[:, 0], tf.int32), 3) - y_pred), axis=-1)

    model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3, "softmax")])
    model.compile("sgd", loss=distance, metrics=[distance])
    logs = model.evaluate(X, Y[:, None].astype("float32"), verbose=0, return_dict=True)
    expected = np.abs(np.eye(3)[Y] - model.predict(X, verbose=0)).mean()
    assert logs["loss"] == pytest.approx(expected, rel=1e-5) and logs["distance"] == pytest.approx(expected, rel=1e-5)
    model.fit(X, Y[:, None].astype("float32"), verbose=0)


def test_fit_takes_tensors_and_predicts_arrays(tf):
    model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(tf.constant(X), tf.constant(Y), epochs=1, verbose=0)
    assert type(model.predict(tf.constant(X), verbose=0)) is np.ndarray
    np.testing.assert_allclose(model(tf.constant(X)).numpy(), model.predict(X, verbose=0), rtol=1e-5)


def test_torch_users_see_torchs_layouts(tf):
    """Plain tensors of torch beside a weight, and gradients of torch, are in the order torch keeps them in."""
    layer = tf.keras.layers.Dense(3)
    layer.build((None, 5))
    kept = layer.kernel.numpy()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad((layer(torch.from_numpy(X)) ** 2).mean(), layer.kernel)
    moved = layer.kernel - 0.1 * gradient
    assert type(moved) is torch.Tensor and moved.size() == (3, 5)
    tf.keras.optimizers.SGD(0.1).apply_gradients([(gradient, layer.kernel)])
    np.testing.assert_allclose(layer.kernel.numpy(), kept - 0.1 * gradient.numpy().T, rtol=1e-5)
    np.testing.assert_allclose(layer.kernel.numpy(), moved.detach().numpy().T, rtol=1e-5)


def test_functions_of_ones_own(tf):
    """Initializer, regularizer, constraint, activation, loss and metric written with tf's functions."""
    K = tf.keras.backend

    class Huber(tf.keras.losses.Loss):
        def call(self, y_true, y_pred):
            error = y_true - y_pred
            assert error.shape.as_list()[-1] == 1
            return tf.where(tf.abs(error) < 1, tf.square(error) / 2, tf.abs(error) - 0.5)

    class Distance(tf.keras.metrics.Metric):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")
            self.count = self.add_weight(name="count", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(tf.reduce_sum(tf.abs(y_true - y_pred)))
            self.count.assign_add(tf.cast(tf.size(y_true), tf.float32))

        def result(self):
            return self.total / self.count

    def build(own):
        layers = tf.keras.layers
        settings = {
            True: {
                "activation": lambda z: z * K.sigmoid(z),
                "kernel_initializer": lambda shape, dtype=None: tf.ones(shape, dtype) * 0.3,
                "kernel_regularizer": lambda w: tf.reduce_sum(tf.abs(w)) * 0.01,
                "kernel_constraint": lambda w: tf.where(w < 0.0, tf.zeros_like(w), w),
            },
            False: {
                "activation": "swish",
                "kernel_initializer": tf.keras.initializers.Constant(0.3),
                "kernel_regularizer": tf.keras.regularizers.l1(0.01),
                "kernel_constraint": "non_neg",
            },
        }[own]
        model = tf.keras.Sequential([tf.keras.Input((5,)), layers.Dense(4, **settings), layers.Dense(1, **settings)])
        model.compile(
            tf.keras.optimizers.Nadam(0.1),
            loss=Huber() if own else tf.keras.losses.Huber(),
            metrics=[Distance(name="mae") if own else "mae"],
        )
        return model, model.fit(
            X, Y[:, None].astype("float32"), batch_size=8, epochs=3, shuffle=False, verbose=0
        ).history

    (own, history), (plain, expected) = build(True), build(False)
    for name in expected:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
    for one, other in zip(own.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert type(tf.keras.initializers.HeNormal()(shape=(2, 2))) is tf.Tensor
    assert type(tf.keras.activations.softmax(np.zeros((1, 2)))) is tf.Tensor


def test_minimize(tf):
    w, optimizer = tf.Variable(3.0), tf.keras.optimizers.SGD(0.1)
    optimizer.minimize(lambda: (w - 1) ** 2, var_list=[w])
    assert w.numpy() == pytest.approx(2.6)
    with tf.GradientTape() as tape:
        loss = w**2
    optimizer.minimize(loss, [w], tape=tape)
    assert w.numpy() == pytest.approx(2.6 - 0.52)


def test_weights_stand_in_while_shapes_are_found(tf):
    """A layer's own code may use its weights as variables, in Keras' layout, also where there are no numbers yet."""

    class Twice(tf.keras.layers.Dense):
        def call(self, inputs):
            return tf.matmul(inputs, self.kernel) * 2 + self.bias

    class Count(tf.keras.layers.Layer):
        def build(self, input_shape):
            self.total = tf.Variable(tf.zeros((input_shape[-1],)), trainable=False)
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.total.assign_add(tf.reduce_sum(inputs, axis=0))
            self.calls.assign(self.calls + 1)
            return inputs

    inputs = tf.keras.Input((5,))
    model = tf.keras.Model(inputs, Twice(3)(Count()(inputs)))
    assert model.output_shape == (None, 3)
    out = model(X)
    np.testing.assert_allclose(out.numpy(), X @ model.layers[-1].kernel.numpy() * 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.layers[1].total.numpy(), X.sum(0), rtol=1e-4, atol=1e-5)
    assert model.layers[1].calls.numpy() == 1


def test_layers_that_are_built_while_shapes_are_found():
    from keras import layers, models

    class Block(layers.Layer):
        def __init__(self, filters, **kwargs):
            super().__init__(**kwargs)
            self.parts = [layers.Conv2D(filters, 3, padding="same", use_bias=False), layers.BatchNormalization()]

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    model = models.Sequential([layers.Input((6, 6, 3)), Block(5), layers.Conv2D(2, 1)])
    assert tuple(model.output_shape) == (None, 6, 6, 2)
    assert [tuple(weight.shape) for weight in model.trainable_weights] == [(3, 3, 3, 5), (5,), (5,), (1, 1, 5, 2), (2,)]
    assert model.predict(np.ones((2, 6, 6, 3)), verbose=0).shape == (2, 6, 6, 2)
