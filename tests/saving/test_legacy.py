"""The .h5 files of Keras 1 and 2: their words, their orders, written here as those versions wrote them."""

import json

import h5py
import numpy as np
import pytest

from anmok import layers, models
from anmok.errors import AnmokError, FileFormatError, ShapeError


def write_weights(group, arrays, *, version, backend="tensorflow"):
    """arrays: {layer: {weight: array}}."""
    group.attrs["layer_names"] = [name.encode() for name in arrays]
    group.attrs["backend"], group.attrs["keras_version"] = backend.encode(), version.encode()
    for layer, weights in arrays.items():
        inner = group.create_group(layer)
        inner.attrs["weight_names"] = np.array([name.encode() for name in weights], dtype="S" if weights else "S1")
        for name, array in weights.items():
            inner[name] = array


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(0.1, 0.9, shape).astype("float32")


def initializer(name, **config):
    return {"class_name": name, "config": {"seed": None, **config}}


CONVOLUTION = {
    "trainable": True, "dtype": "float32", "strides": [1, 1], "padding": "valid", "data_format": "channels_last",
    "dilation_rate": [1, 1], "groups": 1, "activation": "linear", "use_bias": True, "bias_regularizer": None,
    "kernel_initializer": initializer("VarianceScaling", scale=1.0, mode="fan_avg", distribution="uniform"),
    "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None, "activity_regularizer": None,
    "kernel_constraint": None, "bias_constraint": None,
}  # fmt: skip
DEPTHWISE = {
    **{key: value for key, value in CONVOLUTION.items() if not key.startswith("kernel_")}, "kernel_size": [3, 3],
    "depth_multiplier": 1, "depthwise_initializer": initializer("GlorotUniform"), "depthwise_regularizer": None,
    "depthwise_constraint": None,
}  # fmt: skip


def keras_2_functional():
    """The config of a functional model as tf.keras 2.9 wrote it, with a model inside that is called once."""

    def call(*names):
        return [[[name, number, 0, {}] for name, number in names]]

    inner = {
        "class_name": "Sequential",
        "name": "inner",
        "config": {
            "name": "inner",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "config": {
                        "batch_input_shape": [None, 6, 6, 4],
                        "dtype": "float32",
                        "sparse": False,
                        "ragged": False,
                        "name": "depthwise_input",
                    },
                },
                {"class_name": "DepthwiseConv2D", "config": {**DEPTHWISE, "name": "depthwise"}},
                {"class_name": "LeakyReLU", "config": {"name": "leaky", "trainable": True, "alpha": 0.25}},
            ],
        },
        "inbound_nodes": call(("conv", 0)),
    }
    layer_list = [
        {
            "class_name": "InputLayer",
            "name": "input_1",
            "config": {
                "batch_input_shape": [None, 8, 8, 3], "dtype": "float32", "sparse": False, "ragged": False,
                "name": "input_1",
            },
            "inbound_nodes": [],
        },
        {
            "class_name": "Conv2D",
            "name": "conv",
            "config": {**CONVOLUTION, "name": "conv", "filters": 4, "kernel_size": [3, 3]},
            "inbound_nodes": call(("input_1", 0)),
        },
        inner,
        {
            "class_name": "BatchNormalization",
            "name": "bn",
            "config": {
                "name": "bn", "trainable": True, "dtype": "float32", "axis": [3], "momentum": 0.99, "epsilon": 0.001,
                "center": True, "scale": True, "beta_initializer": {"class_name": "Zeros", "config": {}},
                "gamma_initializer": {"class_name": "Ones", "config": {}}, "beta_regularizer": None,
                "moving_mean_initializer": {"class_name": "Zeros", "config": {}}, "gamma_regularizer": None,
                "moving_variance_initializer": {"class_name": "Ones", "config": {}}, "beta_constraint": None,
                "gamma_constraint": None,
            },
            "inbound_nodes": call(("inner", 1)),
        },
        {"class_name": "Add", "name": "add", "config": {"name": "add"}, "inbound_nodes": call(("bn", 0), ("inner", 1))},
        {"class_name": "Flatten", "name": "flat", "config": {"name": "flat"}, "inbound_nodes": call(("add", 0))},
        {
            "class_name": "Dense",
            "name": "out",
            "config": {
                "name": "out", "units": 2, "activation": "softmax", "use_bias": True, "kernel_regularizer":
                {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}, "kernel_initializer":
                initializer("GlorotUniform"), "bias_initializer": {"class_name": "Zeros", "config": {}},
            },
            "inbound_nodes": call(("flat", 0)),
        },
    ]  # fmt: skip
    return {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": layer_list,
            "input_layers": [["input_1", 0, 0]],
            "output_layers": [["out", 0, 0]],
        },
    }


ACCURACY = {"name": "acc", "dtype": "float32", "fn": "sparse_categorical_accuracy"}
ADAM = {"name": "Adam", "learning_rate": 0.002, "decay": 0.0, "beta_2": 0.99, "epsilon": 1e-07, "amsgrad": False}
TRAINING = {
    "loss": "sparse_categorical_crossentropy",
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": ACCURACY}]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {"class_name": "Adam", "config": ADAM},
}


@pytest.fixture
def keras_2_file(tmp_path):
    arrays = {
        "input_1": {},
        "conv": {"conv/kernel:0": draw(3, 3, 3, 4), "conv/bias:0": draw(4)},
        "inner": {"depthwise/depthwise_kernel:0": draw(3, 3, 4, 1), "depthwise/bias:0": draw(4, seed=1)},
        "bn": {f"bn/{name}:0": draw(4, seed=2 + i) for i, name in enumerate(("gamma", "beta", "mean", "variance"))},
        "add": {},
        "flat": {},
        "out": {"out/kernel:0": draw(64, 2), "out/bias:0": draw(2)},
    }
    trained = [
        array
        for layer in arrays.values()
        for name, array in layer.items()
        if not name.endswith(("mean:0", "variance:0"))
    ]
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.9.0", b"tensorflow"
        file.attrs["model_config"] = json.dumps(keras_2_functional()).encode()
        file.attrs["training_config"] = json.dumps(TRAINING).encode()
        write_weights(file.create_group("model_weights"), arrays, version="2.9.0")
        state = file.create_group("optimizer_weights")
        names = ["Adam/iter:0", *(f"Adam/{i}/m:0" for i in range(8)), *(f"Adam/{i}/v:0" for i in range(8))]
        state.attrs["weight_names"] = [name.encode() for name in names]
        state["Adam/iter:0"] = np.int64(17)
        for i, array in enumerate(trained):
            state[f"Adam/{i}/m:0"], state[f"Adam/{i}/v:0"] = array * 2, array * 3
    return path, arrays


def test_a_functional_model_of_keras_2(keras_2_file):
    path, arrays = keras_2_file
    model = models.load_model(path)
    assert [layer.name for layer in model.layers] == list(arrays)
    expected = [array for layer in arrays.values() for array in layer.values()]
    for weight, array in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(weight, array)
    # By hand, on the whole: convolution, depthwise convolution, leaky ReLU, batch normalization, addition, softmax.
    x = draw(1, 8, 8, 3)
    conv = (
        sum(
            np.einsum("bhwc,cf->bhwf", x[:, i : i + 6, j : j + 6], arrays["conv"]["conv/kernel:0"][i, j])
            for i in range(3)
            for j in range(3)
        )
        + arrays["conv"]["conv/bias:0"]
    )
    kernel, bias = arrays["inner"].values()
    inner = sum(conv[:, i : i + 4, j : j + 4] * kernel[i, j, :, 0] for i in range(3) for j in range(3)) + bias
    inner = np.where(inner > 0, inner, 0.25 * inner)
    gamma, beta, mean, variance = arrays["bn"].values()
    added = (inner - mean) / np.sqrt(variance + 0.001) * gamma + beta + inner
    scores = added.reshape(1, -1) @ arrays["out"]["out/kernel:0"] + arrays["out"]["out/bias:0"]
    exponentials = np.exp(scores - scores.max())
    np.testing.assert_allclose(model.predict(x, verbose=0), exponentials / exponentials.sum(), rtol=1e-4, atol=1e-6)


def test_training_of_keras_2_goes_on(keras_2_file):
    path, arrays = keras_2_file
    model = models.load_model(path)
    assert model.optimizer.iterations == 17 and model.optimizer.learning_rate == 0.002
    state = [array for _, array in model.optimizer.state_arrays()[2:]]
    np.testing.assert_array_equal(state[0], arrays["conv"]["conv/kernel:0"] * 2)
    np.testing.assert_array_equal(state[1], arrays["conv"]["conv/kernel:0"] * 3)
    assert set(model.evaluate(draw(4, 8, 8, 3), np.zeros(4, int), verbose=0, return_dict=True)) == {"loss", "acc"}
    assert not models.load_model(path, compile=False).compiled


def test_a_sequential_model_of_keras_1(tmp_path):
    def layer(class_name, **config):
        return {"class_name": class_name, "config": {"trainable": True, **config}}

    config = [
        layer(
            "Convolution2D", name="convolution2d_1", batch_input_shape=[None, 6, 6, 2], input_dtype="float32",
            nb_filter=3, nb_row=3, nb_col=2, init="glorot_uniform", activation="relu", border_mode="valid",
            subsample=[1, 1], dim_ordering="tf", W_regularizer=None, b_regularizer=None, activity_regularizer=None,
            W_constraint=None, b_constraint=None, bias=True,
        ),
        layer("MaxPooling2D", name="pool", pool_size=[2, 2], strides=[2, 2], border_mode="valid", dim_ordering="tf"),
        layer("Dropout", name="dropout_1", p=0.25),
        layer("Flatten", name="flatten_1"),
        layer(
            "Dense", name="dense_1", output_dim=2, init="uniform", activation="softmax", W_regularizer=None,
            b_regularizer=None, activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True,
            input_dim=None,
        ),
    ]  # fmt: skip
    arrays = {
        "convolution2d_1": {"convolution2d_1_W": draw(3, 2, 2, 3), "convolution2d_1_b": draw(3)},
        "pool": {},
        "dropout_1": {},
        "flatten_1": {},
        "dense_1": {"dense_1_W": draw(12, 2), "dense_1_b": draw(2)},
    }
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        write_weights(file.create_group("model_weights"), arrays, version="1.2.2")
    model = models.load_model(path)
    today = models.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(3, (3, 2), activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    today.set_weights([array for layer in arrays.values() for array in layer.values()])
    x = draw(2, 6, 6, 2)
    np.testing.assert_array_equal(model.predict(x, verbose=0), today.predict(x, verbose=0))
    assert model.layers[2].rate == 0.25


def test_kernels_of_theano_are_turned_round(tmp_path):
    kernel = draw(4, 3, 5, 2)  # filters, channels, rows, columns
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(file, {"c": {"c_W": kernel, "c_b": draw(4)}}, version="1.1.0", backend="theano")
    model = models.Sequential([layers.Input((9, 9, 3)), layers.Conv2D(4, (5, 2))])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(model.get_weights()[0], kernel.transpose(2, 3, 1, 0)[::-1, ::-1])


def test_many_layer_names_stand_in_pieces(tmp_path):
    long = "x" * 300
    model = models.Sequential([layers.Input((2,)), *(layers.Dense(2, name=f"{long}_{i}") for i in range(250))])
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert "layer_names1" in file.attrs and "layer_names" not in file.attrs
    before = model.get_weights()
    model.set_weights([array * 0 for array in before])
    model.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_weights_that_do_not_fit(tmp_path):
    def network(units, last="last"):
        return models.Sequential([layers.Input((3,)), layers.Dense(4, name="first"), layers.Dense(units, name=last)])

    network(5).save_weights(tmp_path / "w.h5")
    model = network(2)
    before = model.get_weights()
    with pytest.raises(
        ShapeError, match=r"w\.h5.*layer 'last' has weights of shapes \[\(4, 2\), \(2,\)\], 'last' \[\(4, 5\)"
    ):
        model.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.load_weights(tmp_path / "w.h5", skip_mismatch=True)
    assert not np.array_equal(before[0], model.get_weights()[0]) and np.array_equal(before[2], model.get_weights()[2])
    with pytest.raises(ShapeError, match=r"2 layers \(first, last\), model .* has 1 with weights \(only\)"):
        models.Sequential([layers.Input((3,)), layers.Dense(4, name="only")]).load_weights(tmp_path / "w.h5")
    other = network(2, "another")
    other.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(other.get_layer("first").get_weights()[0], model.get_weights()[0])


def test_a_lambda_of_keras_2(tmp_path, keras_2_file):
    path, _ = keras_2_file
    config = keras_2_functional()
    entry = {
        "class_name": "Lambda",
        "name": "flat",
        "config": {
            "name": "flat", "trainable": True, "function": ["4wEAAAA=", None, None], "function_type": "lambda",
            "module": "__main__", "output_shape": None, "output_shape_type": "raw", "output_shape_module": None,
            "arguments": {},
        },
        "inbound_nodes": [[["add", 0, 0, {}]]],
    }  # fmt: skip
    config["config"]["layers"][5] = entry
    for value in (entry["config"]["function"], "keep"):
        entry["config"]["function"], entry["config"]["function_type"] = (
            value,
            "lambda" if value != "keep" else "function",
        )
        with h5py.File(path, "a") as file:
            file.attrs["model_config"] = json.dumps(config)
        if value == "keep":
            loaded = models.load_model(path, custom_objects={"keep": lambda x: x.flatten(1)})
            assert loaded.get_layer("flat").output_shape == (None, 64)
        else:
            with pytest.raises(FileFormatError, match="Lambda 'flat' was saved as Python bytecode"):
                models.load_model(path)


def test_damage_is_named(keras_2_file, tmp_path):
    path, _ = keras_2_file
    contents = path.read_bytes()
    cut = tmp_path / "cut.h5"
    for length in range(0, len(contents), 1024):
        cut.write_bytes(contents[:length])
        with pytest.raises(FileFormatError, match=r"cut\.h5"):
            models.load_model(cut)
    rng = np.random.default_rng(0)
    changed = tmp_path / "changed.h5"
    for trial in range(80):
        bytes_ = bytearray(contents)
        for place in rng.integers(0, len(contents) if trial % 2 else 20_000, rng.integers(1, 20)):
            bytes_[place] = rng.integers(256)
        changed.write_bytes(bytes_)
        try:
            models.load_model(changed)
        except AnmokError as error:
            assert "changed.h5" in str(error)
