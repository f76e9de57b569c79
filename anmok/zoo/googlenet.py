"""GoogLeNet. C. Szegedy et al.: Going Deeper with Convolutions, 2014.

Table 1 walked row by row; the 5x5 kernels are 5x5. Local response normalization stands where figure 3 has it, with
AlexNet's settings, since the paper gives none. The auxiliary classifiers are those of section 5: their losses count
0.3 while training, which `layers.AuxiliaryOutputs` sees to, so that compile, fit and evaluate take one loss and one set
of labels. `without_heads` takes the classifiers off; it shares the weights.
Difference: kernels begin as He et al. (2015) have it, of which the paper says nothing.
"""

from anmok import layers
from anmok.models import Model

# fmt: off
# Table 1:  1x1  3x3 reduce  3x3  5x5 reduce  5x5  pool proj
TABLE_1 = {
    "3a": ( 64,         96, 128,         16,  32,        32),
    "3b": (128,        128, 192,         32,  96,        64),
    "4a": (192,         96, 208,         16,  48,        64),
    "4b": (160,        112, 224,         24,  64,        64),
    "4c": (128,        128, 256,         24,  64,        64),
    "4d": (112,        144, 288,         32,  64,        64),
    "4e": (256,        160, 320,         32, 128,       128),
    "5a": (256,        160, 320,         32, 128,       128),
    "5b": (384,        192, 384,         48, 128,       128),
}
POOLED_AFTER = ("3b", "4e")
CLASSIFIED_AFTER = ("4a", "4d")

# Table 1: output size, parameters, operations (the last row of a stage is followed by its pooling).
MODULES = {
    "conv1":        ("112x112x64",  "2.7K",   "34M"),
    "pool1":        ("56x56x64",        "",      ""),
    "conv2":        ("56x56x192",   "112K",  "360M"),
    "pool2":        ("28x28x192",       "",      ""),
    "inception_3a": ("28x28x256",   "159K",  "128M"),
    "inception_3b": ("28x28x480",   "380K",  "304M"),
    "pool3":        ("14x14x480",       "",      ""),
    "inception_4a": ("14x14x512",   "364K",   "73M"),
    "inception_4b": ("14x14x512",   "437K",   "88M"),
    "inception_4c": ("14x14x512",   "463K",  "100M"),
    "inception_4d": ("14x14x528",   "580K",  "119M"),
    "inception_4e": ("14x14x832",   "840K",  "170M"),
    "pool4":        ("7x7x832",         "",      ""),
    "inception_5a": ("7x7x832",    "1072K",   "54M"),
    "inception_5b": ("7x7x1024",   "1388K",   "71M"),
    "pool5":        ("1x1x1024",        "",      ""),
    "linear":       ("1x1x1000",   "1000K",    "1M"),
    "auxiliary_4a": ("",                "",      ""),
    "auxiliary_4d": ("",                "",      ""),
}
# fmt: on


def googlenet(input_shape=(224, 224, 3), classes=1000):
    """The paper's network as it is trained, with both auxiliary classifiers; its output is the main classifier's."""
    image = layers.Input(input_shape)
    x = _convolution(image, 64, 7, "conv1", strides=2)
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)
    x = layers.LocalResponseNormalization(name="pool1_norm")(x)
    x = _convolution(x, 64, 1, "conv2_reduce")
    x = _convolution(x, 192, 3, "conv2")
    x = layers.LocalResponseNormalization(name="conv2_norm")(x)
    x = layers.MaxPooling2D(3, 2, "same", name="pool2")(x)
    auxiliary = []
    for name, row in TABLE_1.items():
        x = inception(x, *row, name=f"inception_{name}")
        if name in CLASSIFIED_AFTER:
            auxiliary.append(_auxiliary_classifier(x, classes, f"auxiliary_{name}"))
        if name in POOLED_AFTER:
            x = layers.MaxPooling2D(3, 2, "same", name=f"pool{name[0]}")(x)
    x = layers.GlobalAveragePooling2D(name="pool5")(x)
    x = layers.Dropout(0.4, name="pool5_dropout")(x)
    x = layers.Dense(classes, activation="softmax", name="linear")(x)
    return Model(image, layers.AuxiliaryOutputs(0.3, name="auxiliary_outputs")([x, *auxiliary]), name="googlenet")


def without_heads(model):
    """The network as it is used: `googlenet`'s model less the auxiliary classifiers, on the same weights."""
    return Model(model.input, model.get_layer("linear").output, name=f"{model.name}_without_heads")


def inception(x, n1, reduce3, n3, reduce5, n5, projection, *, name="inception"):
    """The module of figure 2(b): kernels of 1, 3 and 5 and a pooling side by side, 1x1 bottlenecks before and after."""
    return layers.Concatenate(name=name)(
        [
            _convolution(x, n1, 1, f"{name}_1x1"),
            _convolution(_convolution(x, reduce3, 1, f"{name}_3x3_reduce"), n3, 3, f"{name}_3x3"),
            _convolution(_convolution(x, reduce5, 1, f"{name}_5x5_reduce"), n5, 5, f"{name}_5x5"),
            _convolution(layers.MaxPooling2D(3, 1, "same", name=f"{name}_pool")(x), projection, 1, f"{name}_pool_proj"),
        ]
    )


def naive_inception(x, n1, n3, n5, *, name="naive_inception"):
    """The module of figure 2(a): kernels of 1, 3 and 5 and a pooling side by side, all on the whole input."""
    return layers.Concatenate(name=name)(
        [
            _convolution(x, n1, 1, f"{name}_1x1"),
            _convolution(x, n3, 3, f"{name}_3x3"),
            _convolution(x, n5, 5, f"{name}_5x5"),
            layers.MaxPooling2D(3, 1, "same", name=f"{name}_pool")(x),
        ]
    )


def _auxiliary_classifier(x, classes, name):
    """Section 5: 5x5 mean pooling by 3, 128 1x1 convolutions, 1024 units, 70 % dropout, softmax."""
    x = layers.AveragePooling2D(5, 3, name=f"{name}_pool")(x)
    x = _convolution(x, 128, 1, f"{name}_conv")
    x = layers.Flatten(name=f"{name}_flat")(x)
    x = layers.Dense(1024, activation="relu", kernel_initializer="he_normal", name=f"{name}_fc")(x)
    x = layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return layers.Dense(classes, activation="softmax", name=f"{name}_linear")(x)


def _convolution(x, filters, kernel, name, strides=1):
    return layers.Conv2D(
        filters, kernel, strides, "same", activation="relu", kernel_initializer="he_normal", name=name
    )(x)
