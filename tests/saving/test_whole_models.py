"""save_model and load_model without Keras: going on exactly, classes of one's own, and what is refused."""

import json
import os
import zipfile

import numpy as np
import pytest
import torch

from anmok import layers, losses, metrics, mixed_precision, models, notices, optimizers, random, saving
from anmok.errors import ArgumentError, FileFormatError, MissingFileError, UnknownNameError


@pytest.fixture(autouse=True)
def _afresh():
    before = mixed_precision.global_policy()
    yield
    mixed_precision.set_global_policy(before)


def small(**arguments):
    model = models.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(arguments.pop("optimizer", "adam"), "sparse_categorical_crossentropy", metrics=["acc"], **arguments)
    return model


def data(count=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 6)).astype("float32"), rng.integers(0, 3, count)


def same_weights(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.Adam(0.01),
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.AdamW(0.01, weight_decay=0.1, clipvalue=0.5),
        lambda: optimizers.Nadam(optimizers.schedules.CosineDecay(0.01, 20)),
        lambda: optimizers.Lion(0.01, global_clipnorm=1.0),
        lambda: optimizers.SGD(0.1, gradient_accumulation_steps=3),
        lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        lambda: optimizers.Adam(0.01, amsgrad=True),
    ],
    ids=["adam", "sgd", "adamw", "nadam-schedule", "lion", "accumulating", "rmsprop", "amsgrad"],
)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("policy", ["float32", "auto"])
def test_training_goes_on_exactly_where_it_stopped(policy, ending, optimizer, tmp_path):
    mixed_precision.set_global_policy(policy)
    x, y = data()
    weights = small().get_weights()

    def fresh():
        random.set_seed(7)
        model = small(optimizer=optimizer())
        model.set_weights(weights)
        return model

    through = fresh()
    through.fit(x, y, batch_size=8, epochs=2, verbose=0)
    halfway = fresh()
    halfway.fit(x, y, batch_size=8, epochs=1, verbose=0)
    halfway.save(tmp_path / f"model{ending}")
    loaded = models.load_model(tmp_path / f"model{ending}")
    loaded.fit(x, y, batch_size=8, epochs=2, initial_epoch=1, verbose=0)
    same_weights(through, loaded)
    assert loaded.optimizer.iterations == through.optimizer.iterations
    assert loaded.optimizer.learning_rate == through.optimizer.learning_rate


def test_the_rest_of_compile_comes_back(tmp_path):
    model = small(loss_weights=None, weighted_metrics=["accuracy"], run_eagerly=True)
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras")
    assert loaded.compiled and loaded.run_eagerly and loaded.loss == "sparse_categorical_crossentropy"
    assert loaded.get_compile_config() == model.get_compile_config()
    assert not models.load_model(tmp_path / "model.keras", compile=False).compiled


def test_without_the_optimizers_state(tmp_path):
    model = small()
    model.fit(*data(), verbose=0)
    model.save(tmp_path / "model.keras", include_optimizer=False)
    loaded = models.load_model(tmp_path / "model.keras")
    assert model.optimizer.iterations > 0 == loaded.optimizer.iterations
    same_weights(model, loaded)


# Classes and functions of one's own --------------------------------------------------------------------------------


class Twice(layers.Layer):
    def __init__(self, units, inner=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = inner if inner is not None else layers.Dense(units, activation="tanh")
        self.blocks = [layers.Dense(units), [layers.Dense(units)]]

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(self.units,), initializer="ones", name="scale")
        self.counter = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="counter")

    def call(self, inputs):
        return self.blocks[1][0](self.blocks[0](self.inner(inputs))) * self.scale

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def half_error(y_true, y_pred):
    return 0.5 * (y_true - y_pred).square().mean(-1)


class Largest(metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.value = self.add_weight(name="value")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value.assign(torch.maximum(self.value.value, y_pred.max()))

    def result(self):
        return self.value.value


class Doubled(losses.Loss):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * (y_true - y_pred).abs().mean(-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


OWN = {"Twice": Twice, "half_error": half_error, "Largest": Largest, "Doubled": Doubled}


@pytest.mark.parametrize("loss", [half_error, Doubled(3.0)], ids=["function", "object"])
def test_custom_objects(loss, tmp_path):
    start = layers.Input((4,))
    model = models.Model(start, layers.Dense(1)(Twice(3)(start)))
    model.compile("sgd", loss, metrics=[Largest(), half_error])
    x, y = np.random.default_rng(0).normal(size=(8, 4)).astype("float32"), np.ones((8, 1), "float32")
    model.fit(x, y, verbose=0)
    model.layers[1].counter.assign(5)
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras", custom_objects=OWN)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.evaluate(x, y, verbose=0, return_dict=True) == model.evaluate(x, y, verbose=0, return_dict=True)
    assert int(loaded.layers[1].counter) == 5
    with saving.custom_object_scope(OWN):
        same_weights(models.load_model(tmp_path / "model.keras"), model)
        assert models.model_from_json(model.to_json()).count_params() == model.count_params()
    again = models.Model.from_config(model.get_config(), custom_objects=OWN)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_an_unknown_class_is_named_with_the_way_out(tmp_path):
    start = layers.Input((4,))
    models.Model(start, Twice(3)(start)).save(tmp_path / "model.keras")
    with pytest.raises(
        UnknownNameError, match=r"model\.keras.*Unknown layer 'Twice'.*custom_objects=\{'Twice': \.\.\.\}"
    ):
        models.load_model(tmp_path / "model.keras")
    small_model = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    small_model.compile("sgd", half_error)
    small_model.save(tmp_path / "model.keras")
    with pytest.raises(UnknownNameError, match=r"Unknown function 'half_error'.*custom_objects=\{'half_error'"):
        models.load_model(tmp_path / "model.keras")
    assert not models.load_model(tmp_path / "model.keras", compile=False).compiled


def test_registered_classes_need_no_custom_objects(tmp_path):
    @saving.register_keras_serializable(package="Mine")
    class Shift(layers.Layer):
        def __init__(self, by, **kwargs):
            super().__init__(**kwargs)
            self.by = by

        def call(self, inputs):
            return inputs + self.by

    @saving.register_keras_serializable(package="Mine")
    def cube(x):
        return x**3

    try:
        model = models.Sequential(
            [layers.Input((4,)), Shift(2.0), layers.Dense(2, activation=cube), layers.Lambda(cube)]
        )
        model.save(tmp_path / "model.keras")
        loaded = models.load_model(tmp_path / "model.keras")
        x = np.ones((1, 4), "float32")
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
        assert loaded.layers[0].by == 2.0
        assert saving.get_registered_name(Shift) == "Mine>Shift"
        assert saving.get_registered_object("Mine>Shift") is Shift
    finally:
        for name in ("Mine>Shift", "Mine>cube"):
            saving.get_custom_objects().pop(name)


class Tower(models.Model):
    """A subclassed model whose layers stand in attributes, lists and dicts."""

    def __init__(self, width=4):
        super().__init__()
        self.zeroth = layers.Dense(width)
        self.first = layers.Dense(width, activation="relu")
        self.blocks = [layers.Dense(width), layers.BatchNormalization(), layers.Dense(width)]
        self.heads = {"a": layers.Dense(2), "b": layers.Dense(3)}
        self._hidden = layers.Dense(width)

    def call(self, inputs, training=None):
        x = self._hidden(self.first(self.zeroth(inputs)))
        for block in self.blocks:
            x = block(x)
        return {name: head(x) for name, head in self.heads.items()}


def test_a_subclassed_model(tmp_path):
    model = Tower(5)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    before = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras", custom_objects={"Tower": Tower})
    assert loaded.name == model.name
    for name, values in loaded.predict(x, verbose=0).items():
        np.testing.assert_array_equal(values, before[name])


def test_a_layer_that_keeps_its_own_store(tmp_path):
    class Halved(layers.Layer):
        def build(self, input_shape):
            self.table = self.add_weight(shape=(4,), initializer="ones", name="table")
            self.left_out = self.add_weight(shape=(2,), initializer="ones", name="left_out")

        def save_own_variables(self, store):
            store["half"] = self.table.numpy() / 2

        def load_own_variables(self, store):
            self.table.assign(store["half"] * 2)

        def call(self, inputs):
            return inputs * self.table

    model = models.Sequential([layers.Input((4,)), Halved()])
    model.set_weights([np.arange(4.0), np.zeros(2)])
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras", custom_objects={"Halved": Halved})
    np.testing.assert_array_equal(loaded.get_weights()[0], np.arange(4.0))
    np.testing.assert_array_equal(loaded.get_weights()[1], np.ones(2))


def test_tensors_of_torch_modules_are_kept(tmp_path):
    class Wrapped(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.norm = torch.nn.BatchNorm1d(4)

        def call(self, inputs, training=None):
            return self.norm(inputs)

    model = models.Sequential([layers.Input((4,)), Wrapped()])
    with torch.no_grad():
        model.layers[0].norm.weight.uniform_()
        model.layers[0].norm.running_mean.uniform_()
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras", custom_objects={"Wrapped": Wrapped})
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, rtol=0, atol=0)


def test_a_layer_shared_by_several_models_stays_one(tmp_path):
    common = layers.Dense(3)
    one, two, start = layers.Input((3,)), layers.Input((3,)), layers.Input((3,))
    first, second = models.Model(one, common(one)), models.Model(two, common(common(two)))
    model = models.Model(start, [first(start), second(start)])
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras")
    assert len(loaded.weights) == 2
    x = np.ones((1, 3), "float32")
    for a, b in zip(loaded.predict(x, verbose=0), model.predict(x, verbose=0), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_cannot_be_written_of_compile_is_left_out_and_said(tmp_path):
    model = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", lambda y_true, y_pred: (y_true - y_pred).square().mean(-1))
    notices.forget()
    with pytest.warns(
        notices.AnmokWarning, match=r"saved without the arguments of compile\(\): A lambda cannot be saved"
    ):
        model.save(tmp_path / "model.keras")
    assert not models.load_model(tmp_path / "model.keras").compiled


def test_a_model_class_with_a_compile_of_its_own_is_not_compiled(tmp_path):
    class Own(models.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def compile(self, optimizer, extra):
            super().compile(optimizer, "mse")

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model.compile("sgd", extra=1)
    model.predict(np.ones((1, 2), "float32"), verbose=0)
    model.save(tmp_path / "model.keras")
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"Own has a compile\(\) of its own"):
        loaded = models.load_model(tmp_path / "model.keras", custom_objects={"Own": Own})
    assert not loaded.compiled


# Files --------------------------------------------------------------------------------------------------------------


def test_names_and_overwriting(tmp_path):
    model = small()
    path = tmp_path / "deeper" / "model.keras"
    model.save(path)
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match="exists already and overwrite=False"):
        model.save(path, overwrite=False)
    assert path.read_bytes() == before
    with pytest.raises(ArgumentError, match=r"ends in \.keras \(or, for the older format, \.h5\)"):
        model.save(tmp_path / "model.pt")
    with pytest.raises(ArgumentError, match="is a folder"):
        (tmp_path / "folder.keras").mkdir()
        model.save(tmp_path / "folder.keras")
    with pytest.raises(UnknownNameError, match="Did you mean 'overwrite'"):
        model.save(path, overwrit=True)
    with pytest.raises(ArgumentError, match="save_format='tf' does not go with"):
        model.save(path, save_format="tf")
    model.save(path, save_format="keras")
    assert os.listdir(path.parent) == ["model.keras"]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    small().save(path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(zipfile.ZipFile, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        small().save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.keras"]


def test_files_that_are_no_models(tmp_path):
    with pytest.raises(MissingFileError, match=r"There is no file .*nowhere\.keras"):
        models.load_model(tmp_path / "nowhere.keras")
    for name, contents, message in [
        ("empty", b"", "is empty"),
        ("text", b"hello", "is no model file"),
        ("cut", b"PK\x03\x04rest", "damaged or cut off"),
    ]:
        (tmp_path / f"{name}.keras").write_bytes(contents)
        with pytest.raises(FileFormatError, match=rf"{name}\.keras.*{message}"):
            models.load_model(tmp_path / f"{name}.keras")
    small().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(FileFormatError, match=r"m\.weights\.h5 holds no whole model, only weights"):
        models.load_model(tmp_path / "m.weights.h5")


def rewritten(path, out, **changes):
    """A copy of an archive with members replaced (None: left out)."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            contents = changes.get(name.replace(".", "_"), old.read(name))
            if contents is not None:
                new.writestr(name, contents)
    return out


def test_archives_with_a_part_missing_or_wrong(tmp_path):
    path = tmp_path / "model.keras"
    small().save(path)
    for changes, message in [
        ({"config_json": None}, r"has no config\.json \(it holds metadata\.json, model\.weights\.h5\)"),
        ({"model_weights_h5": None}, r"has no model\.weights\.h5"),
        ({"config_json": b"{"}, "is no JSON"),
        ({"config_json": b"[]"}, "expected the description of a network, got list"),
        ({"config_json": b"{}"}, "Expected a model's config"),
        ({"config_json": b"[" * 100_000}, "is no JSON"),
        ({"model_weights_h5": b"nothing"}, "is no HDF5 file"),
    ]:
        with pytest.raises(FileFormatError, match=message):
            models.load_model(rewritten(path, tmp_path / "other.keras", **changes))


def test_a_flipped_bit_in_the_weights_is_noticed(tmp_path):
    path = tmp_path / "model.keras"
    model = small()
    model.save(path)
    contents = bytearray(path.read_bytes())
    at = bytes(contents).find(model.get_weights()[0].tobytes())
    contents[at + 10] ^= 1
    path.write_bytes(contents)
    with pytest.raises(FileFormatError, match="checksum of its weights is wrong"):
        models.load_model(path)


def config_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def test_a_compressed_archive_is_read(tmp_path):
    model = small()
    model.save(tmp_path / "model.keras")
    with (
        zipfile.ZipFile(tmp_path / "model.keras") as old,
        zipfile.ZipFile(tmp_path / "small.keras", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    same_weights(models.load_model(tmp_path / "small.keras"), model)


def test_a_config_larger_than_its_weights_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "model.keras"
    small().save(path)
    config = config_of(path)
    config["config"]["layers"][1]["config"]["units"] = 10**12
    with pytest.raises(FileFormatError, match=r"weight of shape \(6, 1000000000000\)"):
        models.load_model(rewritten(path, tmp_path / "huge.keras", config_json=json.dumps(config)))


def test_wrong_types_in_a_config_are_the_files_fault(tmp_path):
    path = tmp_path / "model.keras"
    small().save(path)
    for key, value in [("units", "many"), ("units", None), ("activation", 5), ("kernel_initializer", {"a": 1})]:
        config = config_of(path)
        config["config"]["layers"][1]["config"][key] = value
        with pytest.raises((FileFormatError, UnknownNameError), match=r"wrong\.keras"):
            models.load_model(rewritten(path, tmp_path / "wrong.keras", config_json=json.dumps(config)))


def test_a_model_that_its_first_prediction_built_can_be_loaded_into_and_trained(tmp_path):
    model = Tower(3)
    x = np.ones((4, 2), "float32")
    model.predict(x, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    model.load_weights(tmp_path / "w.weights.h5")
    model.compile("sgd", "mse")
    model.predict(x, verbose=0)
    before = model.heads["a"].get_weights()[1]
    model.fit(x, {"a": np.ones((4, 2)), "b": np.ones((4, 3))}, verbose=0)
    assert not np.array_equal(before, model.heads["a"].get_weights()[1])


def test_weights_that_begin_where_hdf5_may_begin_make_no_h5_of_a_keras_file(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = parts.pop("model.weights.h5")
    for place in (512, 1024, 2048, 4096, 8192):
        # The parts in front are filled up so that the weights begin at `place`.
        with zipfile.ZipFile(tmp_path / "moved.keras", "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
            before = archive.fp.tell() + 30 + len("filler") + 30 + len("model.weights.h5")
            if before > place:
                continue
            archive.writestr("filler", bytes(place - before))
            archive.writestr("model.weights.h5", weights)
        assert (tmp_path / "moved.keras").read_bytes()[place : place + 4] == b"\x89HDF"
        x = np.ones((2, 3), np.float32)
        assert np.array_equal(
            models.load_model(tmp_path / "moved.keras").predict(x, verbose=0), model.predict(x, verbose=0)
        )
