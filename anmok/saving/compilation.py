"""The arguments of `compile` as plain data, as Keras 3 writes them, and back."""

from anmok import losses, metrics, notices, optimizers
from anmok.errors import ArgumentError, FileFormatError
from anmok.registry import find_function
from anmok.saving.plain_data import serialize_keras_object

_ARGUMENTS = (
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution",
    "jit_compile",
)  # fmt: skip


def compile_config(model):
    """What `compile` was given, as plain data; {} where it was not called, or cannot be written."""
    if not model.compiled:
        return {}
    try:
        return {name: serialize_keras_object(model._compile_arguments[name]) for name in _ARGUMENTS}
    except ArgumentError as error:
        # A trained model that cannot be saved at all would be worse.
        notices.once(
            ("saved without compile", model.name, str(error)),
            f"Model '{model.name}' is saved without the arguments of compile(): {error} "
            "The loaded model must be compiled before it is trained on.",
            stacklevel=5,
        )
        return {}


def compile_from_config(model, config):
    """Compile `model` with what `compile_config` (ours or Keras') returned, and make the optimizer's state."""
    if not isinstance(config, dict):
        raise FileFormatError(f"Expected the arguments of compile() as a dict, got {config!r}.")
    if type(model).compile.__module__.split(".")[0] != "anmok":
        name = type(model).__name__
        notices.once(
            ("compile of its own", name),
            f"{name} has a compile() of its own, so it is not called with what the file says. Call it yourself, or "
            "write get_compile_config() and compile_from_config(config) too.",
            stacklevel=5,
        )
        return
    arguments = {name: config[name] for name in _ARGUMENTS if name in config}
    if "optimizer" in arguments:
        arguments["optimizer"] = optimizers.deserialize(_innermost(arguments["optimizer"]))
    arguments["loss"] = _each(arguments.get("loss"), losses.deserialize)
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = _each(arguments.get(name), metrics.deserialize)
    model.compile(**{name: value for name, value in arguments.items() if name != "jit_compile" or value is not None})
    build_optimizer(model)


def build_optimizer(model):
    """Make the optimizer's state for the weights that training changes, once they are there."""
    weights = [weight for weight in model.trainable_weights if weight.requires_grad]
    if weights and model.optimizer is not None:
        model.optimizer.build(weights)


def _innermost(config):
    """Keras wraps the optimizer for float16; here the scale of the loss belongs to training."""
    while isinstance(config, dict) and config.get("class_name") == "LossScaleOptimizer":
        config = config.get("config", {}).get("inner_optimizer")
    return config


def _each(structure, deserialize):
    """Lists and dicts of losses or metrics, names left as they are: what 'accuracy' means depends on the outputs."""
    if isinstance(structure, dict) and "class_name" in structure:
        return find_function(structure) if structure["class_name"] == "function" else deserialize(structure)
    if isinstance(structure, dict):
        return {key: _each(entry, deserialize) for key, entry in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_each(entry, deserialize) for entry in structure]
    return structure
