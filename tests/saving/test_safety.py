"""Files from anywhere: nothing in them runs, and every damage is an error of ours, soon and small."""

import base64
import json
import marshal
import random
import resource
import time
import zipfile

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


def _refused_or_whole(path, contents):
    """Loading ends with a model or with an error of ours, within a second and 100 MB."""
    path.write_bytes(contents)
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    try:
        models.load_model(path)
    except AnmokError as error:
        assert path.name in str(error)
    assert time.perf_counter() - begun < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_cut_off_at_every_kilobyte(whole, tmp_path):
    path = tmp_path / "cut.keras"
    for length in range(0, len(whole), 1024):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"cut\.keras"):
            models.load_model(path)


def test_bytes_changed_anywhere(whole, tmp_path):
    draw = random.Random(0)
    for _ in range(150):
        contents = bytearray(whole)
        for _ in range(draw.choice([1, 3, 30])):
            contents[draw.randrange(len(contents))] = draw.randrange(256)
        _refused_or_whole(tmp_path / "changed.keras", bytes(contents))


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


def test_configs_changed_anywhere(whole, tmp_path):
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
        _refused_or_whole(path, path.read_bytes())


def test_weights_files_changed_anywhere(whole, tmp_path):
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
        begun = time.perf_counter()
        try:
            model.load_weights(path)
        except AnmokError as error:
            assert path.name in str(error)
        assert time.perf_counter() - begun < 2


def test_a_bomb_of_zeros(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (1 << 25))
        archive.writestr("model.weights.h5", b"\0" * (1 << 27))
    with pytest.raises(FileFormatError, match=r"config\.json claims 33,554,432 bytes"):
        models.load_model(path)
    with pytest.raises(FileFormatError, match="weights claim 134,217,728 bytes"):
        _model().load_weights(path)
