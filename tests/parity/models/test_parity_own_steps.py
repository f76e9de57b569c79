"""Models that write train_step, test_step, compute_loss, ... themselves: the numbers are Keras'."""

import numpy as np
import pytest
import torch

RNG = np.random.RandomState(0)
X = RNG.randn(40, 3).astype("float32")
Y = (X.sum(1, keepdims=True) ** 2).astype("float32")
WEIGHTS = [RNG.randn(*shape).astype("float32") for shape in ((3, 4), (4,), (4, 1), (1,))]


def loop_of_torch(k):
    class Own(k.Model):
        def train_step(self, data):
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            gradients = [weight.value.grad for weight in self.trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, self.trainable_weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    return Own


def own_loss_and_metrics(k):
    class Own(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.mine = k.metrics.Mean(name="mine")

        def compute_loss(self, x, y, y_pred, sample_weight, training=True):
            loss = ((y - y_pred) ** 2).mean() + sum(self.losses)
            self.mine.update_state(loss)
            return loss

        def compute_metrics(self, x, y, y_pred, sample_weight):
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            results["twice"] = results["mae"] * 2
            return results

    return Own


def own_metrics_property(k):
    class Own(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.tracker = k.metrics.Mean(name="loss")
            self.mae = k.metrics.MeanAbsoluteError(name="mae")

        @property
        def metrics(self):
            return [self.tracker, self.mae]

        def train_step(self, data):
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = k.losses.mean_squared_error(y, y_pred).mean()
            loss.backward()
            gradients = [weight.value.grad for weight in self.trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, self.trainable_weights)
            self.tracker.update_state(loss)
            self.mae.update_state(y, y_pred)
            return {"loss": self.tracker.result(), "mae": self.mae.result()}

        def test_step(self, data):
            x, y = data
            self.mae.update_state(y, self(x, training=False) * 0)
            return {"mae": self.mae.result()}

        def predict_step(self, data):
            return self(data[0] if isinstance(data, tuple) else data, training=False) * 10

    return Own


def step_that_calls_keras(k):
    class Own(k.Model):
        def train_step(self, data):
            x, y = data
            return super().train_step((x, y * 2))

    return Own


def run(k, make):
    class Penalty(k.layers.Layer):
        def call(self, inputs):
            self.add_loss((inputs**2).mean() * 0.1)
            return inputs

    inputs = k.Input((3,))
    hidden = Penalty()(k.layers.Dense(4, activation="tanh", kernel_regularizer="l2")(inputs))
    model = make(k)(inputs, k.layers.Dense(1)(hidden))
    model.set_weights(WEIGHTS)
    compiled = {} if make is own_metrics_property else {"loss": "mse", "metrics": ["mae"]}
    model.compile(k.optimizers.Adam(0.01), **compiled)
    history = model.fit(
        X, Y, batch_size=16, epochs=3, verbose=0, shuffle=False, validation_data=(X[:20], Y[:20])
    ).history
    return model, history, model.evaluate(X, Y, verbose=0, return_dict=True), model.predict(X[:5], verbose=0)


@pytest.mark.parametrize(
    "make", [loop_of_torch, own_loss_and_metrics, own_metrics_property, step_that_calls_keras], ids=lambda f: f.__name__
)
def test_own_steps(make):
    import keras

    import anmok

    theirs, expected, expected_logs, expected_outputs = run(keras, make)
    ours, history, logs, outputs = run(anmok, make)
    assert list(history) == sorted(expected)
    for name in expected:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5, err_msg=name)
    assert logs == pytest.approx(expected_logs, rel=1e-5)
    np.testing.assert_allclose(outputs, expected_outputs, rtol=1e-4)
    for mine, others in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, others, rtol=1e-4, atol=1e-6)


def test_a_loop_by_hand_over_steps():
    import anmok

    model = step_that_calls_keras(anmok)
    inputs = anmok.Input((3,))
    model = model(inputs, anmok.layers.Dense(1)(inputs))
    model.set_weights([WEIGHTS[0][:, :1], WEIGHTS[3]])
    model.compile(anmok.optimizers.SGD(0.1), loss="mse")
    before = model.predict(X, verbose=0)
    logs = model.train_step((torch.from_numpy(X), torch.from_numpy(Y)))
    assert float(logs["loss"]) == pytest.approx(float(((2 * Y - before) ** 2).mean()), rel=1e-5)
    model.reset_metrics()
    assert float(model.get_metrics_result()["loss"]) == 0


def test_what_a_step_returns_must_be_a_dict():
    import anmok

    class Own(anmok.Model):
        def train_step(self, data):
            return 1.0

    inputs = anmok.Input((3,))
    model = Own(inputs, anmok.layers.Dense(1)(inputs))
    model.compile("adam", "mse")
    with pytest.raises(anmok.errors.ArgumentError, match="must return a dict"):
        model.fit(X, Y, verbose=0)


def test_added_losses_and_metrics_of_symbolic_tensors():
    """An autoencoder's loss as a tensor of its graph trains like the same loss written as a function."""
    import anmok
    from anmok import layers

    def build(symbolic):
        inputs = anmok.Input((3,))
        outputs = layers.Dense(3)(layers.Dense(2, activation="tanh")(inputs))
        model = anmok.Model(inputs, outputs)
        model.set_weights([WEIGHTS[0][:, :2], WEIGHTS[1][:2], WEIGHTS[0].T[:2], WEIGHTS[1][:3]])
        if symbolic:
            difference = anmok.losses.mean_squared_error(inputs, outputs)
            model.add_loss(torch.mean(difference))
            model.add_metric(difference * 3, name="three")
            model.compile("sgd")
            return model, model.fit(X, batch_size=10, epochs=2, verbose=0, shuffle=False).history
        model.compile("sgd", "mse")
        return model, model.fit(X, X, batch_size=10, epochs=2, verbose=0, shuffle=False).history

    one, history = build(True)
    other, expected = build(False)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    np.testing.assert_allclose(history["three"], 3 * np.array(expected["loss"]), rtol=1e-5)
    for mine, others in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, others, rtol=1e-5)


def test_a_metric_and_a_loss_added_in_call():
    import anmok

    class Counting(anmok.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight((), "ones", name="scale")
            self.add_loss(lambda: self.scale * 0.5)

        def call(self, inputs):
            self.add_metric(inputs.abs(), name="size")
            return inputs * self.scale

    model = anmok.Sequential([Counting(), anmok.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=40, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["size"], [np.abs(X).mean()] * 2, rtol=1e-5)
    assert history["loss"][0] == pytest.approx(float(((X.sum(1, keepdims=True) - Y) ** 2).mean()) + 0.5, rel=1e-5)
    slope = float((2 * (X.sum(1, keepdims=True) - Y) * X.sum(1, keepdims=True)).mean()) + 0.5
    fresh = anmok.Sequential([Counting(), anmok.layers.Dense(1, kernel_initializer="ones")])
    fresh.compile("sgd", "mse")
    fresh.train_on_batch(X, Y)
    assert float(fresh.layers[0].scale.numpy()) == pytest.approx(1 - 0.01 * slope, rel=1e-4)


def test_steps_without_a_loss_of_that_name(recwarn):
    import anmok

    class Own(anmok.Model):
        def train_step(self, data):
            return {"first_loss": torch.tensor(2.0), "second_loss": 3.0}

    inputs = anmok.Input((3,))
    model = Own(inputs, anmok.layers.Dense(1)(inputs))
    model.compile()
    assert model.fit(X, Y, verbose=0).history == {"first_loss": [2.0], "second_loss": [3.0]}
    assert not [warning for warning in recwarn if "nan" in str(warning.message)]
