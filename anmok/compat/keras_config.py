"""Keras' settings of the whole process (keras.config, and of old keras.backend): what there is to set, and what not."""

from anmok import defaults, mixed_precision
from anmok.defaults import image_data_format, set_image_data_format
from anmok.errors import ArgumentError
from anmok.mixed_precision import dtype_policy, set_dtype_policy
from anmok.notices import old_spelling

__all__ = [
    "backend", "disable_interactive_logging", "disable_traceback_filtering", "dtype_policy",
    "enable_interactive_logging", "enable_traceback_filtering", "enable_unsafe_deserialization", "epsilon", "floatx",
    "image_data_format", "is_interactive_logging_enabled", "is_traceback_filtering_enabled", "set_backend",
    "set_dtype_policy", "set_epsilon", "set_floatx", "set_image_data_format",
]  # fmt: skip

_EPSILON = 1e-7
_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}
_kept = []


def set_up():
    _kept.append((defaults.image_data_format(), mixed_precision.global_policy()))


def take_down():
    data_format, policy = _kept.pop()
    defaults.set_image_data_format(data_format)
    mixed_precision.set_global_policy(policy)


def backend():
    return "tensorflow"


def set_backend(name):
    if name != "tensorflow":
        raise ArgumentError(
            f"set_backend({name!r}): here Keras has TensorFlow's face on PyTorch. Leave the line out, and write steps "
            "of your own with tf.GradientTape."
        )


def floatx():
    return "float32"


def set_floatx(value):
    if value != "float32":
        raise ArgumentError(
            f"set_floatx({value!r}): weights are float32; keras.mixed_precision.set_global_policy sets the format of "
            "what is computed."
        )


def epsilon():
    return _EPSILON


def set_epsilon(value):
    if value != _EPSILON:
        raise ArgumentError(
            f"set_epsilon({value!r}): it is {_EPSILON} throughout; give layers and losses their own epsilon."
        )


def image_dim_ordering():
    """Keras 1's name for `image_data_format`: 'tf' or 'th'."""
    old_spelling("image_dim_ordering", "image_data_format")
    return next(old for old, new in _ORDERINGS.items() if new == image_data_format())


def set_image_dim_ordering(dim_ordering):
    """Keras 1's name for `set_image_data_format`, of 'tf' or 'th'."""
    old_spelling("set_image_dim_ordering", "set_image_data_format")
    set_image_data_format(_ORDERINGS.get(dim_ordering, dim_ordering))


def enable_interactive_logging():
    """Nothing: progress is shown as it is made, unless verbose says otherwise."""


def is_interactive_logging_enabled():
    return True


def disable_interactive_logging():
    raise ArgumentError("disable_interactive_logging: pass verbose=0 or verbose=2 to fit, evaluate and predict.")


def enable_traceback_filtering():
    """Nothing, and nothing to switch off: no lines are added to tracebacks or taken from them."""


disable_traceback_filtering = enable_traceback_filtering


def is_traceback_filtering_enabled():
    return False


def enable_unsafe_deserialization():
    raise ArgumentError("enable_unsafe_deserialization: files never run code here.")
