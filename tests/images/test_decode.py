import concurrent.futures
import io
import os
import struct
import tracemalloc
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from anmok.errors import ArgumentError, FileFormatError, MissingFileError, UnknownNameError
from anmok.images import decode as decoding
from anmok.images.decode import check, decode

RNG = np.random.default_rng(0)
BLOCKS = np.kron(RNG.integers(0, 256, (9, 11, 4), np.uint8), np.ones((4, 4, 1), np.uint8))
RGB = Image.fromarray(BLOCKS[..., :3].copy())
RGBA = Image.fromarray(BLOCKS)
L = Image.fromarray(BLOCKS[..., 0].copy())
LA = Image.fromarray(BLOCKS[..., :2].copy())
P = RGB.quantize(16)
ONE_BIT = L.convert("1")
CMYK = RGB.convert("CMYK")
SIDES = st.builds(lambda n, multiple: n * multiple, st.integers(1, 40), st.sampled_from([1, 2, 4, 8, 16]))
OPAQUE = {"RGB": RGB, "L": L, "P": P, "1": ONE_BIT, "CMYK": CMYK}
# Every format with the kinds of picture that Pillow writes into it.
KINDS = [
    ("PNG", ["RGB", "L", "P", "1"], {}),
    ("JPEG", ["RGB", "L", "CMYK"], {}),
    ("JPEG", ["RGB", "L", "CMYK"], {"progressive": True}),
    ("JPEG", ["RGB"], {"subsampling": 0, "quality": 95}),
    ("BMP", ["RGB", "L", "P", "1"], {}),
    ("GIF", ["L", "P"], {}),
    ("WEBP", ["RGB"], {}),
    ("WEBP", ["RGB"], {"lossless": True}),
    ("TIFF", ["RGB", "L", "P", "1", "CMYK"], {}),
    ("TIFF", ["RGB", "L", "P", "1", "CMYK"], {"compression": "tiff_lzw"}),
    ("TIFF", ["RGB", "L", "CMYK"], {"compression": "jpeg"}),
    ("PPM", ["RGB", "L", "1"], {}),
]
FILES = [(form, kind, options) for form, kinds, options in KINDS for kind in kinds]


def encoded(picture, form, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def with_orientation(jpeg, orientation):
    """The JPEG with an EXIF block of one entry: orientation."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def png_of(width, height, body=b"", bits=8, color=2):
    """A PNG made by hand, with a header that says what it likes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def jpeg_that_claims(height, width):
    data = encoded(RGB, "JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


@pytest.mark.parametrize("form, kind, options", FILES)
def test_pixels_are_those_of_pillow(form, kind, options):
    data = encoded(OPAQUE[kind], form, **options)
    theirs = Image.open(io.BytesIO(data))
    for color_mode, mode in {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}.items():
        ours = decode(data, color_mode=color_mode)
        wanted = np.atleast_3d(np.asarray(theirs.convert(mode)))
        assert ours.dtype == np.uint8 and ours.shape == wanted.shape and np.array_equal(ours, wanted)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 100), st.integers(0, 2), st.booleans(), st.booleans(),
    st.integers(0, 9),
)  # fmt: skip
def test_opencv_and_pillow_agree_on_every_jpeg(height, width, quality, subsampling, progressive, grey, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    picture = Image.fromarray(noise).convert("L" if grey else "RGB")
    data = encoded(picture, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    assert decoding._common_jpeg(data) is not None  # it is OpenCV that answers
    theirs = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    # The libjpeg of OpenCV and that of Pillow may be of different years.
    assert np.abs(decode(data).astype(int) - theirs).max() <= 1


def test_pixels_come_back_in_rgb_order():
    picture = RNG.integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(decode(png(picture)), picture)


def test_sixteen_bits_lose_the_lower_eight():
    deep = RNG.integers(0, 65536, (6, 5), np.uint16)
    for form in ("PNG", "TIFF", "PPM"):
        data = encoded(Image.fromarray(deep), form)
        assert np.array_equal(decode(data, color_mode="grayscale")[..., 0], deep >> 8)
        assert np.array_equal(decode(data), np.stack([deep >> 8] * 3, axis=-1))
    colored = RNG.integers(0, 65536, (6, 5, 3), np.uint16)
    assert np.array_equal(decode(png(colored)), colored >> 8)


def test_floating_point_tiff_is_refused():
    data = encoded(Image.fromarray(np.ones((3, 3), np.float32)), "TIFF")
    with pytest.raises(FileFormatError, match=r"the bytes given: a TIFF with pixels of float32 of unknown range"):
        decode(data)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (10, 200, 99)])
def test_transparent_pixels_are_laid_over_the_background(form, background):
    data = encoded(RGBA, form, **({"lossless": True, "exact": True} if form == "WEBP" else {}))
    assert np.array_equal(decode(data, color_mode="rgba"), BLOCKS)
    alpha = BLOCKS[..., 3:] / 255
    wanted = BLOCKS[..., :3] * alpha + np.array(background) * (1 - alpha)
    laid = decode(data, background=background)
    assert np.abs(laid - wanted).max() <= 0.5 + 1e-9
    grey = decode(data, color_mode="grayscale", background=background)
    assert np.array_equal(grey[..., 0], np.asarray(Image.fromarray(laid).convert("L")))


def test_every_kind_of_transparency_is_seen():
    alpha = BLOCKS[..., 1]
    assert np.array_equal(decode(encoded(LA, "PNG"), color_mode="rgba")[..., 3], alpha)
    # One colour of a palette, in PNG and GIF; with bytes, some of each; one shade of grey; one colour.
    for form in ("PNG", "GIF"):
        seen = decode(encoded(P, form, transparency=3))
        assert (seen[np.asarray(P) == 3] == 255).all()
        shown = np.asarray(P) != 3
        assert np.array_equal(seen[shown], np.asarray(P.convert("RGB"))[shown])
    some = decode(encoded(P, "PNG", transparency=bytes(range(0, 160, 10))), color_mode="rgba")
    assert np.array_equal(some[..., 3], np.asarray(P) * 10)
    shade = int(BLOCKS[0, 0, 0])
    seen = decode(encoded(L, "PNG", transparency=shade), color_mode="rgba")[..., 3]
    assert np.array_equal(seen == 0, BLOCKS[..., 0] == shade)
    color = tuple(int(value) for value in BLOCKS[0, 0, :3])
    seen = decode(encoded(RGB, "PNG", transparency=color), color_mode="rgba")[..., 3]
    assert np.array_equal(seen == 0, (BLOCKS[..., :3] == color).all(-1))
    deep = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    seen = decode(encoded(Image.fromarray(deep), "PNG", transparency=514), color_mode="rgba")[..., 3]
    assert np.array_equal(seen == 0, deep == 514)


def test_background_is_a_colour():
    with pytest.raises(ArgumentError, match=r"background: expected \(red, green, blue\) in 0..255, got \[0, 300, 0\]"):
        decode(encoded(RGBA, "PNG"), background=(0, 300, 0))


def test_the_first_frame_is_taken():
    moved = [RGB.rotate(90).quantize(16)]
    for form, first in (("GIF", P), ("WEBP", RGB)):
        data = encoded(
            first, form, save_all=True, append_images=moved, **({"lossless": True} if form == "WEBP" else {})
        )
        assert np.array_equal(decode(data), np.asarray(first.convert("RGB")))
    data = encoded(RGB, "TIFF", save_all=True, append_images=moved)
    assert np.array_equal(decode(data), np.asarray(RGB))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_every_format_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    files = [encoded(OPAQUE[kind], "JPEG", exif=exif) for kind in ("RGB", "L", "CMYK")]
    files += [encoded(RGB, form, exif=exif) for form in ("PNG", "WEBP", "TIFF")]
    files += [encoded(RGBA, form, exif=exif) for form in ("PNG", "WEBP")]
    for data in files:
        for color_mode, mode in {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}.items():
            theirs = Image.open(io.BytesIO(data))
            if theirs.mode == "RGBA" and color_mode != "rgba":
                continue
            theirs.load()
            wanted = np.atleast_3d(np.asarray(ImageOps.exif_transpose(theirs).convert(mode)))
            assert np.array_equal(decode(data, color_mode=color_mode), wanted), Image.open(io.BytesIO(data))


@pytest.mark.parametrize("orientation, upright", [(3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1))])
def test_orientation_written_by_hand_in_either_byte_order(orientation, upright):
    jpeg = encoded(RGB, "JPEG")
    assert np.array_equal(decode(with_orientation(jpeg, orientation)), upright(decode(jpeg)))
    block = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    other = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
    assert np.array_equal(decode(other), upright(decode(jpeg)))


def test_odd_exif_is_passed_over():
    jpeg = encoded(RGB, "JPEG")
    for block in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0XXXXXXXX", with_orientation(b"", 77)[4:]):
        data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
        assert np.array_equal(decode(data), decode(jpeg))


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, st.integers(1, 120), st.integers(1, 120), st.integers(1, 8))
def test_a_reduced_jpeg_is_never_below_what_was_asked(height, width, least_height, least_width, orientation):
    jpeg = with_orientation(encoded(Image.new("RGB", (width, height), (9, 99, 199)), "JPEG"), orientation)
    upright = (height, width) if orientation < 5 else (width, height)
    found = decode(jpeg, at_least=(least_height, least_width))
    possible = [
        factor
        for factor in (1, 2, 4, 8)
        if factor == 1
        or all(side // factor >= least for side, least in zip(upright, (least_height, least_width), strict=True))
    ]
    assert found.shape[:2] == tuple(side // max(possible) for side in upright)
    assert np.abs(found.astype(int) - (9, 99, 199)).max() <= 3


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_jpeg_is_the_average_of_its_blocks(orientation, factor):
    ramp = np.add.outer(np.arange(104) * 1.2, np.arange(72) * 0.9)
    jpeg = with_orientation(encoded(Image.fromarray(ramp.astype(np.uint8)), "JPEG", quality=100), orientation)
    whole = decode(jpeg).astype(float)
    height, width = whole.shape[0] // factor, whole.shape[1] // factor
    blocks = whole.reshape(height, factor, width, factor, 3).mean((1, 3))
    found = decode(jpeg, at_least=(height, width))
    assert found.shape == blocks.shape and np.abs(found - blocks).max() <= 2


def test_what_is_no_jpeg_is_never_reduced():
    assert decode(encoded(RGB, "PNG"), at_least=(3, 3)).shape == (36, 44, 3)


def test_paths_outside_ascii_open(tmp_path):
    path = tmp_path / "고양이 é.png"
    path.write_bytes(encoded(RGB, "PNG"))
    assert np.array_equal(decode(path), np.asarray(RGB))
    assert np.array_equal(decode(str(path)), np.asarray(RGB))
    check(path)
    for kind in (bytearray, memoryview):
        assert np.array_equal(decode(kind(path.read_bytes())), np.asarray(RGB))


def test_errors_name_the_file(tmp_path):
    for opened in (decode, check):
        with pytest.raises(MissingFileError, match=r"no image at .*nowhere\.jpg"):
            opened(tmp_path / "nowhere.jpg")
        text = tmp_path / "notes.jpg"
        text.write_text("not a picture")
        with pytest.raises(FileFormatError, match=r"notes\.jpg: expected an image such as JPEG or PNG; these 13 bytes"):
            opened(text)
        empty = tmp_path / "empty.jpg"
        empty.write_bytes(b"")
        with pytest.raises(FileFormatError, match=r"empty\.jpg: expected an image, found nothing \(0 bytes\)"):
            opened(empty)
        with pytest.raises(FileFormatError, match="cannot be read"):
            opened(tmp_path)
    with pytest.raises(FileFormatError, match=r"the bytes given: .*0 bytes"):
        decode(b"")
    with pytest.raises(ArgumentError, match="expected the path of an image file, or its bytes, got ndarray"):
        decode(np.zeros((3, 3, 3), np.uint8))


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"%PDF-1.4", "a PDF"),
    ],
)
def test_what_is_often_named_jpg_is_recognised(data, kind):
    with pytest.raises(FileFormatError, match=f"are none. They look like {kind}"):
        decode(data)


def test_unknown_color_mode_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'grayscale'"):
        decode(b"", color_mode="greyscale")


@pytest.mark.parametrize("form, kind, options", FILES)
def test_a_cut_file_is_an_error_and_never_other_pixels(form, kind, options, tmp_path, capfd):
    whole = encoded(OPAQUE[kind], form, **options)
    pixels = decode(whole)
    path = tmp_path / "cut.jpg"
    refused = 0
    for length in [*range(1, len(whole), max(1, len(whole) // 40)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        try:
            assert np.array_equal(decode(path), pixels)  # it lacked what is no pixel
        except FileFormatError as error:
            assert str(error).startswith(str(path))
            refused += 1
            with pytest.raises(FileFormatError):
                check(path)
        else:
            check(path)
    assert refused > 30
    output = capfd.readouterr()
    assert output.out == output.err == ""


def test_a_cut_file_that_keeps_a_thumbnail_is_an_error():
    jpeg = encoded(RGB, "JPEG")
    block = b"Exif\0\0" + encoded(RGB.resize((8, 8)), "JPEG")
    data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
    assert np.array_equal(decode(data), decode(jpeg))
    for length in range(len(block), len(data) - 2, 60):
        with pytest.raises(FileFormatError, match="damaged or cut short"):
            decode(data[:length])


@pytest.mark.parametrize("after", [b"\0" * 500, b"hello" * 100, encoded(L, "JPEG")])
def test_what_follows_the_end_does_no_harm(after, tmp_path):
    for form in ("JPEG", "PNG"):
        data = encoded(RGB, form)
        assert np.array_equal(decode(data + after), decode(data))
        path = tmp_path / "long"
        path.write_bytes(data + after)
        check(path)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_any_damage_is_a_picture_or_an_error(file, data):
    form, kind, options = file
    damaged = bytearray(encoded(OPAQUE[kind], form, **options))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytest forgets what decode.py hides of Pillow's
        try:
            found = decode(bytes(damaged), pixel_limit=1_000_000)
        except FileFormatError:
            return
    assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3


def bombs():
    gif = bytearray(encoded(P, "GIF"))
    gif[6:10] = struct.pack("<HH", 30_000, 30_000)
    bmp = bytearray(encoded(RGB, "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    tiff = encoded(RGB, "TIFF")
    for tag in (256, 257):  # width and length, as SHORT or LONG
        at = tiff.index(struct.pack("<H", tag), 8)
        tiff = tiff[: at + 2] + struct.pack("<HII", 4, 1, 30_000) + tiff[at + 12 :]
    webp = bytearray(encoded(RGBA, "WEBP"))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = (29_999).to_bytes(3, "little") * 2
    return {
        "jpg": jpeg_that_claims(30_000, 30_000),
        "png": png_of(30_000, 30_000, bytes(100)),
        "gif": bytes(gif),
        "bmp": bytes(bmp),
        "tiff": tiff,
        "webp": bytes(webp),
        "ppm": b"P6 30000 30000 255\n" + bytes(100),
    }


@pytest.mark.parametrize("form", bombs())
def test_a_bomb_is_refused_by_its_header(form, tmp_path):
    path = tmp_path / f"bomb.{form}"
    path.write_bytes(bombs()[form])
    tracemalloc.start()
    for opened in (decode, check):
        with (
            warnings.catch_warnings(),
            pytest.raises(FileFormatError, match=r"bomb.*30,000 x 30,000 = 900,000,000 pixels.*limit of 200,000,000"),
        ):
            warnings.simplefilter("error")
            opened(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_large_pictures_within_the_limit_are_decoded_without_a_warning():
    side = 9_700  # beyond what Pillow warns of
    body = (b"\0" + bytes(side // 8 + 1)) * side
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(png_of(side, side, body, bits=1, color=0), color_mode="grayscale").shape == (side, side, 1)


def test_the_limit_can_be_moved(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(RGB, "JPEG"))
    for opened in (decode, check):
        opened(path, pixel_limit=36 * 44)
        with pytest.raises(FileFormatError, match=r"a\.jpg: the picture is 36 x 44 = 1,584 pixels.*limit of 1,583"):
            opened(path, pixel_limit=36 * 44 - 1)


def test_a_sound_jpeg_is_passed_by_the_quick_look(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "decode", None)
    for form in ("JPEG", "PNG"):
        path = tmp_path / "a"
        path.write_bytes(encoded(RGB, form))
        check(path)
        path.write_bytes(encoded(RGB, form)[:-20])
        with pytest.raises(TypeError):  # it goes on to decode
            check(path)


def test_no_file_stays_open_and_threads_see_the_same(tmp_path):
    paths, wanted = [], []
    for number, (form, kind, options) in enumerate(FILES):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(encoded(OPAQUE[kind], form, **options))
        wanted.append(decode(paths[-1]))
    folder = "/proc/self/fd"
    before = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        found = list(threads.map(decode, paths * 4))
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(found, wanted * 4, strict=True))
    assert before == (len(os.listdir(folder)) if os.path.isdir(folder) else 0)
