"""TensorBoard's event files: records framed with checksums, each a protocol buffer encoded by hand.

Formats: tensorflow/core/lib/io/record_writer.h, core/util/event.proto, core/framework/summary.proto.
"""

import os
import socket
import struct
import time

import numpy as np


def _table():
    entries = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        entries.append(byte)
    return entries


_CRC32C = _table()


def masked_crc32c(data):
    """The checksum of `data` (bytes) as records carry it: CRC-32C, rotated and shifted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data):
    """`data` (bytes) with its length and checksums around it."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


def _varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _integer(field, number):
    return _varint(field << 3) + _varint(number)


def _double(field, number):
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _float(field, number):
    return _varint(field << 3 | 5) + struct.pack("<f", number)


def _bytes(field, data):
    data = data.encode() if isinstance(data, str) else data
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _event(wall_time, step, content):
    return _double(1, wall_time) + _integer(2, step) + content


def _summary(tag, value):
    return _bytes(5, _bytes(1, _bytes(1, tag) + value))


def scalar(tag, value, step, wall_time):
    """An event with one number."""
    return _event(wall_time, step, _summary(tag, _float(2, float(value))))


def histogram(tag, values, step, wall_time, *, bins=30):
    """An event with the distribution of an array."""
    values = np.asarray(values, np.float64).ravel()
    counts, edges = np.histogram(values, bins)
    facts = (values.min(), values.max(), values.size, values.sum(), np.square(values).sum())
    message = b"".join(_double(field, float(fact)) for field, fact in enumerate(facts, 1))
    message += _bytes(6, edges[1:].astype("<f8").tobytes()) + _bytes(7, counts.astype("<f8").tobytes())
    return _event(wall_time, step, _summary(tag, _bytes(5, message)))


def keras_graph(tag, json, step, wall_time):
    """An event with a model's JSON, which the Graphs tab draws."""
    metadata = _bytes(9, _bytes(1, _bytes(1, "graph_keras_model") + _bytes(2, b"1")))
    string = 7  # DT_STRING
    tensor = _bytes(8, _integer(1, string) + _bytes(2, b"") + _bytes(8, json))
    return _event(wall_time, step, _summary(tag, metadata + tensor))


class EventFile:
    """An event file in `folder`, made with the first event that is written."""

    def __init__(self, folder):
        self.folder = folder
        self._file = None

    def write(self, encode, tag, value, step):
        """Write encode(tag, value, step, now): one of scalar, histogram, keras_graph."""
        now = time.time()
        if self._file is None:
            os.makedirs(self.folder, exist_ok=True)
            name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}.v2"
            self._file = open(os.path.join(self.folder, name), "ab")  # noqa: SIM115
            self._file.write(record(_double(1, now) + _bytes(3, "brain.Event:2")))
        self._file.write(record(encode(tag, value, int(step), now)))

    def flush(self):
        if self._file is not None:
            self._file.flush()

    def close(self):
        if self._file is not None:
            self._file.close()
        self._file = None
