"""TensorFlow's own names, as far as image courses use them.

NAMES has what stands at the top: name -> "module:attribute", looked up on first use. Functions are in the tables
TF_NAMES ({name: function}) of the modules of SOURCES; submodules (tf.math, tf.data, ...) are the files of this folder.
"""

import importlib
import pkgutil

from anmok.compat import missing
from anmok.compat.keras_facts import TENSORFLOW_VERSION as __version__  # noqa: F401

_TENSORS, _DTYPES = "anmok.compat.tensors", "anmok.compat.dtypes"
_FORMATS = (
    "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128", "string",
)  # fmt: skip
NAMES = {
    "Tensor": f"{_TENSORS}:Tensor",
    "TensorShape": f"{_DTYPES}:TensorShape",
    "DType": f"{_DTYPES}:DType",
    "Variable": "anmok.compat.variables:Variable",
    "VariableAggregation": "anmok.compat.variables:VariableAggregation",
    "VariableSynchronization": "anmok.compat.variables:VariableSynchronization",
    "Module": "anmok.compat.variables:Module",
    "GradientTape": "anmok.compat.gradients:GradientTape",
    "UnconnectedGradients": "anmok.compat.gradients:UnconnectedGradients",
    "custom_gradient": "anmok.compat.gradients:custom_gradient",
    "function": "anmok.compat.tracing:function",
    "py_function": "anmok.compat.callouts:py_function",
    "numpy_function": "anmok.compat.callouts:numpy_function",
    "TensorSpec": "anmok.compat.specs:TensorSpec",
    "device": "anmok.compat.tracing:device",
    "name_scope": "anmok.compat.tracing:name_scope",
    "control_dependencies": "anmok.compat.tracing:control_dependencies",
    "executing_eagerly": "anmok.compat.tracing:executing_eagerly",
    "init_scope": "anmok.compat.tracing:init_scope",
    "constant": "anmok.compat.making:constant",
    "convert_to_tensor": "anmok.compat.making:convert_to_tensor",
    "is_tensor": "anmok.compat.making:is_tensor",
    "as_dtype": f"{_DTYPES}:as_dtype",
    "TensorArray": "anmok.compat.tensor_array:TensorArray",
    "Assert": "anmok.compat.tf.debugging:Assert",
    "assert_equal": "anmok.compat.tf.debugging:assert_equal",
    "get_logger": "anmok.compat.tracing:get_logger",
    "set_random_seed": "anmok.compat.tf.random:set_seed",
    "random_shuffle": "anmok.compat.tf.random:shuffle",
    "multinomial": "anmok.compat.tf.random:categorical",
    "constant_initializer": "anmok.initializers:Constant",
    "ones_initializer": "anmok.initializers:Ones",
    "zeros_initializer": "anmok.initializers:Zeros",
    "random_normal_initializer": "anmok.compat.making:random_normal_initializer",
    "random_uniform_initializer": "anmok.compat.making:random_uniform_initializer",
    "initializers": "anmok.initializers:",
    "losses": "anmok.losses:",
    "metrics": "anmok.metrics:",
    "optimizers": "anmok.optimizers:",
    "recompute_grad": "anmok.compat.gradients:recompute_grad",
}
# Modules with a table TF_NAMES of functions that stand at the top.
SOURCES = ("anmok.compat.functions.table",)
_SUBMODULES = frozenset(found.name for found in pkgutil.iter_modules(__path__))
newaxis = None


def __getattr__(name):
    if name in _FORMATS:
        value = importlib.import_module(_DTYPES).DTYPES[name]
    elif name in NAMES:
        module, _, attribute = NAMES[name].partition(":")
        value = importlib.import_module(module)
        value = getattr(value, attribute) if attribute else value
    elif name in _SUBMODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    elif name.startswith("__"):
        raise AttributeError(f"module 'tensorflow' has no attribute {name!r}")
    else:
        functions = _functions()
        if name not in functions:
            raise missing.attribute("tf", name, __dir__())
        value = functions[name]
    globals()[name] = value
    return value


def _functions():
    """{name: function} of all SOURCES that are there."""
    found = {}
    for source in SOURCES:
        try:
            found |= importlib.import_module(source).TF_NAMES
        except ModuleNotFoundError as error:
            if error.name != source:
                raise
    return found


def __dir__():
    return sorted({"__version__", "newaxis", *_FORMATS, *NAMES, *_SUBMODULES, *_functions()})
