"""What holds where nobody says otherwise: the order of an image's axes (Keras' `image_data_format`)."""

from anmok.errors import unknown_name

DATA_FORMATS = ("channels_last", "channels_first")
_data_format = "channels_last"


def image_data_format():
    """'channels_last' or 'channels_first': what `data_format=None` means."""
    return _data_format


def set_image_data_format(data_format):
    """Fix what `data_format=None` means from here on; raises UnknownNameError for what is neither of the two."""
    global _data_format
    if data_format not in DATA_FORMATS:
        raise unknown_name("data_format", data_format, DATA_FORMATS)
    _data_format = data_format
