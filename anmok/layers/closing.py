"""A layer whose `call` uses symbolic tensors from around it, as Keras 2 allowed: its parts become the graph's own."""

from torch.utils import _pytree as pytree

from anmok.errors import ArgumentError
from anmok.layers import graph_member, registered
from anmok.layers.layer import Layer


@registered.add
class LossesBeside(Layer):
    """Passes its first inputs on, and adds the others to what training minimises.

    passed: how many are passed on.
    """

    adds_losses = True

    def __init__(self, passed=1, **kwargs):
        super().__init__(**kwargs)
        self.passed = passed

    def call(self, *inputs):
        self.add_loss(list(inputs[self.passed :]))
        return inputs[0] if self.passed == 1 else list(inputs[: self.passed])


def write_out(layer, args, kwargs):
    """What layer.call(*args, **kwargs) makes of KerasTensors when it is run on these themselves.

    Its own weights would be constants in such a graph, so it must have none; those of layers that it calls may be.
    """
    if layer._parameters:
        raise ArgumentError(
            f"{type(layer).__name__} '{layer.name}' has weights of its own, and its call uses symbolic tensors that "
            "are not its inputs. Give call those tensors as inputs."
        )
    layer._symbolic_terms = terms = []
    try:
        outputs = layer.call(*args, **kwargs)
    finally:
        layer._symbolic_terms = None
    if not terms:
        return outputs
    leaves, structure = pytree.tree_flatten(outputs)
    passed = LossesBeside(passed=len(leaves), name=layer.name)(*leaves, *terms)
    return pytree.tree_unflatten(passed if isinstance(passed, list) else [passed], structure)


graph_member.write_out = write_out
