"""A network as its paper's table has it: a row for each module, with what it costs."""

from dataclasses import dataclass

from anmok.models import model_cost
from anmok.zoo.building import outline
from anmok.zoo.finding import file_of, find


@dataclass(frozen=True)
class ModuleRow:
    """One module: the size of its output (H, W, C) or (C,), trained parameters, multiply-accumulates for one image.

    paper: (output size, parameters, operations) as the paper prints them, "" where it is silent.
    """

    name: str
    output: tuple
    parameters: int
    macs: int
    paper: tuple = ("", "", "")


def module_table(name, *, input_shape=None, classes=None):
    """The rows of the network of that name. The paper's numbers are given for its own input shape and classes only."""
    network = find(name)
    model = outline(name, input_shape, classes)
    printed = getattr(file_of(network), network.modules)
    as_in_paper = input_shape in (None, network.input_shape) and classes in (None, network.classes)
    trained = {layer.name: sum(weight.numel() for weight in layer.trainable_weights) for layer in model.layers}
    rows = {}
    for cost in model_cost(model):
        module = _module_of(cost.name, printed)
        before = rows.get(module, ModuleRow(module, (), 0, 0))
        parameters = before.parameters + trained[cost.name]
        paper = (as_in_paper and printed.get(module)) or ("", "", "")
        rows[module] = ModuleRow(module, cost.output_shape[1:], parameters, before.macs + cost.macs, paper)
    return list(rows.values())


def _module_of(layer, modules):
    """The module that the layer's name begins with; of several the longest. Its own name where there is none."""
    stems = {module: module.removesuffix("_x") for module in modules}
    found = [module for module, stem in stems.items() if layer == stem or layer.startswith(f"{stem}_")]
    return max(found, key=len, default=layer)
