"""What the first bytes of a JPEG file say, read without decoding it (ITU T.81, annex B; EXIF 2.3, section 4.6)."""

import struct
from typing import NamedTuple

_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_HUFFMAN = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_START_OF_SCAN, _EXIF, _ORIENTATION = 0xDA, 0xE1, 0x0112
# How far from the end the end marker is looked for: some writers fill the file up.
_TAIL = 64


class JpegHeader(NamedTuple):
    """Size and kind of a JPEG as it is stored; `orientation` (EXIF, 1..8) says how to turn it upright."""

    height: int
    width: int
    components: int
    orientation: int
    is_common: bool  # Huffman-coded, 8 bits: what every decoder reads
    scan: int  # offset of the first entropy-coded data


def read_header(data):
    """The JpegHeader of a file's bytes (or of enough of the first ones), or None where they do not hold a whole one."""
    position, orientation, frame = 2, 1, None
    try:
        while True:
            if data[position] != 0xFF:
                return None
            marker = data[position + 1]
            if marker == 0xFF:  # a fill byte
                position += 1
                continue
            if marker in _STANDALONE:
                position += 2
                continue
            (length,) = struct.unpack_from(">H", data, position + 2)
            body = position + 4
            if marker in _FRAMES:
                frame = (marker, *struct.unpack_from(">BHHB", data, body))
            elif marker == _EXIF and data[body : body + 6] == b"Exif\0\0":
                orientation = _orientation(data[body + 6 : position + 2 + length])
            elif marker == _START_OF_SCAN:
                break
            position += 2 + length
    except (IndexError, struct.error):
        return None
    if frame is None:
        return None
    marker, bits, height, width, components = frame
    return JpegHeader(height, width, components, orientation, marker in _HUFFMAN and bits == 8, position + 2 + length)


def ends(tail):
    """Whether a file's last bytes hold the end marker, which a file that was cut lacks."""
    return b"\xff\xd9" in tail[-_TAIL:] or tail.rstrip(b"\0").endswith(b"\xff\xd9")


def _orientation(tiff):
    """The orientation in an EXIF block, 1 where it has none or cannot be read."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", tiff, entry)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(order + ("I" if kind == 4 else "H"), tiff, entry + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
