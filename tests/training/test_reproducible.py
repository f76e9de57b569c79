"""Same seed, same weights, bit for bit; and a training that was killed ends as the one that was not."""

import itertools
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import callbacks, layers, mixed_precision, optimizers, random, utils
from anmok.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(36, 10, 10, 2)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 36)


def convnet(optimizer="adam", **compiled):
    L = layers
    model = Sequential(
        [
            L.Input((10, 10, 2)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.3),
            L.Conv2D(6, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.Flatten(), L.Dropout(0.5),
            L.Dense(3, activation="softmax"),
        ]
    )  # fmt: skip
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["acc"], **compiled)
    return model


def branches(optimizer="sgd", **compiled):
    L = layers
    x = L.Input((10, 10, 2))
    left = L.Dropout(0.2)(L.Conv2D(4, 3, activation="relu")(x))
    right = L.SpatialDropout2D(0.3)(L.Conv2D(4, 3)(L.GaussianNoise(0.1)(x)))
    y = L.GlobalAveragePooling2D()(L.Add()([left, right]))
    model = Model(x, L.Dense(3, activation="softmax", kernel_regularizer="l2")(y))
    model.compile(optimizer, "sparse_categorical_crossentropy", **compiled)
    return model


def trained(build, seed, **options):
    utils.set_random_seed(seed)
    model = build(**options)
    history = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, validation_split=0.2).history
    return model.get_weights(), history


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("policy", ["auto", "float32", "mixed_bfloat16"])
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("build", [convnet, branches])
def test_a_seed_fixes_everything(build, eager, policy):
    mixed_precision.set_global_policy(policy)
    try:
        first, history = trained(build, 3, run_eagerly=eager)
        np.random.random(5)  # what else draws does not matter
        again, same_history = trained(build, 3, run_eagerly=eager)
        other, _ = trained(build, 4, run_eagerly=eager)
    finally:
        mixed_precision.set_global_policy("auto")
    assert equal(first, again)
    assert history == same_history
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1)


def test_without_a_seed_every_process_draws_anew():
    program = "from anmok import random; print(random.master_seed())"
    drawn = {subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout for _ in range(2)}
    assert len(drawn) == 2


class Killed(Exception):
    pass


def kill_at(epoch, step):
    class Kill(callbacks.Callback):
        # After BackupAndRestore, as a kill comes when it comes.
        runs_last = True

        def on_epoch_begin(self, number, logs=None):
            self.epoch = number

        def on_train_batch_end(self, batch, logs=None):
            if (self.epoch, batch) == (epoch, step):
                raise Killed

    return Kill()


OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01),
    "momentum": lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), momentum=0.9),
    "averages": lambda: optimizers.RMSprop(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
    "accumulating": lambda: optimizers.AdamW(0.01, gradient_accumulation_steps=3),
}


def run(folder, seed, optimizer, save_freq, kill=None, build=convnet):
    """A training of 3 epochs of 5 steps with a backup; returns the weights, or None if it was killed."""
    utils.set_random_seed(seed)
    model = build(OPTIMIZERS[optimizer]())
    backup = callbacks.BackupAndRestore(folder, save_freq=save_freq)
    stopping = callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=10) if optimizer == "adam" else None
    listeners = [each for each in (backup, stopping, kill_at(*(kill or (-1, -1)))) if each]
    try:
        model.fit(X, Y, epochs=3, batch_size=8, verbose=0, callbacks=listeners, validation_data=(X[:9], Y[:9]))
    except Killed:
        return None
    return model.get_weights()


@settings(max_examples=12, deadline=None)
@given(
    kills=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=2),
    save_freq=st.sampled_from(["epoch", 1, 2, 3]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    build=st.sampled_from([convnet, branches]),
)
def test_killed_anywhere_and_taken_up_again(tmp_path_factory, kills, save_freq, optimizer, build):
    whole = run(tmp_path_factory.mktemp("whole"), 5, optimizer, save_freq, build=build)
    folder = tmp_path_factory.mktemp("killed")
    for seed, kill in enumerate(sorted(kills)):
        # Later processes do not know the seed: it comes out of the backup.
        if (
            found := run(folder, 5 if not os.listdir(folder) else 70 + seed, optimizer, save_freq, kill, build)
        ) is not None:
            break
    else:
        found = run(folder, 99 if os.listdir(folder) else 5, optimizer, save_freq, build=build)
    assert equal(whole, found)


class KillProcess(callbacks.Callback):
    """Ends the process without notice before a step, counted from 1."""

    def __init__(self, at=None):
        super().__init__()
        self.at, self.steps = at, []

    def on_train_batch_begin(self, batch, logs=None):
        self.steps.append(batch)
        if len(self.steps) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def train_with_backup(folder, killer):
    utils.set_random_seed(5 if killer.at else 123)
    model = convnet()
    backup = callbacks.BackupAndRestore(folder, save_freq=1)
    history = model.fit(X, Y, epochs=3, batch_size=8, verbose=0, callbacks=[backup, killer])
    return model, history


def test_a_killed_process(tmp_path):
    program = f"""
import sys
sys.path.insert(0, {os.path.dirname(__file__)!r})
from test_reproducible import *
train_with_backup({str(tmp_path)!r}, KillProcess(8))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    model, history = train_with_backup(tmp_path, killer := KillProcess())
    assert killer.steps == [2, 3, 4, 0, 1, 2, 3, 4]
    assert history.epoch == [0, 1, 2]
    utils.set_random_seed(5)
    whole = convnet()
    expected = whole.fit(X, Y, epochs=3, batch_size=8, verbose=0).history
    assert equal(whole.get_weights(), model.get_weights())
    # The epoch that was entered in the middle reports on its rest; the others are the same.
    for name in expected:
        assert history.history[name][0::2] == expected[name][0::2]


def test_each_epoch_draws_its_own_order():
    assert len({random.seed_for("shuffle", epoch) for epoch in range(50)}) == 50


def test_callbacks_may_predict_and_evaluate_in_the_midst():
    plain, history = trained(convnet, 3)
    utils.set_random_seed(3)
    model = convnet()
    look = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: model.predict(X[:3], verbose=0),
        on_epoch_end=lambda epoch, logs: (model.evaluate(X, Y, verbose=0), model.predict_on_batch(X[:3])),
    )
    found = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=[look], validation_split=0.2).history
    assert equal(plain, model.get_weights())
    assert found == history


def test_callbacks_may_freeze_layers_between_epochs():
    utils.set_random_seed(3)
    model = convnet()
    kernels = []

    def freeze(epoch, logs):
        model.layers[0].trainable = epoch != 1
        kernels.append(model.layers[0].kernel.numpy())

    model.fit(X, Y, epochs=3, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_begin=freeze)])
    kernels.append(model.layers[0].kernel.numpy())
    moved = [not np.array_equal(a, b) for a, b in itertools.pairwise(kernels)]
    assert moved == [True, False, True]


def test_fit_again_and_again_draws_anew():
    def losses(seed):
        utils.set_random_seed(seed)
        model = convnet(optimizers.SGD(0.0))
        return [model.fit(X, Y, epochs=1, batch_size=8, verbose=0).history["loss"] for _ in range(3)]

    # Nothing is learned: the losses differ by the masks alone.
    assert len(set(map(tuple, losses(1)))) == 3
    assert losses(1) == losses(1)


def test_fit_goes_on_at_a_later_epoch_as_if_it_had_not_stopped():
    utils.set_random_seed(1)
    whole = convnet()
    whole.fit(X, Y, epochs=3, batch_size=8, verbose=0)
    utils.set_random_seed(1)
    parts = convnet()
    parts.fit(X, Y, epochs=1, batch_size=8, verbose=0)
    parts.fit(X, Y, epochs=3, batch_size=8, verbose=0, initial_epoch=1)
    assert equal(whole.get_weights(), parts.get_weights())


def test_orders_of_repeated_fits_differ():
    seen = []

    class Look(layers.Layer):
        def call(self, x, training=None):
            if not x.is_meta:
                seen.append(x[:, 0, 0, 0].tolist())
            return x

    model = Sequential([layers.Input((10, 10, 2)), Look(), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for _ in range(2):
        model.fit(X, Y, epochs=2, batch_size=36, verbose=0)
    assert len({tuple(order) for order in seen}) == 4
    assert len({tuple(sorted(order)) for order in seen}) == 1
