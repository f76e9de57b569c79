"""ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s", arXiv:2201.03545).

As in Keras: 1x1 convolutions are Dense layers; the network takes pixels in 0..255 unless include_preprocessing=False,
and `preprocess_input` does nothing; without the top the features are normalized, pooled or not. Names of layers begin
with the network's name.
"""

import numpy as np

from anmok.applications.head import Request
from anmok.applications.imagenet import (  # noqa: F401 - Keras has decode_predictions here
    TORCH_DEVIATION,
    TORCH_MEAN,
    decode_predictions,
)
from anmok.errors import ArgumentError
from anmok.layers import (
    Activation,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    LayerNormalization,
    Normalization,
)
from anmok.layers.residual import LayerScale, StochasticDepth
from anmok.models import Sequential

# fmt: off
# Section 3: blocks and channels of the four stages (table 9 has the first).
VARIANTS = {
    "convnext_tiny":   ([3, 3,  9, 3], [ 96, 192,  384,  768]),
    "convnext_small":  ([3, 3, 27, 3], [ 96, 192,  384,  768]),
    "convnext_base":   ([3, 3, 27, 3], [128, 256,  512, 1024]),
    "convnext_large":  ([3, 3, 27, 3], [192, 384,  768, 1536]),
    "convnext_xlarge": ([3, 3, 27, 3], [256, 512, 1024, 2048]),
}
# fmt: on


def ConvNeXt(
    depths,
    projection_dims,
    drop_path_rate=0.0,
    layer_scale_init_value=1e-6,
    default_size=224,
    name="convnext",
    include_preprocessing=True,
    include_top=True,
    weights=None,
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    weights_name=None,
):
    """ConvNeXt of any size (as in Keras): images (B, H, W, C) in 0..255 to scores (B, classes).

    depths, projection_dims: blocks and channels of each of four stages. drop_path_rate: how often the last residual
    branch is left out in training; less often the earlier ones. layer_scale_init_value: what branches are multiplied
    with to begin with; None for no such factors. weights_name: a key of VARIANTS, whose weights 'imagenet' means.
    Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    depths, projection_dims = list(depths), list(projection_dims)
    if len(depths) != 4 or len(projection_dims) != 4:
        raise ArgumentError(f"ConvNeXt has four stages, got depths={depths} and projection_dims={projection_dims}.")
    if request.of_imagenet and VARIANTS.get(weights_name) != (depths, projection_dims):
        raise ArgumentError(
            f"ImageNet's weights are those of {', '.join(VARIANTS)}; {weights_name!r} has not depths={depths} and "
            f"projection_dims={projection_dims}. Take weights=None."
        )
    x = request.image(request.shape(usual=default_size))
    if include_preprocessing and x.shape[-1] == 3:
        x = _standardized(x, f"{name}_prestem_normalization")
    rates = iter(np.linspace(0.0, drop_path_rate, sum(depths)).tolist())
    for stage, (depth, channels) in enumerate(zip(depths, projection_dims, strict=True)):
        x = _shrinking(name, stage, channels)(x)
        for place in range(depth):
            x = _block(x, f"{name}_stage_{stage}_block_{place}", next(rates), layer_scale_init_value)
    return request.model(_topped(x, request), weights_name)


def _standardized(x, name):
    mean = [value * 255 for value in TORCH_MEAN]
    variance = [(value * 255) ** 2 for value in TORCH_DEVIATION]
    return Normalization(mean=mean, variance=variance, name=name)(x)


def _shrinking(name, stage, channels):
    """What begins a stage: patches of 4 x 4 pixels, and of 2 x 2 later on, become one."""
    if stage == 0:
        layers = [
            Conv2D(channels, 4, strides=4, name=f"{name}_stem_conv"),
            LayerNormalization(epsilon=1e-6, name=f"{name}_stem_layernorm"),
        ]
        return Sequential(layers, name=f"{name}_stem")
    layers = [
        LayerNormalization(epsilon=1e-6, name=f"{name}_downsampling_layernorm_{stage - 1}"),
        Conv2D(channels, 2, strides=2, name=f"{name}_downsampling_conv_{stage - 1}"),
    ]
    return Sequential(layers, name=f"{name}_downsampling_block_{stage - 1}")


def _block(x, name, drop_path_rate, layer_scale_init_value):
    """Figure 4: a 7x7 convolution of each channel by itself, then two Dense layers, four times as wide between."""
    start, channels = x, x.shape[-1]
    x = Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv")(x)
    x = LayerNormalization(epsilon=1e-6, name=f"{name}_layernorm")(x)
    x = Dense(4 * channels, name=f"{name}_pointwise_conv_1")(x)
    x = Activation("gelu", name=f"{name}_gelu")(x)
    x = Dense(channels, name=f"{name}_pointwise_conv_2")(x)
    if layer_scale_init_value is not None:
        x = LayerScale(layer_scale_init_value, channels, name=f"{name}_layer_scale")(x)
    if drop_path_rate:
        x = StochasticDepth(drop_path_rate, name=f"{name}_stochastic_depth")(x)
    else:
        x = Activation("linear", name=f"{name}_identity")(x)
    return start + x


def _topped(x, request):
    if not request.include_top:
        return LayerNormalization(epsilon=1e-6)(request.pooled(x))
    x = GlobalAveragePooling2D(name=f"{request.name}_head_gap")(x)
    x = LayerNormalization(epsilon=1e-6, name=f"{request.name}_head_layernorm")(x)
    return Dense(request.classes, activation=request.classifier_activation, name=f"{request.name}_head_dense")(x)


def _variant(key, class_name):
    depths, channels = VARIANTS[key]

    def network(
        include_top=True,
        include_preprocessing=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=key,
    ):
        return ConvNeXt(
            depths,
            channels,
            name=name,
            include_preprocessing=include_preprocessing,
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            weights_name=key,
        )

    network.__name__ = network.__qualname__ = class_name
    network.__doc__ = f"""{class_name} (as in Keras): images (B, 224, 224, 3) in 0..255 to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, {channels[-1]}).
    include_preprocessing: whether the network scales its pixels itself. Raises ArgumentError.
    """
    return network


ConvNeXtTiny = _variant("convnext_tiny", "ConvNeXtTiny")
ConvNeXtSmall = _variant("convnext_small", "ConvNeXtSmall")
ConvNeXtBase = _variant("convnext_base", "ConvNeXtBase")
ConvNeXtLarge = _variant("convnext_large", "ConvNeXtLarge")
ConvNeXtXLarge = _variant("convnext_xlarge", "ConvNeXtXLarge")


def preprocess_input(x, data_format=None):
    """x as it is: the network scales its pixels itself (as in Keras)."""
    return x
