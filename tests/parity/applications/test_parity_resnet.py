"""ResNets, their second version, and ResNeXts, against Keras' and keras-applications'."""

import keras
import numpy as np
import pytest
from same_network import check_same_network, check_same_outputs, draw_weights, save_legacy_weights

from anmok import applications


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("ResNet50", {"classes": 10}),
        ("ResNet50V2", {"classes": 10, "shape": (40, 33, 3)}),
        ("ResNet50", {"include_top": False, "pooling": "avg", "shape": (45, 32, 3)}),
        ("ResNet50V2", {"include_top": False, "pooling": "max"}),
    ],
)
def test_resnet_is_keras(name, arguments, tmp_path):
    check_same_network(name, tmp_path, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ResNet101", "ResNet152", "ResNet101V2", "ResNet152V2"])
def test_deep_resnet_is_keras(name, tmp_path):
    check_same_network(name, tmp_path)


def resnext_of_keras_applications(repeats, filters, size):
    """ResNeXt as keras-applications 1.0.8 had it, without the top; the grouped convolution of three layers."""
    layers = keras.layers

    def normalized(x, name):
        return layers.BatchNormalization(epsilon=1.001e-5, name=name)(x)

    def convolved(x, filters, name, **arguments):
        return layers.Conv2D(filters, use_bias=False, name=f"{name}_conv", **arguments)(x)

    start = layers.Input((size, size, 3))
    x = layers.ZeroPadding2D(3)(start)
    x = layers.ReLU()(normalized(convolved(x, 64, "conv1", kernel_size=7, strides=2), "conv1_bn"))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for stage, repeat in enumerate(repeats):
        width = filters << stage
        share = width // 32
        for number in range(repeat):
            name = f"conv{stage + 2}_block{number + 1}"
            strides = 2 if stage and not number else 1
            shortcut = x
            if number == 0:
                shortcut = convolved(x, 2 * width, f"{name}_0", kernel_size=1, strides=strides)
                shortcut = normalized(shortcut, f"{name}_0_bn")
            x = layers.ReLU()(normalized(convolved(x, width, f"{name}_1", kernel_size=1), f"{name}_1_bn"))
            x = layers.ZeroPadding2D(1)(x)
            x = layers.DepthwiseConv2D(
                3, strides=strides, depth_multiplier=share, use_bias=False, name=f"{name}_2_conv"
            )(x)
            rows, columns = x.shape[1:3]
            x = layers.Reshape((rows, columns, 32, share, share))(x)
            x = layers.Lambda(lambda x: x.sum(axis=4))(x)
            x = layers.Reshape((rows, columns, width))(x)
            x = layers.ReLU()(normalized(x, f"{name}_2_bn"))
            x = normalized(convolved(x, 2 * width, f"{name}_3", kernel_size=1), f"{name}_3_bn")
            x = layers.ReLU()(layers.Add()([shortcut, x]))
    return keras.Model(start, x)


@pytest.mark.parametrize(
    "name, repeats",
    [
        ("ResNeXt50", (3, 4, 6, 3)),
        pytest.param("ResNeXt101", (3, 4, 23, 3), marks=pytest.mark.slow),
    ],
)
def test_resnext_takes_the_weights_of_keras_applications(name, repeats, tmp_path):
    theirs = resnext_of_keras_applications(repeats, 128, 40)
    draw_weights(theirs)
    legacy = save_legacy_weights(theirs, tmp_path / "legacy.h5")
    ours = getattr(applications, name)(include_top=False, weights=legacy, input_shape=(40, 40, 3))
    assert ours.count_params() == theirs.count_params()
    check_same_outputs(theirs, ours, (40, 40, 3))
    # Its own files are as all others.
    ours.save_weights(tmp_path / "own.weights.h5")
    again = getattr(applications, name)(include_top=False, weights=tmp_path / "own.weights.h5")
    for a, b in zip(again.get_weights(), ours.get_weights(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name, parameters", [("ResNeXt50", 25_028_904), ("ResNeXt101", 44_177_704)])
def test_resnext_has_the_parameters_of_the_paper(name, parameters):
    # 25.0 million for ResNeXt-50 in Table 1; in full, what torchvision and timm count for 32x4d.
    model = getattr(applications, name)(weights=None)
    assert sum(weight.numel() for weight in model.trainable_weights) == parameters
