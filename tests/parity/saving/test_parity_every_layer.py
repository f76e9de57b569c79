"""Every layer there is, in a file both ways between anmok and Keras 3."""

import json

import keras
import numpy as np
import pytest
from houses import ANMOK
from networks import assert_same_outputs, randomize

from anmok import layers, models
from anmok.layers import registered

IMAGE, PICTURE, SERIES, VECTOR = (8, 10, 4), (8, 10, 3), (9, 4), (6,)

# Class name: (shape of a sample, arguments), ... where a list of shapes stands for several inputs.
CASES = {
    "Activation": [(VECTOR, {"activation": "elu"})],
    "ActivityRegularization": [(VECTOR, {"l1": 0.1, "l2": 0.2})],
    "AdaptiveAveragePooling1D": [(SERIES, {"output_size": 3})],
    "AdaptiveAveragePooling2D": [(IMAGE, {"output_size": (3, 2)})],
    "AdaptiveMaxPooling1D": [(SERIES, {"output_size": 4})],
    "AdaptiveMaxPooling2D": [(IMAGE, {"output_size": 4})],
    "Add": [([VECTOR, VECTOR], {})],
    "AlphaDropout": [(VECTOR, {"rate": 0.3, "noise_shape": (None, 6), "seed": 3})],
    "AugMix": [(PICTURE, {"num_chains": 2, "chain_depth": 1, "factor": (0.1, 0.4), "all_ops": False, "seed": 3})],
    "AutoContrast": [(IMAGE, {"value_range": (-1, 1)})],
    "Average": [([VECTOR, VECTOR, VECTOR], {})],
    "AveragePooling1D": [(SERIES, {"pool_size": 3, "strides": 2, "padding": "same"})],
    "AveragePooling2D": [(IMAGE, {"pool_size": (3, 2)})],
    "BatchNormalization": [
        (IMAGE, {"momentum": 0.8, "epsilon": 0.01, "scale": False}),
        (VECTOR, {"center": False, "gamma_regularizer": "l2", "trainable": False}),
    ],
    "CenterCrop": [(IMAGE, {"height": 4, "width": 5})],
    "Concatenate": [([SERIES, SERIES], {"axis": 1})],
    "Conv1D": [(SERIES, {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "groups": 2})],
    "Conv1DTranspose": [(SERIES, {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1})],
    "Conv2D": [
        (IMAGE, {"filters": 6, "kernel_size": (3, 2), "strides": 2, "groups": 2, "activation": "relu"}),
        (IMAGE, {"filters": 3, "kernel_size": 1, "use_bias": False, "kernel_constraint": "non_neg"}),
    ],
    "Conv2DTranspose": [(IMAGE, {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"})],
    "Cropping1D": [(SERIES, {"cropping": (1, 2)})],
    "Cropping2D": [(IMAGE, {"cropping": ((1, 0), (2, 1))})],
    "CutMix": [(IMAGE, {"factor": 0.5, "seed": 2})],
    "Dense": [(VECTOR, {"units": 3, "activation": "softmax", "bias_initializer": "ones"}), (SERIES, {"units": 2})],
    "DepthwiseConv1D": [(SERIES, {"kernel_size": 3, "depth_multiplier": 2})],
    "DepthwiseConv2D": [(IMAGE, {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"})],
    "Dot": [([SERIES, SERIES], {"axes": (2, 2), "normalize": True})],
    "Dropout": [(IMAGE, {"rate": 0.4, "noise_shape": (None, 1, 1, 4), "seed": 5})],
    "ELU": [(VECTOR, {"alpha": 0.7})],
    "Flatten": [(IMAGE, {})],
    "GaussianDropout": [(VECTOR, {"rate": 0.2})],
    "GaussianNoise": [(VECTOR, {"stddev": 0.2, "seed": 2})],
    "GlobalAveragePooling1D": [(SERIES, {})],
    "GlobalAveragePooling2D": [(IMAGE, {"keepdims": True})],
    "GlobalMaxPooling1D": [(SERIES, {"keepdims": True})],
    "GlobalMaxPooling2D": [(IMAGE, {})],
    "GroupNormalization": [(IMAGE, {"groups": 2, "epsilon": 0.01})],
    "Identity": [(VECTOR, {})],
    "LayerNormalization": [(IMAGE, {"axis": [2, 3], "epsilon": 0.01}), (VECTOR, {"scale": False})],
    "LeakyReLU": [(VECTOR, {"negative_slope": 0.2})],
    "Maximum": [([VECTOR, VECTOR], {})],
    "MaxPooling1D": [(SERIES, {"pool_size": 3, "strides": 2, "padding": "same"})],
    "MaxPooling2D": [(IMAGE, {"pool_size": (3, 2), "padding": "same"})],
    "Minimum": [([VECTOR, VECTOR], {})],
    "MixUp": [(IMAGE, {"alpha": 0.3, "seed": 2})],
    "Multiply": [([VECTOR, VECTOR], {})],
    "Normalization": [(SERIES, {"axis": -1}), (VECTOR, {"mean": [1.0] * 6, "variance": [2.0] * 6, "invert": True})],
    "Permute": [(IMAGE, {"dims": (3, 1, 2)})],
    "PReLU": [(IMAGE, {"shared_axes": [1, 2]}), (VECTOR, {"alpha_initializer": "ones"})],
    "RandAugment": [
        (PICTURE, {"value_range": (0, 1), "num_ops": 3, "factor": 0.2, "interpolation": "nearest", "seed": 1})
    ],
    "RandomBrightness": [(IMAGE, {"factor": 0.2, "value_range": (0, 1), "seed": 1})],
    "RandomColorDegeneration": [(PICTURE, {"factor": 0.4, "seed": 1})],
    "RandomColorJitter": [(PICTURE, {"brightness_factor": 0.1, "saturation_factor": (0.3, 0.6), "hue_factor": 0.1})],
    "RandomContrast": [(IMAGE, {"factor": 0.2}), (IMAGE, {"factor": (0.1, 0.5), "value_range": (0, 1), "seed": 5})],
    "RandomCrop": [(IMAGE, {"height": 8, "width": 10, "seed": 7})],
    "RandomErasing": [
        (IMAGE, {"factor": 0.5, "scale": (0.1, 0.2), "fill_value": 3.0}),
        (PICTURE, {"fill_value": (1, 2, 3)}),
    ],
    "RandomFlip": [(IMAGE, {"mode": "vertical", "seed": 4}), (IMAGE, {})],
    "RandomGaussianBlur": [(IMAGE, {"factor": 0.7, "kernel_size": 5, "sigma": (0.5, 2.0), "seed": 3})],
    "RandomGrayscale": [(PICTURE, {"factor": 0.3, "seed": 1})],
    "RandomHue": [(PICTURE, {"factor": (0.1, 0.3), "value_range": (0, 1)})],
    "RandomInvert": [(IMAGE, {"factor": 0.4})],
    "RandomPerspective": [(IMAGE, {"factor": (0.1, 0.8), "scale": 0.4, "fill_value": 2.0})],
    "RandomPosterization": [(IMAGE, {"factor": 4}), (IMAGE, {"factor": (2, 6)})],
    "RandomRotation": [
        (IMAGE, {"factor": 0.1, "fill_mode": "wrap"}),
        (IMAGE, {"factor": (-0.1, 0.3), "interpolation": "nearest"}),
    ],
    "RandomSaturation": [(PICTURE, {"factor": 0.7, "value_range": (0, 1), "seed": 1})],
    "RandomSharpness": [(IMAGE, {"factor": (0.2, 0.9)})],
    "RandomShear": [(IMAGE, {"x_factor": (0.1, 0.2), "fill_mode": "constant", "fill_value": 7.0})],
    "RandomTranslation": [
        (IMAGE, {"height_factor": 0.1, "width_factor": (-0.2, 0.3), "fill_mode": "nearest", "seed": 8})
    ],
    "RandomZoom": [(IMAGE, {"height_factor": (-0.2, -0.1)}), (IMAGE, {"height_factor": 0.2, "width_factor": 0.3})],
    "ReLU": [(VECTOR, {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2})],
    "RepeatVector": [(VECTOR, {"n": 3})],
    "Rescaling": [(IMAGE, {"scale": 0.5, "offset": -1.0}), (IMAGE, {"scale": [1.0, 2.0, 3.0, 4.0]})],
    "Reshape": [(IMAGE, {"target_shape": (-1, 8)})],
    "Resizing": [(IMAGE, {"height": 5, "width": 7}), (IMAGE, {"height": 4, "width": 4, "crop_to_aspect_ratio": True})],
    "SeparableConv1D": [(SERIES, {"filters": 3, "kernel_size": 3, "depth_multiplier": 2})],
    "SeparableConv2D": [(IMAGE, {"filters": 3, "kernel_size": 3, "activation": "tanh", "pointwise_regularizer": "l1"})],
    "Softmax": [(VECTOR, {"axis": -1})],
    "Solarization": [(IMAGE, {"addition_factor": 0.2, "threshold_factor": (0.1, 0.5), "value_range": (0, 1)})],
    "SpatialDropout1D": [(SERIES, {"rate": 0.3})],
    "SpatialDropout2D": [(IMAGE, {"rate": 0.3, "seed": 4})],
    "Subtract": [([VECTOR, VECTOR], {})],
    "UnitNormalization": [(VECTOR, {"axis": -1})],
    "UpSampling1D": [(SERIES, {"size": 2})],
    "UpSampling2D": [(IMAGE, {"size": (2, 3), "interpolation": "bilinear"})],
    "ZeroPadding1D": [(SERIES, {"padding": (1, 2)})],
    "ZeroPadding2D": [(IMAGE, {"padding": ((1, 0), (2, 1))})],
}
# Without a counterpart in Keras, or tested among the networks.
ELSEWHERE = {"LocalResponseNormalization", "InputLayer", "Input", "Lambda", "Operation", "Layer"}
ELSEWHERE |= {"AuxiliaryOutputs", "RadialBasis", "ScaledTanh", "SparseConv2D", "Subsampling2D"}
# Of Equalization Keras makes no model; Pipeline holds layers. Both are in test_parity_augmentation_configs.py.
ELSEWHERE |= {"Equalization", "Pipeline"}
# Keras 3 no longer has these; Convolution2D makes a Conv2D of Keras 1's arguments.
ELSEWHERE |= {"Convolution2D", "RandomHeight", "RandomWidth", "ThresholdedReLU"}
FLAT = [(name, *case) for name, cases in CASES.items() for case in cases]


def around(K, name, shapes, arguments):
    """A model of this one layer."""
    inputs = [K.layers.Input(shape) for shape in (shapes if isinstance(shapes, list) else [shapes])]
    layer = getattr(K.layers, name)(**arguments)
    return K.models.Model(inputs, layer(inputs if isinstance(shapes, list) else inputs[0]))


def test_no_layer_is_forgotten():
    classes = {
        thing.__name__ for thing in vars(layers).values() if isinstance(thing, type) and issubclass(thing, layers.Layer)
    }
    assert classes - ELSEWHERE == set(CASES)
    # Sequential and Functional lie in models/.
    assert classes - {"Layer", "Convolution2D"} <= {
        registered._registry.find(name).__name__ for name in registered._registry.names()
    }


@pytest.mark.parametrize(("name", "shapes", "arguments"), FLAT, ids=[f"{i}-{case[0]}" for i, case in enumerate(FLAT)])
def test_both_ways(name, shapes, arguments, tmp_path):
    ours = around(ANMOK, name, shapes, arguments)
    randomize(ours)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    assert_same_outputs(ours, theirs)
    theirs.save(tmp_path / "theirs.keras")
    again = models.load_model(tmp_path / "theirs.keras")
    assert_same_outputs(again, theirs)
    mine = models.load_model(tmp_path / "ours.keras")
    assert_same_outputs(mine, ours, rtol=0, atol=0)
    assert json.dumps(mine.get_config()) == json.dumps(ours.get_config())
    # As Keras makes it by itself, too.
    theirs = around(keras, name, shapes, arguments)
    randomize(theirs, seed=4)
    theirs.save(tmp_path / "theirs.keras")
    assert_same_outputs(models.load_model(tmp_path / "theirs.keras"), theirs)


# Keras 3 reads these from .h5 files and cannot write them: it copies their configs, which hold a generator of seeds.
NOT_BY_KERAS = {
    "RandomBrightness", "RandomColorDegeneration", "RandomPosterization", "RandomSaturation", "RandomSharpness",
    "Solarization",
}  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "arguments"), FLAT, ids=[f"{i}-{case[0]}" for i, case in enumerate(FLAT)])
def test_both_ways_in_h5(name, shapes, arguments, tmp_path):
    ours, theirs = around(ANMOK, name, shapes, arguments), around(keras, name, shapes, arguments)
    randomize(ours)
    ours.save(tmp_path / "ours.h5")
    assert_same_outputs(models.load_model(tmp_path / "ours.h5"), ours, rtol=0, atol=0)
    assert_same_outputs(ours, keras.models.load_model(tmp_path / "ours.h5"))
    if name in NOT_BY_KERAS:
        return
    randomize(theirs, seed=4)
    theirs.save(tmp_path / "theirs.h5")
    assert_same_outputs(models.load_model(tmp_path / "theirs.h5"), theirs)
    # Weights alone, matched by order.
    theirs.load_weights(tmp_path / "ours.h5")
    assert_same_outputs(theirs, ours)
    ours.load_weights(tmp_path / "theirs.h5")
    theirs.load_weights(tmp_path / "theirs.h5")
    assert_same_outputs(ours, theirs)


def test_a_layer_that_keras_lacks_is_written_as_one_of_ones_own(tmp_path):
    start = layers.Input(IMAGE)
    ours = models.Model(start, layers.LocalResponseNormalization(depth_radius=1, alpha=0.5)(start))
    ours.save(tmp_path / "ours.keras")
    assert_same_outputs(models.load_model(tmp_path / "ours.keras"), ours)

    class LocalResponseNormalization(keras.layers.Layer):
        def __init__(self, depth_radius, bias, alpha, beta, **kwargs):
            super().__init__(**kwargs)
            self.settings = depth_radius, bias, alpha, beta

        def call(self, x):
            radius, bias, alpha, beta = self.settings
            padded = np.pad(x.detach().cpu().numpy() ** 2, [(0, 0)] * 3 + [(radius, radius)])
            total = sum(padded[..., i : i + x.shape[-1]] for i in range(2 * radius + 1))
            return x / keras.ops.convert_to_tensor((bias + alpha * total) ** beta)

        def compute_output_shape(self, shape):
            return shape

    theirs = keras.models.load_model(
        tmp_path / "ours.keras", custom_objects={"LocalResponseNormalization": LocalResponseNormalization}
    )
    assert_same_outputs(ours, theirs)
