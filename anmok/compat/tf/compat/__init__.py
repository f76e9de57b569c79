"""tf.compat: texts as bytes and back, and what is left of TensorFlow 1."""

import importlib
import os

from anmok.compat import missing


def as_bytes(bytes_or_text, encoding="utf-8"):
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes(bytes_or_text)


def as_text(bytes_or_text, encoding="utf-8"):
    return bytes_or_text if isinstance(bytes_or_text, str) else bytes(bytes_or_text).decode(encoding)


as_str = as_text


def as_str_any(value, encoding="utf-8"):
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path):
    return os.fspath(path)


def __getattr__(name):
    if name in ("v1", "v2"):
        return importlib.import_module("anmok.compat.tf.compat.v1" if name == "v1" else "anmok.compat.tf")
    raise missing.attribute("tf.compat", name, ["v1"])


__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "path_to_str", "v1", "v2"]
