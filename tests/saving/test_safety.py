"""Files from anywhere: nothing in them runs, and every damage is an error of ours, soon and small."""

import base64
import json
import marshal
import random
import zipfile

import h5py
import numpy as np
import pytest

from anmok import layers, models
from anmok.errors import AnmokError, FileFormatError
from anmok.saving import bytecode, deserialize_keras_object


def lambda_config(function, defaults=None):
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    return {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": None}}


def with_lambda(tmp_path, function):
    """A .keras file with a Lambda layer as Keras 3 writes one."""
    start = layers.Input((3,))
    model = models.Model(start, layers.Lambda(abs, name="shift")(start))
    model.save(tmp_path / "plain.keras")
    with zipfile.ZipFile(tmp_path / "plain.keras") as old, zipfile.ZipFile(tmp_path / "lambda.keras", "w") as new:
        for name in old.namelist():
            contents = old.read(name)
            if name == "config.json":
                config = json.loads(contents)
                config["config"]["layers"][1]["config"]["function"] = lambda_config(function)
                contents = json.dumps(config)
            new.writestr(name, contents)
    return tmp_path / "lambda.keras"


def test_a_lambda_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"lambda\.keras: Lambda 'shift' was saved as Python bytecode"):
        models.load_model(with_lambda(tmp_path, lambda x: x * 2))


def test_a_simple_lambda_is_read_on_demand(tmp_path):
    model = models.load_model(with_lambda(tmp_path, lambda x: (x * 2 - 1) / 4 + x[:, :1]), safe_mode=False)
    x = np.array([[1.0, 2.0, 3.0]], "float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), (x * 2 - 1) / 4 + x[:, :1])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: __import__("os").system("true"),
        lambda x: x.__class__,
        lambda x: (lambda: x)(),
        lambda x: [y for y in x],  # noqa: C416
        lambda x: print(x),
    ],
    ids=["import", "attribute", "function", "comprehension", "global"],
)
def test_other_lambdas_are_never_run(function, tmp_path):
    path = with_lambda(tmp_path, function)
    if function.__code__.co_names or function.__code__.co_cellvars:
        with pytest.raises(FileFormatError, match="more than arithmetic"):
            models.load_model(path, safe_mode=False)
    else:
        with pytest.raises(FileFormatError):
            models.load_model(path, safe_mode=False)


def test_bytecode_that_is_none():
    for value in ({"code": "!!", "defaults": None, "closure": None}, [], None, {"code": "AAAA"}, ["e30=", None, None]):
        with pytest.raises(FileFormatError):
            bytecode.simple_lambdas({"class_name": "__lambda__", "config": value})


@pytest.mark.parametrize(
    "config",
    [
        {"module": "os", "class_name": "system", "config": {"command": "true"}},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
        {"module": "builtins", "class_name": "exec", "config": {}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__typespec__", "spec_name": "x", "module": "y", "config": []},
    ],
    ids=lambda config: config["class_name"],
)
def test_only_known_classes_and_functions_are_found(config):
    with pytest.raises(AnmokError):
        deserialize_keras_object(config)
    start = layers.Input((3,))
    text = json.loads(models.Model(start, layers.Dense(2)(start)).to_json())
    text["config"]["layers"][1]["config"]["activation"] = config
    with pytest.raises(AnmokError):
        models.model_from_json(json.dumps(text))


# Mutations ----------------------------------------------------------------------------------------------------------


def _model():
    start = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(start)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([x, layers.Conv2D(4, 1)(x)])
    model = models.Model(start, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "model.keras"
    _model().save(path)
    return path.read_bytes()


@pytest.fixture
def refused_or_whole(soon_and_small):
    """Loading ends with a model or with an error of ours that names the file, within a second and 100 MB."""

    def load(path, read=models.load_model):
        with soon_and_small():
            try:
                read(path)
            except AnmokError as error:
                assert path.name in str(error)
                return False
        return True

    return load


def test_cut_off_at_every_kilobyte(whole, tmp_path):
    path = tmp_path / "cut.keras"
    for length in range(0, len(whole), 1024):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"cut\.keras"):
            models.load_model(path)


def test_bytes_changed_anywhere(whole, tmp_path, refused_or_whole):
    draw = random.Random(0)
    for _ in range(150):
        contents = bytearray(whole)
        for _ in range(draw.choice([1, 3, 30])):
            contents[draw.randrange(len(contents))] = draw.randrange(256)
        (tmp_path / "changed.keras").write_bytes(contents)
        refused_or_whole(tmp_path / "changed.keras")


def _leaves(value, place=()):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield (*place, key)
            yield from _leaves(entry, (*place, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield (*place, index)
            yield from _leaves(entry, (*place, index))


VALUES = [
    None, True, -1, 0, 3, 10**6, 10**15, -(10**30), 1e308, float("nan"), "", "relu", "nothing", "é" * 50, [], {},
    [[[]]], {"class_name": "Dense"}, {"class_name": "Dense", "config": {"units": 10**9}}, [None, 10**7, 10**7, 3],
    ["dense", 5, 0], {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"},
]  # fmt: skip


def test_configs_changed_anywhere(whole, tmp_path, refused_or_whole):
    draw = random.Random(1)
    path, source = tmp_path / "config.keras", tmp_path / "source.keras"
    source.write_bytes(whole)
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["config.json"]
    places = list(_leaves(json.loads(text)))
    for _ in range(250):
        config = json.loads(text)
        *inner, last = draw.choice(places)
        holder = config
        for key in inner:
            holder = holder[key]
        if draw.random() < 0.2:
            del holder[last]
        else:
            holder[last] = draw.choice(VALUES)
        with zipfile.ZipFile(path, "w") as archive:
            for name, contents in members.items():
                archive.writestr(name, json.dumps(config) if name == "config.json" else contents)
        refused_or_whole(path)


def test_weights_files_changed_anywhere(tmp_path, refused_or_whole):
    model = _model()
    path = tmp_path / "w.weights.h5"
    model.save_weights(path)
    contents = path.read_bytes()
    draw = random.Random(2)
    for trial in range(150):
        changed = bytearray(contents)
        for _ in range(draw.choice([1, 5, 50])):
            # Half of them in the part where the structure stands.
            changed[draw.randrange(len(changed) if trial % 2 else 4096)] = draw.randrange(256)
        path.write_bytes(changed)
        refused_or_whole(path, model.load_weights)


def test_a_bomb_of_zeros(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (1 << 25))
        archive.writestr("model.weights.h5", b"\0" * (1 << 27))
    with pytest.raises(FileFormatError, match=r"config\.json claims 33,554,432 bytes"):
        models.load_model(path)
    with pytest.raises(FileFormatError, match="weights claim 134,217,728 bytes"):
        _model().load_weights(path)


def _claiming(path, units, *, beside=0, packed=zipfile.ZIP_STORED):
    """A model of one Dense layer whose arrays are claimed in a few bytes; beside: so many bytes of noise with them."""
    start = layers.Input((64,))
    models.Model(start, layers.Dense(1)(start)).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["config"]["units"] = units
    weights = path.with_suffix(".h5")
    with h5py.File(weights, "w") as file:
        group = file.create_group("layers/dense/vars")
        # Never written, so that nothing of it stands in the file.
        group.create_dataset("0", shape=(64, units), chunks=(64, min(units, 1 << 14)), dtype="f4", compression="gzip")
        group.create_dataset("1", shape=(units,), chunks=(min(units, 1 << 14),), dtype="f4", compression="gzip")
        file["noise"] = np.frombuffer(random.Random(0).randbytes(beside), np.uint8)
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, contents in members.items():
            contents = json.dumps(config) if name == "config.json" else contents
            archive.writestr(name, weights.read_bytes() if name == "model.weights.h5" else contents)
    return path


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "packed"])
@pytest.mark.parametrize(("units", "beside"), [(1 << 15, 0), (1 << 18, 0), (1 << 19, 1 << 20), (1 << 40, 0)])
def test_arrays_that_are_claimed_in_a_few_bytes(units, beside, packed, tmp_path, refused_or_whole):
    path = _claiming(tmp_path / "claimed.keras", units, beside=beside, packed=packed)
    assert refused_or_whole(path) == (units == 1 << 15)


def test_zeros_packed_with_noise(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", random.Random(0).randbytes(1 << 20) + bytes(150 << 20))
    with pytest.raises(FileFormatError, match="its weights claim 158,334,976 bytes, more than can be packed there"):
        models.load_model(path)


def test_members_that_lead_elsewhere_are_left_alone(whole, tmp_path):
    path = tmp_path / "inner" / "model.keras"
    path.parent.mkdir()
    path.write_bytes(whole)
    before = models.load_model(path).get_weights()
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../outside.txt", "/tmp/outside.txt", "..\\outside.txt", "assets/../../outside.txt"):
            archive.writestr(name, "x")
        link = zipfile.ZipInfo("assets/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    after = models.load_model(path).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert [found.name for found in tmp_path.rglob("*")] == ["inner", "model.keras"]


def test_a_member_that_stands_there_twice_or_is_locked(whole, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(whole)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "[]")
    with pytest.raises(FileFormatError, match=r"model\.keras"):
        models.load_model(path)
    locked = bytearray(whole)
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            locked[at + place] |= 1
    path.write_bytes(locked)
    with pytest.raises(FileFormatError, match=r"model\.keras is locked with a password"):
        models.load_model(path)
