"""A network of keras.applications and ours: the same layers, weights and outputs, the weights brought over by file."""

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

from anmok import applications, layers


def check_same_network(network, folder, shape=(32, 32, 3), **arguments):
    """Build the network of that name in Keras with random weights, and compare ours with it.

    shape: of the images that are shown to both, and input_shape unless one is given. classifier_activation is None if
    not given, so that no difference hides behind a softmax that is sure.
    """
    arguments = {"input_shape": shape, "classifier_activation": None, "weights": None, **arguments}
    keras.utils.clear_session()
    theirs = getattr(keras.applications, network)(**arguments)
    draw_weights(theirs)
    theirs.save_weights(folder / "new.weights.h5")
    legacy = save_legacy_weights(theirs, folder / "legacy.h5")
    layers.forget_names()
    ours = getattr(applications, network)(**{**arguments, "weights": folder / "new.weights.h5"})

    # In Keras, arithmetic on symbolic tensors is in the graph but not among the layers.
    named = [layer.name for layer in ours.layers if not isinstance(layer, layers.Operation)]
    assert named == [layer.name for layer in theirs.layers]
    assert ours.name == theirs.name
    assert ours.count_params() == theirs.count_params()
    assert [weight.shape for weight in ours.get_weights()] == [weight.shape for weight in theirs.weights]
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    check_same_outputs(theirs, ours, shape)
    weights = ours.get_weights()
    for by_name in (True, False):
        ours.set_weights([np.zeros_like(weight) for weight in weights])
        ours.load_weights(legacy, by_name=by_name)
        assert all(np.array_equal(one, other) for one, other in zip(ours.get_weights(), weights, strict=True))


def draw_weights(model, seed=0):
    """Give every weight of a Keras model random values, as large as those of a trained network."""
    rng = np.random.default_rng(seed)
    for layer in model._flatten_layers():
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            kind = weight.path.rpartition("/")[2]
            if kind in ("gamma", "moving_variance", "variance"):
                value = rng.uniform(0.5, 1.5, weight.shape)
            elif kind in ("kernel", "depthwise_kernel", "pointwise_kernel"):
                # What a unit sums over: all axes but the last, of a depthwise kernel the window alone.
                fan_in = np.prod(weight.shape[:2] if kind == "depthwise_kernel" else weight.shape[:-1])
                value = rng.normal(0, (2 / fan_in) ** 0.5, weight.shape)
            elif kind == "seed_generator_state" or "int" in str(weight.dtype):
                continue
            else:
                value = rng.normal(0, 0.1, weight.shape)
            weight.assign(value.astype("float32"))


def save_legacy_weights(model, path):
    """Write the weights alone in the layout of the published files."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    return path


def check_same_outputs(theirs, ours, shape):
    """Two images, numbers within 1e-4 of the largest one."""
    images = np.random.default_rng(1).uniform(-1, 1, (2, *shape)).astype("float32")
    expected = theirs.predict_on_batch(images)
    assert np.isfinite(expected).all()
    assert expected.std() > 0
    assert np.abs(ours.predict_on_batch(images) - expected).max() <= 1e-4 * np.abs(expected).max()
