"""anmok under the names that Keras has, so that one network can be written for both."""

import types

from anmok import activations, constraints, initializers, layers, losses, metrics, models, optimizers, regularizers

ANMOK = types.SimpleNamespace(
    activations=activations,
    constraints=constraints,
    initializers=initializers,
    layers=layers,
    losses=losses,
    metrics=metrics,
    models=models,
    optimizers=optimizers,
    regularizers=regularizers,
)
