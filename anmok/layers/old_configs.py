"""Layers' configs as Keras 1 and 2 wrote them into .h5 files, in the words of Keras 3.

They are told by having no "module". Arguments are renamed, and left out where they say what is always so now.
"""

import inspect

from anmok.layers import old_names

# (name, values that say nothing new; none: any value). Only left out where the class does not take that name.
_SAYING_NOTHING = {
    "groups": (1,), "implementation": (), "ragged": (False, None), "sparse": (False, None), "input_dtype": (),
    "fused": (None, True, False), "virtual_batch_size": (None,), "adjustment": (None,), "renorm": (False,),
    "renorm_clipping": (None, {}), "renorm_momentum": (), "mode": (0,), "W_learning_rate_multiplier": (None,),
    "b_learning_rate_multiplier": (None,), "input_length": (None,), "stateful": (False,),
    "kernel_initializer": (), "kernel_regularizer": (None,), "kernel_constraint": (None,), "dtype": (), "autocast": (),
    "activity_regularizer": (None,), "noise_shape": (None,), "beta_regularizer": (None,), "gamma_regularizer": (None,),
}  # fmt: skip


_OF_EVERY_LAYER = {"input_shape", "input_dim", "batch_input_shape", "batch_shape", "batch_size", "weights"}


def modernized(cls, config):
    """`config` for today's constructor of `cls`."""
    class_name, accepted = cls.__name__, _arguments(cls)
    config = dict(config)
    for old, new in old_names.renamed(class_name, accepted).items():
        if old in config:
            config.setdefault(new, config.pop(old))
    if all(name in config for name in old_names.KERNEL_SIZE):
        config["kernel_size"] = tuple(config.pop(name) for name in old_names.KERNEL_SIZE)
    if "filter_length" in config:
        config["kernel_size"] = config.pop("filter_length")
    for name, table in old_names.VALUES.items():
        if isinstance(config.get(name), str):
            config[name] = table.get(config[name], config[name])
    if class_name == "Lambda":
        config = _lambda(config)
    return {name: value for name, value in config.items() if name in accepted or not _says_nothing(name, value)}


def _arguments(cls):
    signatures = [inspect.signature(c.__init__) for c in cls.__mro__ if c.__module__.split(".")[0] == "anmok"]
    return _OF_EVERY_LAYER | {name for signature in signatures for name in signature.parameters}


def _says_nothing(name, value):
    if name not in _SAYING_NOTHING:
        return False
    return not _SAYING_NOTHING[name] or any(value is known or value == known for known in _SAYING_NOTHING[name])


def _lambda(config):
    """A Lambda's function, which stood as [bytecode, defaults, closure] or as a name."""
    for part in ("function", "output_shape"):
        kind = config.pop(f"{part}_type", None)
        config.pop(f"{part}_module", None)
        value = config.get(part)
        if kind == "lambda" or (part == "function" and isinstance(value, (list, tuple))):
            config[part] = {"class_name": "__lambda__", "config": {"value": list(value)}}
        elif kind == "function" or (part == "function" and isinstance(value, str)):
            config[part] = {"class_name": "function", "config": value, "registered_name": "function"}
    config.pop("module", None)
    if config.get("output_shape") is None:
        config.pop("output_shape", None)
    return config
