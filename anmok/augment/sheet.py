"""A contact sheet to look at: the original, and draws of a transform beside it. Arrays in, an array out."""

from pathlib import Path

import cv2
import numpy as np

from anmok.errors import ArgumentError, MissingFileError

DRAWS = 16
_COLUMNS = 5
_ORIGINAL = 2  # cells that the original is high and wide
_GAP = 6  # pixels
_MARGIN = 12
_PAPER = 235  # so that white pictures have an edge


def draws(image, transform, *, seed, count=DRAWS):
    """`count` results of `transform` on one image (H, W, C); draw k is a function of (seed, k)."""
    return [transform(image, rng=np.random.default_rng([seed, index])) for index in range(count)]


def contact_sheet(original, changed, *, size=160):
    """One uint8 image (height, width, 3): the original, large, in the upper left corner, and `changed` around it.

    original and each of `changed`: uint8 (H, W, C), C 1, 3 or 4; each is shown whole, in a cell `size` pixels high and
    as wide as the original's form asks for. The original has two by two cells of five columns, so that 16 draws fill
    four rows. Transparency shows the paper.
    """
    if not changed or size < 1:
        raise ArgumentError(f"contact_sheet: expected draws and a size >= 1, got {len(changed)} draws and size {size}.")
    height, width = _cell(original, size)
    rows = max(_ORIGINAL, -(-(len(changed) + _ORIGINAL**2) // _COLUMNS))
    steps = height + _GAP, width + _GAP
    sheet = np.full(
        (rows * steps[0] + 2 * _MARGIN - _GAP, _COLUMNS * steps[1] + 2 * _MARGIN - _GAP, 3), _PAPER, np.uint8
    )
    large = tuple(_ORIGINAL * step - _GAP for step in steps)
    _put(sheet, original, top=_MARGIN, left=_MARGIN, cell=large)
    free = [(row, column) for row in range(rows) for column in range(_COLUMNS) if max(row, column) >= _ORIGINAL]
    for (row, column), image in zip(free, changed, strict=False):
        _put(sheet, image, top=_MARGIN + row * steps[0], left=_MARGIN + column * steps[1], cell=(height, width))
    return sheet


def shrunk(image, *, size):
    """`image` (H, W, C) no larger than it is shown, so that noise and blur are seen as they are; small ones stay."""
    height, width = _cell(image, size)
    scale = min(height / image.shape[0], width / image.shape[1])
    if scale >= 1:
        return image
    tall, wide = (max(1, round(scale * length)) for length in image.shape[:2])
    return cv2.resize(image, (wide, tall), interpolation=cv2.INTER_AREA).reshape(tall, wide, image.shape[2])


def png(sheet):
    """The sheet, uint8 (H, W, 3), as the bytes of a PNG file."""
    return cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes()


def target(path):
    """`path` if a PNG can be written there: its suffix is .png and its folder exists; else an error that says so."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ArgumentError(f"The contact sheet is a PNG: expected a file name that ends in .png, got {path.name!r}.")
    if not path.parent.is_dir():
        raise MissingFileError(f"There is no folder {path.parent} to write {path.name} to.")
    return path


def _cell(original, size):
    """(height, width) of a draw's place: of the original's form, between 1:2 and 2:1."""
    form = original.shape[1] / original.shape[0]
    return size, round(size * min(max(form, 0.5), 2.0))


def _put(sheet, image, *, top, left, cell):
    """`image` whole and undistorted in the middle of a cell (height, width) of `sheet`."""
    picture = _on_paper(image)
    scale = min(cell[0] / picture.shape[0], cell[1] / picture.shape[1])
    tall, wide = (
        max(1, min(side, round(scale * length))) for side, length in zip(cell, picture.shape[:2], strict=True)
    )
    # Enlarged small images keep their pixels visible: what happens to digits is then seen.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if scale >= 3 else cv2.INTER_CUBIC
    picture = cv2.resize(picture, (wide, tall), interpolation=method)
    top, left = top + (cell[0] - tall) // 2, left + (cell[1] - wide) // 2
    sheet[top : top + tall, left : left + wide] = picture


def _on_paper(image):
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    if image.shape[2] == 3:
        return image
    alpha = image[..., 3:].astype(np.float32) / 255
    return np.rint(image[..., :3] * alpha + _PAPER * (1 - alpha)).astype(np.uint8)
