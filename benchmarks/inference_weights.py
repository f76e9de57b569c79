"""The same weights and images in every process, without files: drawn from the names of the layers.

Convolutions and Dense keep the size of what goes through them (He et al. 2015); batch normalization has statistics and
factors that matter, which are below 1 so that sums with shortcuts do not grow from block to block.
"""

import zlib

import numpy as np

SIZE = 224
GAMMA_BETA_MEAN_VARIANCE = ((0.3, 0.7), (-0.1, 0.1), (-0.1, 0.1), (0.5, 1.5))


def images(count):
    """float32 (count, 224, 224, 3) around 0."""
    return np.random.default_rng(0).standard_normal((count, SIZE, SIZE, 3), dtype=np.float32)


def drawn(layer, shapes):
    """Weights of the layer of that name, for `shapes` in Keras' order and layout: a list of float32 arrays.

    Four weights are those of batch normalization; else a kernel comes first, and perhaps a bias.
    """
    rng = np.random.default_rng(zlib.crc32(layer.encode()))
    if len(shapes) == 4:
        limits = GAMMA_BETA_MEAN_VARIANCE
        return [rng.uniform(*pair, shape).astype(np.float32) for pair, shape in zip(limits, shapes, strict=True)]
    kernel, *bias = shapes
    read = np.prod(kernel[:2]) if layer.endswith("depthwise") else np.prod(kernel[:-1])
    values = rng.standard_normal(kernel, dtype=np.float32) * np.float32((2 / read) ** 0.5)
    return [values, *(rng.uniform(-0.1, 0.1, shape).astype(np.float32) for shape in bias)]


def fill(model):
    """Give every layer of a Keras or anmok model its drawn weights."""
    for layer in model.layers:
        shapes = [weight.shape for weight in layer.get_weights()]
        if shapes:
            layer.set_weights(drawn(layer.name, shapes))
