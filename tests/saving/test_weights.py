"""save_weights, load_weights, and the state of training."""

import os

import h5py
import numpy as np
import pytest
import torch

from anmok import layers, models, notices, optimizers, random
from anmok.errors import ArgumentError, FileFormatError, MissingFileError, NotBuiltError, ShapeError


def network(classes=3, width=8):
    return models.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(width, name="first"),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax", name="last"),
        ]
    )


def same_weights(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_there_and_back(tmp_path):
    one, other = network(), network()
    one.save_weights(tmp_path / "w.weights.h5")
    other.load_weights(tmp_path / "w.weights.h5")
    same_weights(one, other)
    assert os.listdir(tmp_path) == ["w.weights.h5"]


def test_a_mismatch_changes_nothing_and_says_where(tmp_path):
    network(classes=5).save_weights(tmp_path / "w.weights.h5")
    model = network()
    before = model.get_weights()
    with pytest.raises(
        ShapeError, match=r"w\.weights\.h5.*Dense 'last' \(layers/dense_1\).*\(8, 3\), the file's has \(8, 5\)"
    ):
        model.load_weights(tmp_path / "w.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_skip_mismatch_loads_what_fits(tmp_path):
    source, model = network(classes=5), network()
    source.save_weights(tmp_path / "w.weights.h5")
    last = model.get_layer("last").get_weights()
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="left as it was: Dense 'last'"):
        model.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], source.get_layer("first").get_weights()[0])
    np.testing.assert_array_equal(model.get_layer("last").get_weights()[0], last[0])


def test_objects_to_skip(tmp_path):
    source, model = network(), network()
    source.save_weights(tmp_path / "w.weights.h5")
    kept = model.get_layer("first").get_weights()[0]
    model.load_weights(tmp_path / "w.weights.h5", objects_to_skip=[model.get_layer("first")])
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], kept)
    np.testing.assert_array_equal(model.get_layer("last").get_weights()[0], source.get_layer("last").get_weights()[0])


def test_a_model_without_weights(tmp_path):
    unbuilt = models.Sequential([layers.Dense(2)])
    with pytest.raises(NotBuiltError, match="no weights to save yet"):
        unbuilt.save_weights(tmp_path / "w.weights.h5")
    network().save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(NotBuiltError, match=r"model\.build\(input_shape\)"):
        unbuilt.load_weights(tmp_path / "w.weights.h5")


def test_what_is_refused(tmp_path):
    model = network()
    with pytest.raises(ArgumentError, match=r"ends in \.weights\.h5"):
        model.save_weights(tmp_path / "w.pt")
    with pytest.raises(ArgumentError, match="max_shard_size is not supported"):
        model.save_weights(tmp_path / "w.weights.h5", max_shard_size=1)
    with pytest.raises(MissingFileError, match="There is no file"):
        model.load_weights(tmp_path / "w.weights.h5")
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ArgumentError, match="overwrite=False"):
        model.save_weights(tmp_path / "w.weights.h5", overwrite=False)
    with pytest.raises(ArgumentError, match="by_name=True is for the older"):
        model.load_weights(tmp_path / "w.weights.h5", by_name=True)
    (tmp_path / "text.weights.h5").write_text("no")
    with pytest.raises(FileFormatError, match=r"text\.weights\.h5 is no HDF5 file"):
        model.load_weights(tmp_path / "text.weights.h5")


def _replace(file, name, **dataset):
    del file[name]
    file.create_dataset(name, **dataset)


KERNEL, HUGE = "layers/dense/vars/0", (1 << 20, 1 << 20)
DAMAGES = {
    "fewer": (lambda f: f.__delitem__(KERNEL), "it has 2 weights, the file has 1"),
    "names": (lambda f: f["layers/dense/vars"].move("0", "kernel"), r"dense/vars/0 is missing"),
    "text": (lambda f: _replace(f, KERNEL, data=np.bytes_("text")), "expected numbers"),
    "huge": (lambda f: _replace(f, KERNEL, shape=HUGE, chunks=(64, 64), dtype="f4"), r"\(1048576, 1048576\)"),
    "more": (lambda f: f["layers/dense/vars"].__setitem__("2", h5py.ExternalLink("/etc/passwd", "x")), "has 3"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_files_with_wrong_contents(damage, message, tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        damage(file)
    with pytest.raises((ShapeError, FileFormatError), match=message):
        model.load_weights(tmp_path / "w.weights.h5")


@pytest.mark.parametrize(
    "kind", [h5py.SoftLink("/vars"), h5py.ExternalLink("other.h5", "/x")], ids=["soft", "external"]
)
def test_links_are_not_followed(kind, tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars"]["0"] = kind
    with pytest.raises(FileFormatError, match="which is not followed"):
        model.load_weights(tmp_path / "w.weights.h5")


def test_arrays_in_other_files_are_not_read(tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "a") as file:
        secret = [("/etc/hostname", 0, 192)]
        _replace(file, "layers/dense/vars/0", shape=(6, 8), dtype="f4", external=secret)
    with pytest.raises(FileFormatError, match="points to other files"):
        model.load_weights(tmp_path / "w.weights.h5")


# The state of training ----------------------------------------------------------------------------------------------

OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True),
    "rmsprop": lambda: optimizers.RMSprop(0.003, momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.02),
    "sgd": lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 5, 0.7), momentum=0.9),
    "lion": lambda: optimizers.Lion(0.01),
    "adadelta": lambda: optimizers.Adadelta(1.0),
    "nadam": lambda: optimizers.Nadam(0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_goes_on_bit_for_bit(optimizer, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 6)).astype("float32"), rng.integers(0, 3, 40)
    weights = network().get_weights()

    def fresh():
        random.set_seed(11)
        model = network()
        model.compile(optimizer(), "sparse_categorical_crossentropy")
        model.set_weights(weights)
        return model

    through = fresh()
    through.fit(x, y, batch_size=8, epochs=3, verbose=0)
    halfway = fresh()
    halfway.fit(x, y, batch_size=8, epochs=2, verbose=0)
    halfway.save_training_state(tmp_path / "state", 2, 0)
    random.set_seed(999)
    again = network()
    again.compile(optimizer(), "sparse_categorical_crossentropy")
    assert again.load_training_state(tmp_path / "state") == (2, 0)
    assert random.master_seed() == 11
    again.fit(x, y, batch_size=8, epochs=3, initial_epoch=2, verbose=0)
    same_weights(through, again)
    for one, other in zip(through.optimizer.variables, again.optimizer.variables, strict=True):
        assert torch.equal(one, other)


def test_a_state_before_the_first_step(tmp_path):
    model = network()
    model.compile("adam", "mse")
    model.save_training_state(tmp_path / "state", 0, 0)
    other = network()
    other.compile("adam", "mse")
    assert other.load_training_state(tmp_path / "state") == (0, 0)
    same_weights(model, other)


def test_states_that_do_not_fit_change_nothing(tmp_path):
    model = network()
    with pytest.raises(ArgumentError, match="not compiled"):
        model.save_training_state(tmp_path / "state", 0, 0)
    model.compile("adam", "mse")
    x, y = np.ones((4, 6), "float32"), np.ones((4, 3), "float32")
    model.fit(x, y, verbose=0)
    model.save_training_state(tmp_path / "state", 3, 17)
    other = network()
    with pytest.raises(ArgumentError, match="Compile model"):
        other.load_training_state(tmp_path / "state")
    before = other.get_weights()
    other.compile("sgd", "mse")
    with pytest.raises(ShapeError, match="written with another optimizer"):
        other.load_training_state(tmp_path / "state")
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(FileFormatError, match="is no state of training"):
        model.load_training_state(tmp_path / "w.weights.h5")
    contents = (tmp_path / "state").read_bytes()
    (tmp_path / "cut").write_bytes(contents[: len(contents) // 2])
    with pytest.raises(FileFormatError, match="damaged or cut off"):
        model.load_training_state(tmp_path / "cut")
