"""tf.io: reading and writing files, and what their bytes mean."""

import csv
import glob
import os

import numpy as np
import torch

from anmok.compat import missing
from anmok.compat.functions.faces import clothed
from anmok.compat.functions.values import torch_dtype
from anmok.compat.pictures.coding import (
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
    is_jpeg,
)
from anmok.compat.texts import StringTensor, as_strings, bytes_of, is_text
from anmok.compat.tf import gfile
from anmok.errors import ArgumentError, DataError, MissingFileError

__all__ = [
    "decode_bmp", "decode_csv", "decode_gif", "decode_image", "decode_jpeg", "decode_png", "decode_raw",
    "encode_jpeg", "encode_png", "extract_jpeg_shape", "gfile", "is_jpeg", "matching_files", "read_file",
    "write_file",
]  # fmt: skip


def read_file(filename, name=None):
    """The bytes of a file as one text tensor."""
    path = gfile.path_of(filename)
    try:
        with open(path, "rb") as file:
            return StringTensor(file.read())
    except FileNotFoundError:
        raise MissingFileError(f"tf.io.read_file: there is no file {path}.") from None


def write_file(filename, contents, name=None):
    """Write a text, or bytes; the folder is made where it is missing."""
    path = gfile.path_of(filename)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "wb") as file:
        file.write(bytes_of(contents))


def matching_files(pattern, name=None):
    """The paths (N,) of files that match a pattern, or any of several, sorted."""
    patterns = as_strings(pattern).array.reshape(-1)
    found = sorted({path for one in patterns for path in glob.glob(os.fsdecode(one))})
    return as_strings(np.array(found, object)) if found else StringTensor(np.empty(0, object))


def decode_raw(input_bytes, out_type, little_endian=True, fixed_length=None, name=None):
    """The numbers (N,) that bytes are in a format; (texts, N) of several texts of one length."""
    texts = as_strings(input_bytes).array
    dtype = np.dtype(str(torch_dtype(out_type)).removeprefix("torch.")).newbyteorder("<" if little_endian else ">")
    rows = []
    for text in texts.reshape(-1):
        if fixed_length is not None:
            text = text[:fixed_length].ljust(fixed_length, b"\0")
        if len(text) % dtype.itemsize:
            raise DataError(f"tf.io.decode_raw: {len(text)} bytes are no whole number of {dtype.name}.")
        rows.append(np.frombuffer(text, dtype).astype(dtype.newbyteorder("=")))
    if len({len(row) for row in rows}) > 1:
        raise DataError("tf.io.decode_raw: the texts have unequal lengths.")
    return clothed(torch.from_numpy(np.stack(rows).reshape(*texts.shape, -1)))


def decode_csv(
    records, record_defaults, field_delim=",", use_quote_delim=True, na_value="", select_cols=None, name=None
):
    """One tensor a column out of lines of a table; a column's default gives its format and stands for what is empty."""
    lines = as_strings(records).array
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = list(csv.reader([line.decode() for line in lines.reshape(-1)], delimiter=field_delim, quoting=quoting))
    chosen = select_cols if select_cols is not None else range(len(record_defaults))
    if select_cols is None and any(len(row) != len(record_defaults) for row in rows):
        lengths = sorted({len(row) for row in rows})
        raise DataError(f"tf.io.decode_csv: {len(record_defaults)} columns were announced, lines have {lengths}.")
    return [
        _column([row[place] for row in rows], default, na_value, lines.shape, place)
        for place, default in zip(chosen, record_defaults, strict=True)
    ]


def _column(cells, default, na_value, shape, place):
    from anmok.compat.tensors import DType, as_tensor

    required = isinstance(default, (DType, torch.dtype, type)) or np.size(default) == 0
    if is_text(default) or default in (str, bytes) or (isinstance(default, DType) and default.name == "string"):
        fallback = "" if required else as_strings(default).array.reshape(-1)[0].decode()
        made = np.empty(len(cells), object)
        made[:] = [(fallback if cell == na_value else cell).encode() for cell in cells]
        return StringTensor(made.reshape(shape))
    value = None if required else as_tensor(default)
    dtype = torch_dtype(default) if isinstance(default, (DType, torch.dtype, type)) else torch_dtype(value.dtype)
    if required and any(cell == na_value for cell in cells):
        raise DataError(f"tf.io.decode_csv: column {place} is empty in a line and has no default.")
    read = float if dtype.is_floating_point else int
    numbers = [value.reshape(-1)[0].item() if cell == na_value else read(cell) for cell in cells]
    return clothed(torch.tensor(numbers, dtype=dtype).reshape(shape))


def extract_jpeg_shape(contents, output_type="int32", name=None):
    """(height, width, channels) of a JPEG's bytes."""
    if not bool(is_jpeg(contents)):
        raise ArgumentError("tf.io.extract_jpeg_shape: these bytes are no JPEG.")
    return clothed(torch.tensor(tuple(decode_jpeg(contents).shape), dtype=torch_dtype(output_type)))


def __getattr__(name):
    raise missing.attribute("tf.io", name, __all__)
