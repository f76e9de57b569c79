"""ImageDataGenerator's arguments looked at where they enter: what each may be, and what is said otherwise."""

import numbers

import numpy as np

from anmok import augment as augment_room
from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.notices import old_spelling


def choice(name, value, choices):
    """`value` if it is one of `choices`."""
    if value not in choices:
        raise unknown_name(name, value, choices)
    return value


def dim_ordering(value):
    """The data_format that Keras 1's dim_ordering means; None is the default."""
    old_spelling("ImageDataGenerator(dim_ordering=...)", "ImageDataGenerator(data_format=...)", stacklevel=5)
    formats = {"tf": "channels_last", "th": "channels_first", "default": None}
    return formats[choice("dim_ordering", value, formats)]


def number(name, value):
    """`value` as a finite float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not np.isfinite(value):
        raise ArgumentError(f"{name}: expected a number, got {value!r}.")
    return float(value)


def not_negative(name, value):
    """`value` as a float of 0 or more."""
    if number(name, value) < 0:
        raise ArgumentError(f"{name}: expected 0 or more, got {value!r}. The range goes both ways by itself.")
    return float(value)


def shift(name, value):
    """A float (fraction or pixels), a whole number n (0 .. n - 1 pixels), or a tuple of values, as Keras has them."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(not_negative(name, value))
    if isinstance(value, numbers.Real):
        return not_negative(name, value)
    values = () if isinstance(value, str) or not np.iterable(value) else tuple(number(name, item) for item in value)
    if not values:
        raise ArgumentError(
            f"{name}: expected a fraction of the size such as 0.2, pixels, or a list to choose from; got {value!r}."
        )
    return values


def pair(name, value):
    """`value` as (lowest, highest), neither below 0."""
    try:
        low, high = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: expected a pair (lowest, highest) such as (0.5, 1.5), got {value!r}.") from None
    low, high = not_negative(name, low), not_negative(name, high)
    if low > high:
        raise ArgumentError(f"{name}: expected the lower number first, got {value!r}.")
    return low, high


def zoom(value):
    """(lowest, highest) factor out of a number z, for 1 - z to 1 + z, or a pair."""
    if isinstance(value, numbers.Real):
        amount = not_negative("zoom_range", value)
        if amount >= 1:
            raise ArgumentError(
                f"zoom_range={value!r} would zoom by factors from {1 - amount:g} to {1 + amount:g}; they must be above "
                "0. Give a number below 1, or a pair such as (0.5, 2.0)."
            )
        return 1 - amount, 1 + amount
    low, high = pair("zoom_range", value)
    if low == 0:
        raise ArgumentError(f"zoom_range: factors must be above 0, got {value!r}.")
    return low, high


def function(value):
    """`value` if it can be called, or None."""
    if value is not None and not callable(value):
        raise ArgumentError(f"preprocessing_function: expected a function of one image, got {value!r}.")
    return value


def transform(value):
    """`value`, a transform or a list of them, as a Compose; None stays None."""
    if value is None:
        return None
    if isinstance(value, augment_room.Compose):
        return value
    return augment_room.Compose(value if isinstance(value, (list, tuple)) else [value])


def of_threads(method, given):
    """`given` if it has nothing but PyDataset's arguments."""
    for name in given:
        if name not in ("workers", "use_multiprocessing", "max_queue_size"):
            raise unknown_name(f"argument of {method}", name, ("workers", "use_multiprocessing", "max_queue_size"))
    return given


def with_old_arguments(dataframe, x_col, more):
    """(the table as Keras 2's arguments want it, what else was given)."""
    more = dict(more)
    more.pop("has_ext", None)  # names without their extension are found anyway
    if more.pop("drop_duplicates", False):
        old_spelling("drop_duplicates=True", "dataframe.drop_duplicates(x_col)", stacklevel=5)
        dataframe = dataframe.drop_duplicates(x_col)
    if more.pop("sort", False):
        old_spelling("sort=True", "dataframe.sort_values(x_col)", stacklevel=5)
        dataframe = dataframe.sort_values(x_col)
    return dataframe, more


def one_image(x):
    """`x` as an array of three axes."""
    image = np.asarray(x)
    if image.ndim != 3:
        hint = " A grey image needs its channel axis: image[..., None]." if image.ndim == 2 else ""
        raise ShapeError(f"Expected one image (H, W, C), got {image.shape}.{hint}")
    return image
