"""tf.image against OpenCV, Pillow, colorsys and slow loops."""

import colorsys
import io

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from anmok import layers, models, random
from anmok.compat.tensors import as_tensor
from anmok.compat.tf import image as tf_image
from anmok.compat.tf import io as tf_io
from anmok.errors import ArgumentError, FileFormatError, ShapeError

RNG = np.random.default_rng(0)
FLOATS = RNG.random((2, 12, 17, 3), dtype=np.float32)
BYTES = RNG.integers(0, 256, (12, 17, 3)).astype(np.uint8)


# Size -----------------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 30), width=st.integers(1, 30), channels=st.integers(1, 6))
def test_bilinear_is_the_mean_of_the_four_pixels_around_the_centre(height, width, channels):
    image = np.random.default_rng(height).random((9, 11, channels), dtype=np.float32)
    made = tf_image.resize(image, (height, width)).numpy()
    expected = np.empty((height, width, channels))
    for y in range(height):
        for x in range(width):
            row, column = (y + 0.5) * 9 / height - 0.5, (x + 0.5) * 11 / width - 0.5
            top, left = int(np.floor(row)), int(np.floor(column))
            rows, columns = np.clip([top, top + 1], 0, 8), np.clip([left, left + 1], 0, 10)
            weights = np.outer([top + 1 - row, row - top], [left + 1 - column, column - left])
            expected[y, x] = np.einsum("ij,ijc->c", weights, image[np.ix_(rows, columns)])
    np.testing.assert_allclose(made, expected, atol=1e-5)


def test_area_averages_what_lies_in_a_pixel_and_antialias_is_pillows_filter():
    blocks = FLOATS[0, :12, :15].reshape(4, 3, 5, 3, 3).mean((1, 3))
    np.testing.assert_allclose(tf_image.resize(FLOATS[0, :12, :15], (4, 5), "area").numpy(), blocks, atol=1e-6)
    plane = FLOATS[0, ..., 0]
    for method, resample in (("bilinear", Image.BILINEAR), ("lanczos3", Image.LANCZOS), ("bicubic", Image.BICUBIC)):
        expected = np.asarray(Image.fromarray(plane).resize((6, 5), resample))
        made = tf_image.resize(plane[..., None], (5, 6), method, antialias=True).numpy()[..., 0]
        np.testing.assert_allclose(made, expected, atol=1e-5)


def test_formats_of_what_resize_gives():
    assert tf_image.resize(BYTES, (3, 4)).dtype == "float32"
    assert tf_image.resize(BYTES, (3, 4), method="nearest").dtype == "uint8"
    assert tf_image.resize(BYTES, [3, 4], tf_image.ResizeMethod.NEAREST_NEIGHBOR).dtype == "uint8"
    assert tf_image.resize(FLOATS, (24, 24), preserve_aspect_ratio=True).shape == (2, 17, 24, 3)
    with pytest.raises(ArgumentError, match=r"Unknown method of tf.image.resize 'linear'. Did you mean 'bilinear'"):
        tf_image.resize(BYTES, (3, 4), method="linear")
    with pytest.raises(ShapeError, match="A grey picture needs its channel axis"):
        tf_image.resize(BYTES[..., 0], (3, 4))


def test_padding_and_cutting_keep_the_middle():
    padded = tf_image.resize_with_crop_or_pad(BYTES, 15, 10).numpy()
    expected = np.zeros((15, 10, 3), np.uint8)
    expected[1:13] = BYTES[:, 3:13]
    np.testing.assert_array_equal(padded, expected)
    wide = tf_image.resize_with_pad(FLOATS[0], 30, 34).numpy()
    np.testing.assert_array_equal(wide[:3], 0)
    np.testing.assert_allclose(wide[3:27], tf_image.resize(FLOATS[0], (24, 34)).numpy(), atol=1e-6)
    np.testing.assert_array_equal(tf_image.central_crop(BYTES, 0.5).numpy(), BYTES[3:9, 4:13])
    np.testing.assert_array_equal(tf_image.crop_to_bounding_box(BYTES, 1, 2, 3, 4).numpy(), BYTES[1:4, 2:6])
    with pytest.raises(ArgumentError, match=r"the box ends at \(13, 6\)"):
        tf_image.crop_to_bounding_box(BYTES, 10, 2, 3, 4)


def test_boxes_out_of_pictures_have_their_corners_in_corner_pixels():
    whole, half = tf_image.crop_and_resize(FLOATS, [[0, 0, 1, 1], [0, 0, 5 / 11, 0.5]], [1, 0], (12, 17)).numpy()
    np.testing.assert_allclose(whole, FLOATS[1], atol=1e-5)
    np.testing.assert_allclose(half[0, ::2], FLOATS[0, 0, :9], atol=1e-5)


def test_turning_and_mirroring():
    np.testing.assert_array_equal(tf_image.flip_left_right(FLOATS).numpy(), FLOATS[:, :, ::-1])
    np.testing.assert_array_equal(tf_image.flip_up_down(BYTES).numpy(), BYTES[::-1])
    np.testing.assert_array_equal(tf_image.transpose(BYTES).numpy(), BYTES.transpose(1, 0, 2))
    for k in (-1, 0, 1, 2, 3, 5):
        np.testing.assert_array_equal(tf_image.rot90(BYTES, k).numpy(), np.rot90(BYTES, k))


# Colours --------------------------------------------------------------------------------------------------------------


def test_hues_are_those_of_colorsys():
    hsv = tf_image.rgb_to_hsv(FLOATS).numpy()
    expected = np.array([colorsys.rgb_to_hsv(*pixel) for pixel in FLOATS.reshape(-1, 3)])
    np.testing.assert_allclose(hsv.reshape(-1, 3), expected, atol=1e-5)
    np.testing.assert_allclose(tf_image.hsv_to_rgb(hsv).numpy(), FLOATS, atol=1e-5)
    turned = tf_image.adjust_hue(FLOATS, 0.3).numpy().reshape(-1, 3)
    by_hand = [colorsys.hsv_to_rgb((h + 0.3) % 1, s, v) for h, s, v in expected]
    np.testing.assert_allclose(turned, by_hand, atol=1e-5)
    greyer = tf_image.adjust_saturation(FLOATS, 1.7).numpy().reshape(-1, 3)
    by_hand = [colorsys.hsv_to_rgb(h, min(1.7 * s, 1), v) for h, s, v in expected]
    np.testing.assert_allclose(greyer, by_hand, atol=1e-5)


def test_formats_scale_white_to_white():
    np.testing.assert_allclose(tf_image.convert_image_dtype(BYTES, "float32").numpy(), BYTES / np.float32(255))
    np.testing.assert_array_equal(
        tf_image.convert_image_dtype(FLOATS, np.uint8).numpy(), (FLOATS * np.float32(255.5)).astype(np.uint8)
    )
    np.testing.assert_array_equal(tf_image.convert_image_dtype(BYTES, "uint16").numpy(), BYTES.astype(np.uint16) * 256)
    bright = tf_image.convert_image_dtype([[[1.5, -1.0, 0.5]]], "uint8", saturate=True)
    assert bright.numpy().tolist() == [[[255, 0, 127]]]


def test_brightness_contrast_and_gamma_by_their_formulas():
    np.testing.assert_allclose(tf_image.adjust_brightness(FLOATS, 0.4).numpy(), FLOATS + 0.4, atol=1e-6)
    means = FLOATS.mean((1, 2), keepdims=True)
    np.testing.assert_allclose(tf_image.adjust_contrast(FLOATS, 2.5).numpy(), means + 2.5 * (FLOATS - means), atol=1e-5)
    np.testing.assert_allclose(tf_image.adjust_gamma(FLOATS, 2, 0.5).numpy(), 0.5 * FLOATS**2, atol=1e-6)
    # Whole numbers go through 0..1 and are cut off at white.
    lighter = tf_image.adjust_brightness(BYTES, 0.5)
    assert lighter.dtype == "uint8"
    by_hand = np.minimum((BYTES / np.float32(255) + np.float32(0.5)) * np.float32(255.5), 255).astype(np.uint8)
    np.testing.assert_array_equal(lighter.numpy(), by_hand)


def test_grey_and_standardised():
    grey = tf_image.rgb_to_grayscale(FLOATS).numpy()
    np.testing.assert_allclose(grey[..., 0], FLOATS @ np.float32([0.2989, 0.587, 0.114]), atol=1e-6)
    np.testing.assert_array_equal(tf_image.grayscale_to_rgb(grey).numpy(), np.repeat(grey, 3, -1))
    made = tf_image.per_image_standardization(BYTES).numpy()
    np.testing.assert_allclose(made, (BYTES - BYTES.mean()) / BYTES.std(), atol=1e-5)
    np.testing.assert_array_equal(tf_image.per_image_standardization(np.full((4, 4, 3), 9.0)).numpy(), 0)


# Measures -------------------------------------------------------------------------------------------------------------


def test_measures_against_opencv_and_loops():
    other = np.clip(FLOATS + RNG.normal(0, 0.1, FLOATS.shape), 0, 1).astype(np.float32)
    np.testing.assert_allclose(
        tf_image.psnr(FLOATS, other, 1.0).numpy(),
        [cv2.PSNR(a, b, 1.0) for a, b in zip(FLOATS, other, strict=True)],
        rtol=1e-5,
    )
    edges = tf_image.sobel_edges(FLOATS).numpy()
    for axis, (dx, dy) in enumerate([(0, 1), (1, 0)]):
        expected = cv2.Sobel(FLOATS[1], cv2.CV_32F, dx, dy, borderType=cv2.BORDER_REFLECT_101)
        np.testing.assert_allclose(edges[1, ..., axis], expected, atol=1e-5)
    variation = sum(np.abs(np.diff(FLOATS[0].astype(np.float64), axis=axis)).sum() for axis in (0, 1))
    assert float(tf_image.total_variation(FLOATS[0])) == pytest.approx(variation, rel=1e-5)


def test_ssim_is_the_formula_over_gaussian_windows():
    a, b = FLOATS[0, ..., 0].astype(np.float64), np.clip(FLOATS[0, ..., 0] + 0.1, 0, 1).astype(np.float64)
    taps = np.exp(-0.5 * ((np.arange(11) - 5) / 1.5) ** 2)
    window = np.outer(taps, taps) / taps.sum() ** 2
    places = []
    for y in range(2):
        for x in range(7):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mean_p, mean_q = (window * p).sum(), (window * q).sum()
            var_p, var_q = (window * p * p).sum() - mean_p**2, (window * q * q).sum() - mean_q**2
            both = (window * p * q).sum() - mean_p * mean_q
            places.append(
                (2 * mean_p * mean_q + 1e-4) * (2 * both + 9e-4)
                / ((mean_p**2 + mean_q**2 + 1e-4) * (var_p + var_q + 9e-4))
            )  # fmt: skip
    made = tf_image.ssim(a[..., None].astype(np.float32), b[..., None].astype(np.float32), 1.0)
    assert float(made) == pytest.approx(np.mean(places), abs=1e-5)
    assert tf_image.ssim(FLOATS, FLOATS, 1.0).numpy().tolist() == pytest.approx([1, 1], abs=1e-5)


# Chance ---------------------------------------------------------------------------------------------------------------


def test_random_flips_turn_half_of_the_pictures_each_for_itself():
    random.set_seed(1)
    batch = np.arange(400, dtype=np.float32).reshape(400, 1, 1, 1) * 10 + np.arange(2).reshape(1, 1, 2, 1)
    made = tf_image.random_flip_left_right(batch).numpy()
    turned = made[:, 0, 0, 0] > made[:, 0, 1, 0]
    assert 0.4 < turned.mean() < 0.6
    np.testing.assert_array_equal(made[~turned], batch[~turned])
    np.testing.assert_array_equal(made[turned], batch[turned][:, :, ::-1])


def test_random_changes_stay_within_what_is_said():
    shifts = [float(tf_image.random_brightness(np.zeros((1, 1, 3), np.float32), 0.2)[0, 0, 0]) for _ in range(200)]
    assert -0.2 <= min(shifts) < -0.15
    assert 0.15 < max(shifts) <= 0.2
    image = np.float32([[[0.0], [1.0]]])
    spreads = [float(np.ptp(tf_image.random_contrast(image, 0.5, 2.0).numpy())) for _ in range(200)]
    assert 0.5 <= min(spreads) < 0.6
    assert 1.9 < max(spreads) <= 2.0
    crops = {tuple(tf_image.random_crop(np.arange(5), [3]).numpy()) for _ in range(100)}
    assert crops == {(0, 1, 2), (1, 2, 3), (2, 3, 4)}
    with pytest.raises(ArgumentError, match=r"max_delta=0.7 is out of range"):
        tf_image.random_hue(FLOATS, 0.7)


def test_stateless_changes_are_functions_of_their_seed():
    first, again, other = (
        tf_image.stateless_random_brightness(FLOATS, 0.3, seed=seed).numpy() for seed in ((1, 2), [1, 2], (1, 3))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    crop = tf_image.stateless_random_crop(BYTES, (4, 5, 3), (7, 0)).numpy()
    places = [(y, x) for y in range(9) for x in range(13) if np.array_equal(BYTES[y : y + 4, x : x + 5], crop)]
    assert len(places) == 1
    assert tf_image.stateless_random_flip_left_right(image=BYTES, seed=as_tensor([3, 4])).dtype == "uint8"


# Within models and gradients ----------------------------------------------------------------------------------------


def test_tf_image_on_a_symbolic_tensor_is_a_layer():
    inputs = layers.Input((12, 17, 3))
    model = models.Model(inputs, tf_image.resize(tf_image.flip_left_right(inputs), (6, 8)))
    assert model.output_shape == (None, 6, 8, 3)
    expected = tf_image.resize(FLOATS[:, :, ::-1], (6, 8)).numpy()
    np.testing.assert_allclose(np.asarray(model.predict(FLOATS, verbose=0)), expected, atol=1e-6)


def test_gradients_flow_through_resize():
    image = torch.zeros(1, 4, 4, 3, requires_grad=True)
    tf_image.resize(image, (2, 2)).sum().backward()
    np.testing.assert_allclose(image.grad.numpy(), 0.25)


# Files ----------------------------------------------------------------------------------------------------------------


def written(array, kind, **settings):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **settings)
    return file.getvalue()


def test_decoding_gives_pillows_pixels():
    smooth = (np.add.outer(np.arange(24) * 4, np.arange(30) * 3)[..., None] + [0, 30, 60]).clip(0, 255).astype(np.uint8)
    jpeg = written(smooth, "JPEG", quality=90)
    np.testing.assert_array_equal(tf_io.decode_jpeg(jpeg).numpy(), np.asarray(Image.open(io.BytesIO(jpeg))))
    assert tf_io.decode_jpeg(jpeg, channels=1).shape == (24, 30, 1)
    alpha = np.dstack([BYTES, BYTES[..., 0]])
    png = written(alpha, "PNG")
    np.testing.assert_array_equal(tf_io.decode_png(png).numpy(), alpha)
    np.testing.assert_array_equal(tf_io.decode_image(png, channels=3).numpy(), BYTES)
    grey = written(BYTES[..., 0], "PNG")
    assert tf_io.decode_png(grey).shape == (12, 17, 1)
    np.testing.assert_array_equal(tf_io.decode_png(grey, channels=3).numpy(), np.repeat(BYTES[..., :1], 3, -1))
    np.testing.assert_allclose(tf_io.decode_image(grey, dtype="float32").numpy(), BYTES[..., :1] / np.float32(255))
    gif = written(np.array([[0, 255]], np.uint8), "GIF")
    assert tf_io.decode_image(gif).shape == (1, 1, 2, 3)
    assert tf_io.decode_image(gif, expand_animations=False).numpy().tolist() == [[[0] * 3, [255] * 3]]


def test_a_jpeg_is_not_turned_by_its_exif():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert tf_io.decode_jpeg(written(BYTES, "JPEG", exif=exif.tobytes())).shape == (12, 17, 3)


def test_damaged_files_are_errors():
    with pytest.raises(FileFormatError, match="decode_jpeg: expected the bytes of a JPEG, PNG, GIF or BMP"):
        tf_io.decode_jpeg(b"not a picture")
    with pytest.raises(FileFormatError, match=r"decode_jpeg: the .* is damaged or cut short"):
        tf_io.decode_jpeg(written(BYTES, "JPEG")[:-200])


def test_encoded_pictures_are_read_by_pillow():
    png = tf_io.encode_png(BYTES).numpy()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), BYTES)
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    jpeg = tf_io.encode_jpeg(flat, quality=95).numpy()
    assert np.abs(np.asarray(Image.open(io.BytesIO(jpeg))).astype(int) - flat).max() <= 2
    with pytest.raises(ArgumentError, match=r"encode_jpeg: expected uint8 .* got float32 \(2, 12, 17, 3\)"):
        tf_io.encode_jpeg(FLOATS)


def test_what_is_not_covered_says_so():
    with pytest.raises(AttributeError, match=r"anmok does not cover tf.image.draw_bounding_boxes"):
        tf_image.draw_bounding_boxes  # noqa: B018
