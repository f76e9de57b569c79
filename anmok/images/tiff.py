"""Whether a TIFF file holds all that its first page points at (TIFF 6.0, section 2), found without decoding it."""

import struct

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes, by type of field
_PRIVATE = 700  # from here on metadata, without which pixels are decoded
_OFFSETS, _LENGTHS = (273, 324), (279, 325)  # of strips, of tiles


def is_whole(data):
    """False where the page's directory, a field or a strip of pixels lies beyond the end of the file.

    libtiff prints to the terminal what it misses; so it is not asked about such files. BigTIFF counts as whole.
    """
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] in (b"+\0", b"\0+"):
        return True
    try:
        (directory,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, directory)
        struct.unpack_from(order + "I", data, directory + 2 + 12 * count)  # where the next page is, or 0
        fields = {}
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(order + "HHI", data, entry)
            size = _SIZES.get(kind, 0) * number
            start = entry + 8 if size <= 4 else struct.unpack_from(order + "I", data, entry + 8)[0]
            if start + size > len(data):
                if tag < _PRIVATE:
                    return False
                continue
            if tag in _OFFSETS + _LENGTHS and kind in (3, 4):
                fields[tag] = struct.unpack_from(f"{order}{number}{'H' if kind == 3 else 'I'}", data, start)
    except struct.error:
        return False
    for offsets, lengths in zip(_OFFSETS, _LENGTHS, strict=True):
        if any(a + b > len(data) for a, b in zip(fields.get(offsets, ()), fields.get(lengths, ()), strict=False)):
            return False
    return True
