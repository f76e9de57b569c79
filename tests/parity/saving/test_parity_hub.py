"""A saved model as a layer, in files that Keras 3 reads and writes."""

import keras
import pytest
from houses import ANMOK
from networks import assert_same_outputs, branches, nested, randomize, stack

from anmok import hub, models


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("network", [stack, branches, nested], ids=lambda function: function.__name__)
def test_keras_models_as_layers_and_back(network, ending, tmp_path):
    theirs = network(keras)
    randomize(theirs)
    theirs.save(tmp_path / f"base{ending}")
    base = models.from_hub(tmp_path / f"base{ending}")
    assert_same_outputs(base, theirs)
    wrapped = models.Sequential([hub.KerasLayer(tmp_path / f"base{ending}")])
    assert_same_outputs(wrapped, theirs)
    start = ANMOK.layers.Input(base.input_shape[1:])
    ours = models.Model(start, ANMOK.layers.Dense(2)(base(start)))
    ours.save(tmp_path / f"ours{ending}")
    again = keras.models.load_model(tmp_path / f"ours{ending}")
    assert_same_outputs(ours, again)
    assert len(again.trainable_weights) == 2
