"""A layer of one's own is built only for inputs that its input_spec allows, as in Keras."""

import pytest

from anmok import layers, models
from anmok.errors import ShapeError


def with_spec(spec):
    class Own(layers.Layer):
        def __init__(self):
            super().__init__(name="own")
            self.input_spec = spec

        def call(self, inputs):
            return inputs

    return Own()


@pytest.mark.parametrize(
    "spec, good, bad",
    [
        (layers.InputSpec(ndim=4), (8, 8, 3), (8, 8)),
        (layers.InputSpec(min_ndim=3), (8, 3), (8,)),
        (layers.InputSpec(max_ndim=3), (8, 3), (8, 8, 3)),
        (layers.InputSpec(ndim=4, axes={-1: 3}), (8, 8, 3), (8, 8, 1)),
        (layers.InputSpec(shape=(None, None, 4)), (8, 4), (8, 5)),
        (layers.InputSpec(shape=(None, 4)), (4,), (8, 4)),
        ([layers.InputSpec(ndim=2)], (4,), (8, 4)),
    ],
)
def test_shapes_are_held_against_it(spec, good, bad):
    with_spec(spec)(layers.Input(good))
    with pytest.raises(ShapeError, match=r"Own 'own': expected InputSpec\(.*got shape"):
        with_spec(spec)(layers.Input(bad))
    with pytest.raises(ShapeError, match="expected InputSpec"):
        models.Sequential([layers.Input(bad), with_spec(spec)])


def test_it_survives_its_config():
    spec = layers.InputSpec(ndim=4, axes={-1: 3})
    assert repr(layers.InputSpec.from_config(spec.get_config())) == repr(spec) == "InputSpec(ndim=4, axes={-1: 3})"
