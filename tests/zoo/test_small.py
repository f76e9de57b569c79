"""The small networks: as many stages as the image is large, and they learn."""

import numpy as np
import pytest

from anmok import zoo
from anmok.models import model_cost
from anmok.utils import set_random_seed


@pytest.mark.parametrize("side, left", [(28, 3), (32, 4), (48, 3), (64, 4), (96, 3)])
def test_the_last_maps_have_three_pixels_or_more(side, left):
    model = zoo.small.small("residual", (side, side, 3), 5)
    last = [layer for layer in model.layers if layer.name.endswith("_add")][-1]
    assert last.output.shape[1:3] == (left, left)


def test_patches_cost_less_than_pixels():
    plain, patches = (model_cost(zoo.small.small(name, (64, 64, 3))).macs for name in ("residual", "patches"))
    assert patches < plain


@pytest.mark.parametrize("layout", list(zoo.small.LAYOUTS))
@pytest.mark.parametrize("side, channels", [(28, 1), (48, 3)])
def test_every_layout_learns_a_few_images_by_heart(layout, side, channels):
    set_random_seed(0)
    model = zoo.small.small(layout, (side, side, channels), 3)
    x, labels = np.random.default_rng(0).random((6, side, side, channels), "float32"), np.arange(6) % 3
    model.compile("adam", "sparse_categorical_crossentropy")
    found = model.fit(x, labels, batch_size=6, epochs=8, verbose=0).history["loss"]
    assert found[-1] < found[0]
