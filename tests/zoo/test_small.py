"""The small network: counted by hand, as many stages as the image is large, and it learns."""

import itertools

import numpy as np
import pytest

from anmok import zoo
from anmok.models import model_cost
from anmok.utils import set_random_seed


@pytest.mark.parametrize("side, stages, left", [(8, 2, 4), (28, 4, 3), (32, 4, 4), (64, 5, 4), (96, 6, 3), (160, 6, 5)])
@pytest.mark.parametrize("channels", [1, 3])
def test_weights_and_multiplications_are_those_of_its_table(side, stages, left, channels):
    model = zoo.build("small", (side, side, channels), 7)
    maps = [channels, *zoo.small.MAPS[:stages]]
    sides = [side // 2**stage for stage in range(stages)]
    kernels = [9 * before * after for before, after in itertools.pairwise(maps)]
    norms = [2 * count for count in maps[1:]]
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == sum(kernels) + sum(norms) + 7 * maps[-1] + 7
    assert model_cost(model).macs == sum(n * s * s for n, s in zip(kernels, sides, strict=True)) + 7 * maps[-1]
    assert model.get_layer(f"conv{stages}_relu").output.shape[1:3] == (left, left)


@pytest.mark.parametrize("side, channels", [(28, 1), (48, 3)])
def test_it_learns_a_few_images_by_heart(side, channels):
    set_random_seed(0)
    model = zoo.build("small", (side, side, channels), 3)
    x, labels = np.random.default_rng(0).random((6, side, side, channels), "float32"), np.arange(6) % 3
    model.compile("adam", "sparse_categorical_crossentropy")
    found = model.fit(x, labels, batch_size=6, epochs=8, verbose=0).history["loss"]
    assert found[-1] < 0.5 * found[0]
