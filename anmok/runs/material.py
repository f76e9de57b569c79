"""What a run trains on, watches and is tested on: the same few things whether images are arrays or files."""

import dataclasses
from collections.abc import Callable

import numpy as np

from anmok.augment import preset
from anmok.data.batches import AugmentedBatches
from anmok.data.cache import DecodedImages
from anmok.data.picture_batches import PictureBatches, read_all
from anmok.data.splits import stratified_split
from anmok.images import resize
from anmok.runs import inputs, pictures, sources

_TESTED_AT_ONCE = 32
_BORDERS = 1000  # pictures whose borders stand for all
_SHOWN = 160  # pixels of a mistake's picture, at least


@dataclasses.dataclass(frozen=True, eq=False)
class Material:
    """classes: names in the order of the labels. shape: (H, W, C) of one image. border: mean of the training images'
    outermost pixels. training: batches for `fit`. validation: its validation_data. rows: for samples.csv. tested: what
    the run is tested on. fitting: how pictures were brought to `shape`, or None for arrays, which had it. skipped:
    (name, reason) of files left out, None for arrays."""

    classes: tuple
    shape: tuple
    border: float
    training: object
    validation: object
    rows: list
    tested: "Tested"
    fitting: str | None = None
    skipped: tuple | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Tested:
    """Test images: labels int64 (N,); batches, what `predict` takes; picture(i), pixels uint8 of test image i to look
    at; files, its name each, or None for arrays."""

    labels: np.ndarray
    batches: object
    picture: Callable
    files: tuple | None = None


def of_arrays(config):
    """The Material of a source that has a name."""
    images = sources.load(config.source)
    fit, held = stratified_split(images.y_train, fraction=config.validation_fraction)
    x, y = images.x_train, images.y_train
    if config.augment == "none":
        training = AugmentedBatches(x[fit], y[fit], batch_size=config.batch_size, shift=config.shift, flip=config.flip)
    else:
        training = PictureBatches(
            _Rows(x), fit, y[fit], batch_size=config.batch_size, change=_change(config), shuffled=True
        )
    test = np.arange(len(images.y_test))
    return Material(
        classes=images.classes,
        shape=images.shape,
        border=inputs.border_mean(x),
        training=training,
        validation=(x[held].astype(np.float32), y[held]),
        rows=[*_rows("train", fit, y[fit]), *_rows("validation", held, y[held]), *_rows("test", test, images.y_test)],
        tested=_tested_arrays(images),
    )


def of_pictures(found, config, *, tell=None):
    """The Material of a source that was found at a path; every picture is read once, and kept as cache.py says.

    tell(done, total) hears how far the reading is.
    """
    size = (config.image_size, config.image_size)
    decoded = DecodedImages(found.samples.paths, size=size, **inputs.HOW)
    faults = read_all(decoded, on_error="raise" if config.strict else "skip", tell=tell)
    places = np.array([i for i in range(len(found.samples)) if i not in faults], np.int64)
    divided = found.without(faults).divided(
        test_fraction=config.test_fraction, validation_fraction=config.validation_fraction
    )
    samples = divided.samples
    rows = {split: divided.rows(split) for split in pictures.SPLITS}

    def batches(split, **more):
        chosen = rows[split]
        return PictureBatches(decoded, places[chosen], samples.labels[chosen], batch_size=config.batch_size, **more)

    train = places[rows["train"]]
    some = train[:: max(1, len(train) // _BORDERS)]
    return Material(
        classes=samples.classes,
        shape=(*size, 3),
        border=float(np.mean([inputs.border_mean(decoded.read(int(i))[None]) for i in some])),
        training=batches("train", change=_change(config), shuffled=True),
        validation=batches("validation"),
        rows=[row for split in pictures.SPLITS for row in _named_rows(split, samples.take(rows[split]))],
        tested=_tested_pictures(samples.take(rows["test"]), decoded, places[rows["test"]]),
        fitting=inputs.CROP,
        skipped=divided.skipped,
    )


def tested_again(run):
    """What a run was tested on, from its folder and its source; raises DataError when some of it is gone.

    Which pictures these are is read from samples.csv, so that a folder that has grown since gives the same figures.
    """
    if run.skipped is None:
        return _tested_arrays(sources.load(run.config.source))
    rows = [row for row in run.samples or () if row["split"] == "test"]
    samples = pictures.named(run.config.source, rows, run.classes["names"])
    # Each is read once, so that nothing need be kept; one that cannot be read any more is named by the error.
    decoded = DecodedImages(samples.paths, size=tuple(run.classes["shape"][:2]), store=None, **inputs.HOW)
    return _tested_pictures(samples, decoded, np.arange(len(samples)))


def _change(config):
    # No change at all is told from one that may do nothing: then what frozen layers give need not be computed anew.
    return None if config.augment == "none" else preset(config.augment)


class _Rows:
    """Arrays of images as pictures that are read one by one."""

    def __init__(self, images):
        self.read = images.__getitem__


def _tested_arrays(images):
    return Tested(images.y_test, images.x_test, images.x_test.__getitem__)


def _tested_pictures(samples, decoded, places):
    def picture(index):
        # As much of the picture as the network saw, but large enough to be looked at.
        scale = max(1, _SHOWN / max(decoded.size))
        return resize.load(samples.paths[index], size=[round(scale * side) for side in decoded.size], **inputs.HOW)

    batches = PictureBatches(decoded, places, samples.labels, batch_size=_TESTED_AT_ONCE)
    return Tested(samples.labels, batches, picture, samples.names)


def _rows(split, indices, labels):
    return [{"split": split, "index": int(i), "label": int(y)} for i, y in zip(indices, labels, strict=True)]


def _named_rows(split, samples):
    rows = _rows(split, range(len(samples)), samples.labels)
    return [row | {"file": name} for row, name in zip(rows, samples.names, strict=True)]
