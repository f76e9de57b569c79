"""Which number format a layer computes in (Keras' dtype policies), and `auto`, which is anmok's default.

`auto`: variables, evaluation and prediction in float32; training of networks that are large enough in bfloat16
where the processor multiplies bfloat16 in hardware. Any other policy is followed to the letter.
"""

import numpy as np
import torch

from anmok.errors import unknown_name

_FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}
# name -> (compute format, variable format)
_POLICIES = {
    "auto": ("float32", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
    "mixed_float16": ("float16", "float32"),
    **{name: (name, name) for name in _FORMATS},
}


def format_name(dtype):
    """'float32' for that name, torch.float32, np.float32, or a format of another library that has it as `name`."""
    if isinstance(dtype, type):
        try:
            return np.dtype(dtype).name
        except TypeError:
            return dtype.__name__
    return str(getattr(dtype, "name", dtype)).removeprefix("torch.")


class DTypePolicy:
    """A pair of formats: `compute_dtype` for the arithmetic, `variable_dtype` for the weights (as in Keras)."""

    def __init__(self, name="float32"):
        name = format_name(name)
        if name not in _POLICIES:
            raise unknown_name("dtype policy", name, _POLICIES)
        self.name = name
        self.compute_dtype, self.variable_dtype = _POLICIES[name]

    @property
    def is_automatic(self):
        return self.name == "auto"

    @property
    def torch_compute_dtype(self):
        return _FORMATS[self.compute_dtype]

    @property
    def torch_variable_dtype(self):
        return _FORMATS[self.variable_dtype]

    def get_config(self):
        # Keras does not know "auto"; outside training it is float32 in every respect.
        return {"name": "float32" if self.is_automatic else self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f"<DTypePolicy {self.name!r}>"


Policy = DTypePolicy
_global = DTypePolicy("auto")


def set_global_policy(policy):
    """The policy of every layer made from now on: 'auto', 'float32', 'mixed_bfloat16', 'mixed_float16', ..."""
    global _global
    _global = get(policy)


def global_policy():
    """The policy in force."""
    return _global


set_dtype_policy = set_global_policy
dtype_policy = global_policy


def get(identifier):
    """A DTypePolicy out of None (the global one), a name, a torch dtype, a policy or its config dict."""
    if identifier is None:
        return _global
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        policy = DTypePolicy(identifier.get("config", identifier)["name"])
        # Files say "float32" for "auto", which Keras does not know.
        return _global if policy.name == "float32" and _global.is_automatic else policy
    return DTypePolicy(identifier)
