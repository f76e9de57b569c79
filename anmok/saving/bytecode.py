"""Lambdas that Keras wrote into a file as marshalled bytecode: refused, or read where they can do nothing but compute.

Source: Keras' `func_dump`: base64 of the marshalled code, defaults, closure.
"""

import base64
import binascii
import marshal
import types

from anmok.errors import FileFormatError

_MOST_BYTES = 1 << 16


def simple_lambdas(config):
    """`config` with each simple lambda in it as a function; raises FileFormatError for others.

    Simple is one that names nothing: no globals, no attributes, no closure, no functions inside. It can only do
    arithmetic on its arguments. Its bytecode must be of this Python's version, which cannot be checked.
    """
    if isinstance(config, list):
        return [simple_lambdas(entry) for entry in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "__lambda__":
        return _function(config.get("config"))
    return {key: simple_lambdas(entry) for key, entry in config.items()}


def _function(config):
    value = config.get("value", config) if isinstance(config, dict) else config
    if isinstance(value, dict):
        value = [value.get("code"), value.get("defaults"), value.get("closure")]
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str) or len(value[0]) > _MOST_BYTES:
        raise FileFormatError("A Lambda layer was saved in a form that is not known.")
    text, defaults, closure = value
    try:
        code = marshal.loads(base64.b64decode(text))
    except (ValueError, EOFError, TypeError, binascii.Error) as error:
        raise FileFormatError(f"A Lambda layer's bytecode cannot be read ({error}).") from error
    if not isinstance(code, types.CodeType) or closure or not _is_simple(code) or not _are_plain(defaults):
        raise FileFormatError(
            "A Lambda layer was saved as Python bytecode that does more than arithmetic on its arguments; anmok never "
            "runs such code. Build the model in your program and load the weights only."
        )
    return types.FunctionType(code, {"__builtins__": {}}, "<lambda>", tuple(defaults) if defaults else None)


def _is_simple(code):
    inner = any(isinstance(constant, types.CodeType) for constant in code.co_consts)
    return not (code.co_names or code.co_freevars or code.co_cellvars or inner)


def _are_plain(defaults):
    return defaults is None or (
        isinstance(defaults, (list, tuple)) and all(isinstance(x, (int, float, str, type(None))) for x in defaults)
    )
