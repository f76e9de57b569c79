"""What Keras 2 and 3 keep in `keras.preprocessing.image`."""
# ruff: noqa: F401 - a shop window: the names are for others

from anmok.preprocessing.array_flow import NumpyArrayIterator
from anmok.preprocessing.file_flow import DirectoryIterator
from anmok.preprocessing.flow import Iterator
from anmok.preprocessing.generator import ImageDataGenerator
from anmok.preprocessing.pictures import array_to_img, img_to_array, load_img, save_img, smart_resize
from anmok.preprocessing.single_changes import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)
from anmok.preprocessing.table_flow import DataFrameIterator
