"""One layer of ours and the same layer of Keras, on the same input with the same weights."""

import json

import keras
import numpy as np
import torch

from anmok import layers


def pair(name, arguments):
    """Our layer and Keras' layer of that name, made of the same arguments."""
    return getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)


def same_weights(ours, theirs, rng):
    """Give both built layers the same random weights; their shapes and order must agree."""
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    values = [rng.normal(size=w.shape).astype(w.dtype) for w in theirs.get_weights()]
    ours.set_weights(values)
    theirs.set_weights(values)


def assert_same_values(ours, theirs, inputs, rng, *, tolerance=1e-5, gradient_tolerance=1e-4):
    """Outputs and gradients (of the inputs and of every weight) agree for the float array `inputs`."""
    results = []
    for layer in (ours, theirs):
        x = torch.tensor(inputs, requires_grad=True)
        y = layer(x)
        results.append((x, y))
    (x, y), (their_x, their_y) = results
    assert y.dtype == their_y.dtype
    np.testing.assert_allclose(y.detach().numpy(), their_y.detach().numpy(), rtol=tolerance, atol=tolerance)
    upstream = torch.tensor(rng.normal(size=y.shape).astype(np.float32))
    y.backward(upstream)
    their_y.backward(upstream)
    bounds = {"rtol": gradient_tolerance, "atol": gradient_tolerance}
    np.testing.assert_allclose(x.grad.numpy(), their_x.grad.numpy(), **bounds)
    for weight, their_weight in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
        np.testing.assert_allclose(
            weight.keras_view(weight.grad).numpy(), their_weight.value.grad.numpy(), err_msg=weight.name, **bounds
        )


def described(config):
    """A config as a JSON file would hold it, without the name; Keras' L1 holds its factor as a float32."""
    text = json.dumps(config)
    plain = json.loads(text, parse_float=lambda digits: float(np.float32(digits)))
    return {key: value for key, value in plain.items() if key != "name"}


def assert_same_config(ours, theirs):
    """The configs agree, and each side reads the other's."""
    assert described(ours.get_config()) == described(theirs.get_config())
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    assert described(again.get_config()) == described(theirs.get_config())
    type(theirs).from_config(json.loads(json.dumps(ours.get_config())))


def assert_same_layer(name, arguments, shape, seed, *, tolerance=1e-5):
    """Everything above, and the inferred output shapes, for inputs of `shape` (batch first)."""
    rng = np.random.default_rng(seed)
    ours, theirs = pair(name, arguments)
    symbolic = (None, *shape[1:])
    assert tuple(ours.compute_output_shape(symbolic)) == tuple(theirs.compute_output_shape(symbolic))
    if not ours.built:
        ours.build(symbolic)
    if not theirs.built:
        theirs.build(symbolic)
    same_weights(ours, theirs, rng)
    assert_same_values(ours, theirs, rng.normal(size=shape).astype(np.float32), rng, tolerance=tolerance)
    assert_same_config(ours, theirs)
    return ours, theirs
