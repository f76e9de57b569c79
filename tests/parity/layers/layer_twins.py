"""One layer of ours beside Keras' layer of the same name: same arguments, weights and inputs, everything compared."""

import json
from collections import namedtuple

import keras
import numpy as np
import torch

from anmok import layers

Twins = namedtuple("Twins", "ours theirs")


def make_twins(name, arguments):
    return Twins(getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments))


def plain_config(layer):
    # Keras writes the factor of L1 as float32 has it, 0.009999999776482582.
    config = json.loads(json.dumps(layer.get_config()), parse_float=lambda digits: float(f"{float(digits):.6g}"))
    return {key: value for key, value in config.items() if key not in ("name", "dtype")}


def random_inputs(shapes, seed):
    """A float32 array for one shape (a tuple), a list of arrays for a list of shapes."""
    draw = np.random.default_rng(seed)
    if isinstance(shapes, list):
        return [random_inputs(shape, draw.integers(1 << 30)) for shape in shapes]
    return draw.standard_normal(shapes).astype("float32")


def as_tensors(inputs):
    if isinstance(inputs, list):
        return [torch.tensor(entry, requires_grad=True) for entry in inputs]
    return torch.tensor(inputs, requires_grad=True)


def give_same_weights(twins, seed):
    """Random weights for both; positive where they are variances."""
    draw = np.random.default_rng(seed)
    values = []
    for weight in twins.theirs.weights:
        value = draw.standard_normal(weight.shape).astype("float32")
        values.append(np.abs(value) + 0.1 if "variance" in weight.name else value)
    twins.theirs.set_weights(values)
    twins.ours.set_weights(values)


def run(layer, inputs, factors, gradient_of, **call):
    """Output, extra losses, and the gradients of inputs and weights for the loss sum(output * factors) + losses."""
    tensors = as_tensors(inputs)
    output = layer(tensors, **call)
    losses = [torch.as_tensor(term) for term in layer.losses]
    loss = (output * factors(output)).sum() + sum(losses)
    if loss.requires_grad:
        loss.backward()
    # A network that gives nothing of an input gives it no gradient, or one of zeros.
    leaves = tensors if isinstance(tensors, list) else [tensors]
    return {
        "output": output.detach(),
        "losses": torch.stack([term.detach() for term in losses]).sum() if losses else torch.zeros(()),
        "input gradients": [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves],
        "weight gradients": [gradient_of(weight) for weight in layer.trainable_weights],
    }


def factors(output):
    return torch.linspace(-1, 1, output.numel(), dtype=output.dtype).view(output.shape)


def compare(name, arguments, shapes, *, seed=0, **call):
    """Assert that both layers do the same on random inputs of `shapes`; returns the pair for further questions."""
    twins = make_twins(name, arguments)
    assert plain_config(twins.ours) == plain_config(twins.theirs)
    assert plain_config(type(twins.ours).from_config(twins.ours.get_config())) == plain_config(twins.ours)
    assert plain_config(type(twins.ours).from_config(twins.theirs.get_config())) == plain_config(twins.ours)
    assert plain_config(type(twins.theirs).from_config(twins.ours.get_config())) == plain_config(twins.theirs)

    free = [(None, *shape[1:]) for shape in shapes] if isinstance(shapes, list) else (None, *shapes[1:])
    assert twins.ours.compute_output_shape(free) == tuple(twins.theirs.compute_output_shape(free))

    inputs = random_inputs(shapes, seed)
    with torch.no_grad():
        twins.ours(inputs), twins.theirs(inputs)
    assert [w.shape for w in twins.ours.get_weights()] == [w.shape for w in twins.theirs.get_weights()]
    assert [w.name for w in twins.ours.weights] == [w.name for w in twins.theirs.weights]
    give_same_weights(twins, seed + 1)
    compare_run(twins, inputs, **call)
    return twins


def compare_run(twins, inputs, **call):
    twins.ours._clear_losses()
    for weight in twins.theirs.weights:
        weight.value.grad = None
    mine = run(twins.ours, inputs, factors, lambda weight: weight.keras_view(weight.grad), **call)
    other = run(twins.theirs, inputs, factors, lambda weight: weight.value.grad, **call)
    torch.testing.assert_close(mine["output"], other["output"], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(mine["losses"], other["losses"], rtol=1e-5, atol=1e-5)
    for kind in ("input gradients", "weight gradients"):
        torch.testing.assert_close(mine[kind], other[kind], rtol=1e-4, atol=1e-4)
    for weight in twins.ours.trainable_weights:
        weight.grad = None
    for value, theirs in zip(twins.ours.get_weights(), twins.theirs.get_weights(), strict=True):
        np.testing.assert_allclose(value, theirs, rtol=1e-5, atol=1e-6)
