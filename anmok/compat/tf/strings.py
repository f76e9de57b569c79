"""tf.strings: functions on tensors of text, as far as paths, labels and lines of a table need them."""

import re

import numpy as np
import torch

from anmok.compat import missing
from anmok.compat.functions.faces import clothed
from anmok.compat.texts import StringTensor, as_strings, bytes_of, mapped, numbers
from anmok.errors import ArgumentError

__all__ = [
    "as_string", "bytes_split", "format", "join", "length", "lower", "reduce_join", "regex_full_match",
    "regex_replace", "split", "strip", "substr", "to_number", "upper",
]  # fmt: skip


def split(input, sep=None, maxsplit=-1, name=None):
    """The parts (N,) of one text between separators; between white space if there is none."""
    text = as_strings(input)
    parts = [_split(one, sep, maxsplit) for one in text.array.flat]
    if text.ndim and len({len(part) for part in parts}) > 1:
        raise ArgumentError(
            f"tf.strings.split of {len(parts)} texts with unequal numbers of parts would be a ragged tensor, which is "
            "not covered: split one text at a time, as in a Dataset's map."
        )
    if text.ndim == 0:
        return as_strings(parts[0]) if parts[0] else StringTensor(np.empty(0, object))
    return as_strings(parts)


def _split(text, sep, maxsplit):
    sep = None if sep is None else bytes_of(sep)
    return text.split(sep or None, int(maxsplit))


def bytes_split(input, name=None):
    """The bytes (N,) of one text."""
    text = bytes_of(input)
    return as_strings([text[place : place + 1] for place in range(len(text))])


def join(inputs, separator="", name=None):
    """Texts of several tensors put together place by place."""
    arrays = np.broadcast_arrays(*(as_strings(one).array for one in inputs))
    separator = bytes_of(separator)
    array = np.empty(arrays[0].shape, object)
    for place in np.ndindex(array.shape):
        array[place] = separator.join(one[place] for one in arrays)
    return StringTensor(array)


def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None):
    """The texts of a tensor along one axis (None: all) put together."""
    array, separator = as_strings(inputs).array, bytes_of(separator)
    if axis is None:
        joined = as_strings(separator.join(array.flat))
        return StringTensor(joined.array.reshape((1,) * array.ndim)) if keepdims else joined
    moved = np.moveaxis(array, axis, -1)
    made = np.empty(moved.shape[:-1], object)
    for place in np.ndindex(made.shape):
        made[place] = separator.join(moved[place])
    return StringTensor(np.expand_dims(made, axis) if keepdims else made)


def length(input, unit="BYTE", name=None):
    """How many bytes, or letters (unit "UTF8_CHAR"), each text has: int32."""
    count = {"BYTE": len, "UTF8_CHAR": lambda text: len(text.decode())}[unit]
    return clothed(numbers(count, input, torch.int32))


def lower(input, encoding="", name=None):
    return mapped(_case(bytes.lower, str.lower, encoding), input)


def upper(input, encoding="", name=None):
    return mapped(_case(bytes.upper, str.upper, encoding), input)


def _case(of_bytes, of_letters, encoding):
    """TensorFlow changes only ASCII letters unless the encoding is said to be utf-8."""
    return (lambda text: of_letters(text.decode()).encode()) if encoding == "utf-8" else of_bytes


def strip(input, name=None):
    return mapped(bytes.strip, input)


def substr(input, pos, len, unit="BYTE", name=None):
    """`len` bytes (or letters: unit "UTF8_CHAR") of each text from number `pos` on; negative pos from the end."""
    pos, count = int(pos), int(len)

    def cut(text):
        text = text.decode() if unit == "UTF8_CHAR" else text
        size = text.__len__()
        start = pos if pos >= 0 else size + pos
        if not 0 <= start <= size:
            raise ArgumentError(f"tf.strings.substr: pos {pos} is outside of a text of {size}.")
        return bytes_of(text[start : start + count])

    return mapped(cut, input)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Each text with what matches the pattern replaced; \\\\1 to \\\\9 in rewrite stand for groups."""
    compiled = re.compile(bytes_of(pattern))
    return mapped(lambda text: compiled.sub(bytes_of(rewrite), text, count=0 if replace_global else 1), input)


def regex_full_match(input, pattern, name=None):
    """Whether the pattern matches the whole of each text: bool."""
    compiled = re.compile(bytes_of(pattern))
    return clothed(numbers(lambda text: compiled.fullmatch(text) is not None, input, torch.bool))


def to_number(input, out_type="float32", name=None):
    """The number that each text is."""
    from anmok.compat.functions.values import torch_dtype

    dtype = torch_dtype(out_type)
    return clothed(numbers(lambda text: float(text) if dtype.is_floating_point else int(text), input, dtype))


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """Numbers as text: whole ones in digits, others with `precision` (6) digits behind the point."""
    from anmok.compat.functions.values import tensor

    values = tensor(input)
    sign = "e" if scientific else "g" if shortest else "f"

    def written(number):
        if isinstance(number, bool):
            return str(number).lower()
        width_text = f"{fill}{width}" if width >= 0 else ""
        if isinstance(number, int):
            return f"{number:{width_text}d}"
        return f"{number:{width_text}.{6 if precision < 0 else precision}{sign}}"

    texts = [written(number) for number in values.reshape(-1).tolist()]
    array = np.empty(len(texts), object)
    array[:] = [text.encode() for text in texts]
    return StringTensor(array.reshape(tuple(values.shape)))


def format(template, inputs, placeholder="{}", summarize=3, name=None):
    """The template with its placeholders replaced by the inputs, a tensor or a tuple of them."""
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    pieces = template.split(placeholder)
    if len(pieces) != len(inputs) + 1:
        raise ArgumentError(f"tf.strings.format: {len(pieces) - 1} placeholders for {len(inputs)} inputs.")
    shown = [str(np.asarray(value)) if not isinstance(value, StringTensor) else str(value.numpy()) for value in inputs]
    return as_strings("".join(a + b for a, b in zip(pieces, [*shown, ""], strict=True)))


def __getattr__(name):
    raise missing.attribute("tf.strings", name, __all__)
