"""tf.image: the functions are in anmok.compat.pictures."""

from anmok.compat import missing
from anmok.compat.functions.calling import variant
from anmok.compat.pictures.chance import (
    random_brightness,
    random_contrast,
    random_crop,
    random_flip_left_right,
    random_flip_up_down,
    random_hue,
    random_jpeg_quality,
    random_saturation,
    stateless_random_brightness,
    stateless_random_contrast,
    stateless_random_crop,
    stateless_random_flip_left_right,
    stateless_random_flip_up_down,
    stateless_random_hue,
    stateless_random_jpeg_quality,
    stateless_random_saturation,
)
from anmok.compat.pictures.coding import (
    adjust_jpeg_quality,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
    is_jpeg,
)
from anmok.compat.pictures.coloring import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    convert_image_dtype,
    hsv_to_rgb,
    per_image_standardization,
    rgb_to_grayscale,
    rgb_to_hsv,
    rgb_to_yiq,
    rgb_to_yuv,
    yiq_to_rgb,
    yuv_to_rgb,
)
from anmok.compat.pictures.cutting import (
    central_crop,
    crop_to_bounding_box,
    extract_patches,
    flip_left_right,
    flip_up_down,
    grayscale_to_rgb,
    pad_to_bounding_box,
    resize_with_crop_or_pad,
    rot90,
    transpose,
)
from anmok.compat.pictures.measuring import image_gradients, psnr, sobel_edges, ssim, ssim_multiscale, total_variation
from anmok.compat.pictures.resizing import ResizeMethod, crop_and_resize, resize, resize_with_pad

# Names of TensorFlow 1.
resize_images = resize
resize_image_with_crop_or_pad = resize_with_crop_or_pad
resize_image_with_pad = resize_with_pad
per_image_whitening = per_image_standardization
extract_image_patches = extract_patches
resize_bilinear = variant(resize, "resize_bilinear", method="bilinear")
resize_nearest_neighbor = variant(resize, "resize_nearest_neighbor", method="nearest")
resize_bicubic = variant(resize, "resize_bicubic", method="bicubic")
resize_area = variant(resize, "resize_area", method="area")

__all__ = [
    "ResizeMethod", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_jpeg_quality",
    "adjust_saturation", "central_crop", "convert_image_dtype", "crop_and_resize", "crop_to_bounding_box",
    "decode_bmp", "decode_gif", "decode_image", "decode_jpeg", "decode_png", "encode_jpeg", "encode_png",
    "extract_image_patches", "extract_patches", "flip_left_right", "flip_up_down", "grayscale_to_rgb", "hsv_to_rgb",
    "image_gradients", "is_jpeg", "pad_to_bounding_box", "per_image_standardization", "per_image_whitening", "psnr",
    "random_brightness", "random_contrast", "random_crop", "random_flip_left_right", "random_flip_up_down",
    "random_hue", "random_jpeg_quality", "random_saturation", "resize", "resize_area", "resize_bicubic",
    "resize_bilinear", "resize_image_with_crop_or_pad", "resize_image_with_pad", "resize_images",
    "resize_nearest_neighbor", "resize_with_crop_or_pad", "resize_with_pad", "rgb_to_grayscale", "rgb_to_hsv",
    "rgb_to_yiq", "rgb_to_yuv", "rot90", "sobel_edges", "ssim", "ssim_multiscale", "stateless_random_brightness",
    "stateless_random_contrast", "stateless_random_crop", "stateless_random_flip_left_right",
    "stateless_random_flip_up_down", "stateless_random_hue", "stateless_random_jpeg_quality",
    "stateless_random_saturation", "total_variation", "transpose", "yiq_to_rgb", "yuv_to_rgb",
]  # fmt: skip


def __getattr__(name):
    raise missing.attribute("tf.image", name, __all__)
