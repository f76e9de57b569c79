"""keras.backend against NumPy, Keras and torch's autograd, and models that have it inside."""

import os

import numpy as np
import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

from anmok import Input, compat, layers, models
from anmok.compat import backend as K
from anmok.compat.tensors import as_tensor
from anmok.errors import ArgumentError

X = np.random.default_rng(0).normal(size=(24, 8, 8, 3)).astype("float32")
CLASSES = np.random.default_rng(1).integers(0, 3, 24)
HOT = np.eye(3, dtype="float32")[CLASSES]


@pytest.fixture(autouse=True)
def active():
    with compat.active():
        yield


def small():
    return models.Sequential(
        [
            Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu", name="c"),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def close(got, wanted):
    np.testing.assert_allclose(K.eval(got), wanted, rtol=1e-4, atol=1e-5)


def test_functions_with_names_and_orders_of_their_own():
    x = X[:2]
    close(K.mean(x, axis=(1, 2)), x.mean((1, 2)))
    close(K.argmax(x), x.argmax(-1))
    close(K.concatenate([x, x]), np.concatenate([x, x], -1))
    close(K.permute_dimensions(x, (0, 3, 1, 2)), x.transpose(0, 3, 1, 2))
    close(K.batch_flatten(x), x.reshape(2, -1))
    close(K.flatten(x), x.ravel())
    close(K.clip(x, min_value=-1, max_value=0.5), x.clip(-1, 0.5))
    close(K.sqrt(np.float32([-1, 4])), [0, 2])
    close(K.repeat(x[:, 0, 0], 3), np.repeat(x[:, 0, 0][:, None], 3, 1))
    close(K.repeat_elements(x, 2, axis=1), x.repeat(2, 1))
    close(K.resize_images(x, 2, 3, "channels_last"), x.repeat(2, 1).repeat(3, 2))
    close(K.spatial_2d_padding(x, ((1, 0), (0, 2))), np.pad(x, ((0, 0), (1, 0), (0, 2), (0, 0))))
    close(K.hard_sigmoid(x), np.clip(0.2 * x + 0.5, 0, 1))
    close(K.one_hot([1, 0], 3), [[0, 1, 0], [1, 0, 0]])
    close(K.in_top_k([[0.1, 0.9]], [1], 1), [True])
    close(K.batch_dot(x[:, 0], x[:, 1], axes=(2, 2)), np.einsum("bic,bjc->bij", x[:, 0], x[:, 1]))
    close(K.batch_dot(x[:, 0, 0], x[:, 0, 1], axes=1), (x[:, 0, 0] * x[:, 0, 1]).sum(1, keepdims=True))
    close(K.l2_normalize(x, axis=-1), x / np.linalg.norm(x, axis=-1, keepdims=True))
    close(K.switch(K.constant([True, False]), x[:, 0, 0], -x[:, 0, 0]), np.stack([x[0, 0, 0], -x[1, 0, 0]]))
    close(K.switch(K.constant(1) > 2, lambda: x, lambda: -x), -x)
    close(K.mean(K.equal([1, 2], [1, 3])), 0.5)
    close(K.arange(1, 7, 2), [1, 3, 5])
    close(K.pow(x, 2), x**2)


def test_windows_are_those_of_keras():
    x, kernel = X[:2], np.random.default_rng(2).normal(size=(3, 3, 3, 5)).astype("float32")
    ops = keras.ops
    for padding in ("valid", "same"):
        got = K.conv2d(x, kernel, strides=(2, 2), padding=padding)
        close(got, ops.conv(ops.array(x), ops.array(kernel), 2, padding).detach().numpy())
        got = K.pool2d(x, (2, 2), strides=(2, 2), padding=padding, pool_mode="max")
        close(got, ops.max_pool(ops.array(x), 2, 2, padding).numpy())
    close(K.pool2d(x, (2, 2), (2, 2), pool_mode="avg"), ops.average_pool(ops.array(x), 2, 2).numpy())
    close(K.depthwise_conv2d(x, kernel[..., :1]), ops.depthwise_conv(ops.array(x), ops.array(kernel[..., :1])).numpy())


def test_variables_and_settings():
    x = K.variable([[1, 2], [3, 4]])
    assert K.dtype(x) == "float32" and K.int_shape(x) == (2, 2) and K.ndim(x) == 2 and K.count_params(x) == 4
    K.set_value(x, np.zeros((2, 2)))
    K.update_add(x, K.ones((2, 2)))
    close(x, np.ones((2, 2)))
    model = small()
    model.compile("adam", "mse")
    K.set_value(model.optimizer.learning_rate, 0.25)
    assert K.get_value(model.optimizer.learning_rate) == np.float32(0.25)
    np.testing.assert_array_equal(K.get_value(model.weights[0]), model.get_weights()[0])
    assert K.int_shape(model.output) == (None, 3)
    assert (K.epsilon(), K.floatx(), K.image_data_format()) == (1e-7, "float32", "channels_last")
    K.reset_uids()
    assert [K.get_uid("a"), K.get_uid("b"), K.get_uid("a")] == [1, 1, 2]
    assert K.is_keras_tensor(Input((2,))) and not K.is_keras_tensor(x)
    assert K.is_placeholder(K.placeholder((None, 2)))
    close(K.random_normal((200, 200), 1.0, 2.0).numpy().std().round(1), 2.0)
    K.clear_session()
    assert small().layers[0].name == "c" and layers.Dense(1).name == "dense_1"


def test_the_learning_phase_is_known_in_lambda_layers():
    seen = []

    def noting(x):
        seen.append(int(K.learning_phase()))
        return x

    model = models.Sequential([Input((8, 8, 3)), layers.Lambda(noting), layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", "mse")
    seen.clear()
    model.fit(X, HOT, batch_size=12, verbose=0)
    assert seen == [1, 1]
    seen.clear()
    model.predict(X, verbose=0)
    assert set(seen) == {0}


def test_an_activation_of_ones_own_gets_tensors_and_is_saved_by_name(tmp_path):
    def twice_tanh(x):
        assert x.shape.as_list()[1:] == [3]
        return K.constant(2.0) * K.tanh(x)

    model = models.Sequential([Input((8, 8, 3)), layers.Flatten(), layers.Dense(3, activation=twice_tanh)])
    model.compile("sgd", "mse")
    model.fit(X, HOT, verbose=0)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras", custom_objects={"twice_tanh": twice_tanh})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_learning_phase():
    assert K.learning_phase() == 0
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1
    assert K.learning_phase() == 0
    layer = layers.Lambda(lambda x: K.in_train_phase(x * 2, x))
    close(layer(as_tensor(X), training=True), X * 2)
    close(layer(as_tensor(X), training=False), X)
    with pytest.raises(ArgumentError, match="expected 0 or 1"):
        K.set_learning_phase(2)


# K.function and K.gradients ------------------------------------------------------------------------------


def test_outputs_of_layers_for_prediction_and_training():
    model = small()
    run = K.function([model.layers[0].input, K.learning_phase()], [model.layers[1].output])
    (predicted,), (trained,) = run([X, 0]), run([X, 1])
    wanted = models.Model(model.input, model.get_layer("c").output).predict(X, verbose=0)
    np.testing.assert_allclose(predicted, wanted, rtol=1e-5, atol=1e-6)
    kept = trained != 0
    np.testing.assert_allclose(trained[kept], 2 * predicted[kept], rtol=1e-5)
    assert 0.4 < kept[predicted > 0].mean() < 0.6
    every = K.function([model.input], [layer.output for layer in model.layers])([X])
    assert [part.shape for part in every] == [(24, 6, 6, 4), (24, 6, 6, 4), (24, 144), (24, 3)]


def test_gradients_of_inputs_and_of_feature_maps_are_autograds():
    model = small()
    maps = model.get_layer("c").output
    loss = K.mean(model.output[:, 1])
    to_input, to_maps = K.gradients(loss, [model.input, maps])
    run = K.function([model.input], [loss, to_input, to_maps, K.mean(to_maps, axis=(0, 1, 2))])
    value, inputs, features, pooled = run([X])
    x = torch.from_numpy(X).requires_grad_(True)
    parts = [x]
    with torch.enable_grad():
        for layer in model.layers:
            parts.append(layer(parts[-1], training=False))
        wanted = torch.autograd.grad(parts[-1][:, 1].mean(), [x, parts[1]])
    np.testing.assert_allclose(value, parts[-1][:, 1].mean().item(), rtol=1e-5)
    np.testing.assert_allclose(inputs, wanted[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(features, wanted[1], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(pooled, wanted[1].mean((0, 1, 2)), rtol=1e-3, atol=1e-7)


def test_a_gradient_can_be_computed_with_and_is_none_where_nothing_leads():
    x, other = K.placeholder((None, 3)), K.placeholder((None, 3))
    loss = K.sum(K.pow(x, 3))
    (first, nothing) = K.gradients(loss, [x, other])
    assert nothing is None
    (second,) = K.gradients(K.sum(first), x)
    a, b = K.function([x], [first / 3, second])([[[1.0, 2.0, 3.0]]])
    np.testing.assert_allclose(a, [[1, 4, 9]])
    np.testing.assert_allclose(b, [[6, 12, 18]])


def test_gradients_of_weights_are_in_the_layout_of_keras():
    model = small()
    kernel = model.get_layer("c").kernel
    (gradient,) = K.gradients(K.sum(model.get_layer("c").output), kernel)
    found = K.function([model.input], [gradient])([X])[0]
    step = 1e-2
    before, values = [], kernel.numpy()
    for move in (step, -step):
        moved = values.copy()
        moved[1, 2, 0, 3] += move
        K.set_value(kernel, moved)
        before.append(models.Model(model.input, model.get_layer("c").output).predict(X, verbose=0).astype(float).sum())
    np.testing.assert_allclose(found[1, 2, 0, 3], (before[0] - before[1]) / (2 * step), rtol=0.05)


def test_a_placeholder_beside_constants_through_a_network():
    target, made = K.constant(X[:1, :, :, :]), K.placeholder((1, 8, 8, 3))
    both = K.concatenate([target, made], axis=0)
    features = layers.Conv2D(2, 3)(both)
    loss = K.variable(0.0)
    loss += K.sum(K.square(features[0, :, :, :] - features[1, :, :, :]))
    loss += 0.5 * K.prod(K.cast(K.shape(features), "float32"))
    grads = K.gradients(loss, made)[0]
    value, moved = K.function([made], [loss, grads])([X[:1]])
    np.testing.assert_allclose(value, 0.5 * 2 * 6 * 6 * 2)
    np.testing.assert_allclose(moved, 0, atol=1e-6)


def test_what_a_function_of_graphs_refuses():
    model = small()
    with pytest.raises(ArgumentError, match="which is not among the inputs"):
        K.function([K.placeholder((2,))], [model.output])
    with pytest.raises(ArgumentError, match=r"expected an input of shape \(None, 8, 8, 3\), got \(2, 4\)"):
        K.function([model.input], [model.output])([np.zeros((2, 4))])
    with pytest.raises(ArgumentError, match="updates are not supported"):
        K.function([model.input], [model.output], updates=[1])
    with pytest.raises(ArgumentError, match=r"there is tf.GradientTape"):
        K.gradients(K.constant(1.0), K.constant(1.0))
    with pytest.raises(AttributeError, match=r"anmok does not cover keras.backend.get_session: "):
        K.get_session  # noqa: B018


# Losses and metrics of one's own ------------------------------------------------------------------------------


def dice(y_true, y_pred, smooth=1):
    shared = K.sum(K.flatten(y_true) * K.flatten(y_pred))
    return (2.0 * shared + smooth) / (K.sum(K.flatten(y_true)) + K.sum(K.flatten(y_pred)) + smooth)


def focal(y_true, y_pred, gamma=2.0, alpha=0.25):
    y_pred = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
    return K.sum(-y_true * alpha * K.pow(1 - y_pred, gamma) * K.log(y_pred), axis=-1)


def recall(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return hits / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())


def rightness(y_true, y_pred):
    return K.mean(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)))


def test_losses_and_metrics_of_ones_own_are_what_numpy_makes_of_the_predictions():
    model = small()
    for loss in (lambda t, p: 1 - dice(t, p), focal, lambda t, p: K.categorical_crossentropy(t, p)):
        model.compile("sgd", loss, metrics=[dice, recall, rightness, "accuracy"])
        found = model.evaluate(X, HOT, batch_size=24, verbose=0, return_dict=True)
        p = model.predict(X, verbose=0)
        np.testing.assert_allclose(found["dice"], (2 * (HOT * p).sum() + 1) / (HOT.sum() + p.sum() + 1), rtol=1e-4)
        np.testing.assert_allclose(found["recall"], (HOT * p).round().sum() / HOT.sum(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found["rightness"], (p.argmax(1) == CLASSES).mean(), rtol=1e-5)
        assert np.isclose(found["accuracy"], found["rightness"])
        before = model.get_weights()[0]
        model.fit(X, HOT, batch_size=8, verbose=0)
        assert np.isfinite(model.history.history["loss"][0]) and (model.get_weights()[0] != before).any()


# In layers and in the functional API ------------------------------------------------------------------------------


def test_lambda_layers_with_k_inside_train():
    import anmok.compat.tf as tf

    mean = tf.constant([0.1, 0.2, 0.3])
    model = models.Sequential(
        [
            Input((8, 8, 3)),
            layers.Lambda(lambda x: x - mean),
            layers.Lambda(lambda x: tf.image.resize(x, (4, 4))),
            layers.Conv2D(4, 3, activation=tf.nn.relu),
            layers.Lambda(lambda x: K.mean(x, axis=[1, 2])),
            layers.Dense(3, activation=tf.nn.softmax),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    before = model.get_weights()
    model.fit(X, HOT, verbose=0)
    assert all((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))
    maps = models.Model(model.input, model.layers[1].output).predict(X, verbose=0)
    wanted = (X - mean.numpy()).reshape(24, 4, 2, 4, 2, 3).mean((2, 4))  # halves: the mean of the two nearest
    np.testing.assert_allclose(maps, wanted, atol=1e-5)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_functions_on_symbolic_tensors_are_layers_that_train_and_are_saved(ending, tmp_path):
    import anmok.compat.tf as tf

    i = Input((8, 8, 3))
    a, b = layers.Conv2D(4, 3, padding="same")(i), layers.Conv2D(4, 1)(i)
    x = tf.nn.relu(tf.concat([a, b], axis=-1)) * 2.0 - np.float32(0.5)
    flat = tf.reshape(x, (tf.shape(x)[0], tf.shape(x)[1] * 64))
    x = tf.reduce_mean(x, axis=[1, 2], name="pooled") + tf.cast(tf.reduce_max(flat, axis=1, keepdims=True), "float32")
    model = models.Model(i, layers.Dense(3, activation="softmax")(x))
    assert [type(layer).__name__ for layer in model.layers][3:5] == ["Concatenate", "Activation"]
    assert model.get_layer("pooled").output.shape == (None, 8)
    model.compile("adam", "categorical_crossentropy")
    before = model.get_weights()
    model.fit(X, HOT, verbose=0)
    assert all((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / f"m{ending}")
    again = models.load_model(tmp_path / f"m{ending}")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


def test_variables_and_tensors_beside_symbolic_tensors_let_gradients_through():
    import anmok.compat.tf as tf

    for value in (tf.constant([1.0, 2.0, 3.0]), tf.Variable([1.0, 2.0, 3.0]), np.float32([1, 2, 3])):
        i = Input((4,))
        x = layers.Dense(3)(i)
        x = tf.add(value * x - value, value)
        model = models.Model(i, layers.Dense(1)(x))
        model.compile("sgd", "mse")
        before = model.get_weights()[0]
        model.fit(X[:, 0, 0, :1].repeat(4, 1), X[:, 0, 0, :1], verbose=0)
        assert (model.get_weights()[0] != before).all()
