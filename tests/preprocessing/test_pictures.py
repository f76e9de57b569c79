import io
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from anmok import notices
from anmok.errors import ArgumentError, FileFormatError, MissingFileError, ShapeError, UnknownNameError
from anmok.preprocessing.pictures import array_to_img, img_to_array, load_img, save_img, smart_resize

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 17, 3), np.uint8)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "강아지.png"
    Image.fromarray(PIXELS).save(path)
    return path


def test_load_img_takes_paths_and_files_of_every_kind(path):
    data = path.read_bytes()
    for source in (path, str(path), bytes(str(path), "utf-8"), io.BytesIO(data), data):
        image = load_img(source)
        assert isinstance(image, Image.Image) and image.size == (17, 12) and image.mode == "RGB"
        assert np.array_equal(np.asarray(image), PIXELS)
    used = io.BytesIO(data)
    used.read()
    assert load_img(used).size == (17, 12)


def test_load_img_gives_a_picture_one_can_go_on_with(path):
    image = load_img(path, target_size=(6, 8))
    assert image.size == (8, 6) and image.resize((2, 3)).size == (2, 3) and image.convert("L").mode == "L"
    assert load_img(path, color_mode="grayscale").mode == "L" and load_img(path, "rgba").mode == "RGBA"


def test_load_img_understands_keras_2(path):
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"color_mode='grayscale'"):
        assert load_img(path, grayscale=True).mode == "L"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_img(path, False, target_size=(3, 4)).mode == "RGB"
        assert load_img(path, True).mode == "L"


def test_load_img_is_upright_and_lays_transparency_on_white(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(np.asarray(load_img(tmp_path / "a.png")), np.rot90(PIXELS, -1))
    Image.new("RGBA", (3, 2), (10, 20, 30, 0)).save(tmp_path / "b.png")
    assert (np.asarray(load_img(tmp_path / "b.png")) == 255).all()


def test_load_img_refuses_in_words(path, tmp_path):
    with pytest.raises(MissingFileError, match=r"no image at .*nowhere\.jpg"):
        load_img(tmp_path / "nowhere.jpg")
    path.with_suffix(".jpg").write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileFormatError, match=r"강아지\.jpg: the image is damaged or cut short"):
        load_img(path.with_suffix(".jpg"))
    with pytest.raises(ArgumentError, match=r"target_size: expected \(height, width\) of 1 or more .*got 150"):
        load_img(path, target_size=150)
    with pytest.raises(ArgumentError, match=r"got \(0, 5\)"):
        load_img(path, target_size=(0, 5))
    with pytest.raises(UnknownNameError, match="Did you mean 'grayscale'"):
        load_img(path, color_mode="grey_scale")
    with pytest.raises(UnknownNameError, match="Did you mean 'bicubic'"):
        load_img(path, interpolation="bycubic")
    with pytest.raises(ArgumentError, match=r"expected a path, io.BytesIO or bytes, got ndarray.*array_to_img"):
        load_img(PIXELS)


def test_img_to_array_takes_pictures_arrays_and_tensors():
    wanted = PIXELS.astype(np.float32)
    for source in (Image.fromarray(PIXELS), PIXELS, PIXELS.tolist(), torch.from_numpy(PIXELS)):
        found = img_to_array(source)
        assert found.dtype == np.float32 and np.array_equal(found, wanted)
        found /= 255  # it can be written to
    assert np.array_equal(img_to_array(torch.from_numpy(wanted).requires_grad_().bfloat16()), wanted)
    assert img_to_array(Image.fromarray(PIXELS), dtype="uint8").flags.writeable
    assert img_to_array(Image.fromarray(PIXELS), dtype=torch.float64).dtype == np.float64
    with pytest.raises(ShapeError, match=r"one image \(H, W\) or \(H, W, C\), got \(1, 12, 17, 3\)"):
        img_to_array(PIXELS[None])
    with pytest.raises(UnknownNameError, match="Did you mean 'channels_first'"):
        img_to_array(PIXELS, data_format="channel_first")
    with pytest.raises(ArgumentError, match="expected an image of numbers, got str"):
        img_to_array("a.png")


def test_array_to_img_cuts_off_what_is_beyond_the_range():
    x = np.array([[[-5.0, 3.9, 300.0]]])
    assert np.asarray(array_to_img(x, scale=False)).tolist() == [[[0, 3, 255]]]
    assert np.asarray(array_to_img(torch.tensor(x))).tolist() == [[[0, 7, 255]]]
    assert np.asarray(array_to_img(np.full((2, 2, 3), 7))).max() == 0
    assert np.asarray(array_to_img(PIXELS, dtype="uint8")).max() == 255


def test_array_to_img_refuses_in_words():
    with pytest.raises(ShapeError, match=r"got \(5, 5\). A grey image needs its channel axis: x\[..., None\]"):
        array_to_img(np.zeros((5, 5)))
    with pytest.raises(ShapeError, match=r"Of a batch, take one: x\[0\]"):
        array_to_img(np.zeros((2, 5, 5, 3)))
    with pytest.raises(ShapeError, match=r"1, 3 or 4 channels.*\(3, 5, 5\). Is it data_format='channels_first'"):
        array_to_img(np.zeros((3, 5, 5)))
    with pytest.raises(ArgumentError, match="contains NaN"):
        array_to_img(np.full((2, 2, 3), np.nan))


def test_a_saved_picture_comes_back(tmp_path):
    for name in ("a.png", "b.bmp", "c.webp", "d.tif", "고양이.PNG"):
        options = {"lossless": True} if name.endswith("webp") else {}
        save_img(tmp_path / name, PIXELS, scale=False, **options)
        assert np.array_equal(img_to_array(load_img(tmp_path / name)), PIXELS)
    save_img(str(tmp_path / "e"), PIXELS, file_format="png", scale=False)
    assert np.array_equal(img_to_array(load_img(tmp_path / "e")), PIXELS)
    buffer = io.BytesIO()
    save_img(buffer, PIXELS.transpose(2, 0, 1), data_format="channels_first", file_format="PNG", scale=False)
    assert np.array_equal(img_to_array(load_img(buffer)), PIXELS)


def test_save_img_refuses_in_words(tmp_path):
    for name in ("a", "a.doc"):
        with pytest.raises(ArgumentError, match=r"expected a file name that ends in .png, .jpg or the like"):
            save_img(tmp_path / name, PIXELS)
    with pytest.raises(ArgumentError, match="file_format='png'"):
        save_img(io.BytesIO(), PIXELS)
    with pytest.raises(MissingFileError, match=r"there is no folder .*nowhere"):
        save_img(tmp_path / "nowhere" / "a.png", PIXELS)
    with pytest.raises(ArgumentError, match="a picture of mode I cannot be saved as JPEG"):
        save_img(tmp_path / "a.jpg", np.full((3, 3, 1), 1000), scale=False)
    assert list(tmp_path.iterdir()) == []


def test_jpeg_drops_alpha_and_says_so(tmp_path):
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="JPEG has no transparency"):
        save_img(tmp_path / "a.jpg", np.zeros((8, 8, 4)) + [200, 100, 50, 0], scale=False)
    assert np.abs(img_to_array(load_img(tmp_path / "a.jpg")) - [200, 100, 50]).max() <= 3


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int32])
def test_smart_resize_keeps_kind_and_dtype(dtype):
    x = PIXELS.astype(dtype)
    found = smart_resize(x, (6, 6), interpolation="bicubic")
    assert isinstance(found, np.ndarray) and found.dtype == dtype and found.shape == (6, 6, 3)
    tensor = smart_resize(torch.from_numpy(x)[None], (6, 6), interpolation="bicubic")
    assert torch.is_tensor(tensor) and np.array_equal(tensor[0].numpy(), found)
    if dtype == np.uint8:  # nothing wraps around
        smooth = smart_resize(PIXELS.astype(np.float32), (6, 6), interpolation="bicubic")
        assert np.array_equal(found, smooth.round().clip(0, 255))


def test_smart_resize_refuses_in_words():
    with pytest.raises(ShapeError, match=r"got \(12, 17\). A grey image needs its channel axis"):
        smart_resize(PIXELS[..., 0], (3, 3))
    with pytest.raises(ArgumentError, match=r"size: expected \(height, width\)"):
        smart_resize(PIXELS, 3)
    with pytest.raises(UnknownNameError, match="Did you mean 'bilinear'"):
        smart_resize(PIXELS, (3, 3), interpolation="bilinaer")
