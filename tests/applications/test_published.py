"""Where published weights are looked for, how they are fetched, and what is said where they cannot be had."""

import hashlib

import numpy as np
import pytest

from anmok import applications, layers
from anmok.applications import published
from anmok.errors import FileFormatError, MissingFileError

PLACE = "/tensorflow/keras-applications/mobilenet/mobilenet_2_5_128_tf_no_top.h5"


def small(weights):
    return applications.MobileNet(alpha=0.25, include_top=False, input_shape=(128, 128, 3), weights=weights)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture
def weights(tmp_path):
    """(The arrays of a MobileNet, the bytes of a file that holds them.)"""
    layers.forget_names()
    model = small(None)
    model.save_weights(tmp_path / "some.h5")
    return model.get_weights(), (tmp_path / "some.h5").read_bytes()


def test_weights_are_downloaded_once(home, weights, serving, monkeypatch):
    arrays, content = weights
    with serving({PLACE: content}) as (url, asked):
        monkeypatch.setattr(published, "STORAGE", f"{url}/")
        for _ in range(2):
            for one, other in zip(small("imagenet").get_weights(), arrays, strict=True):
                assert np.array_equal(one, other)
    assert asked == [PLACE]
    assert (home / "mobilenet_2_5_128_tf_no_top.h5").read_bytes() == content


def test_without_a_top_the_file_with_one_will_do(home, tmp_path):
    layers.forget_names()
    whole = applications.MobileNet(alpha=0.25, input_shape=(128, 128, 3), weights=None)
    home.mkdir(parents=True)
    whole.save_weights(tmp_path / "some.h5")
    (tmp_path / "some.h5").rename(home / "mobilenet_2_5_128_tf.h5")
    for one, other in zip(small("imagenet").get_weights(), whole.get_weights(), strict=False):
        assert np.array_equal(one, other)


def test_the_digest_is_checked_while_downloading(home, weights, serving, monkeypatch):
    _, content = weights
    right = published.Published("there/file.h5", hashlib.md5(content).hexdigest(), "here.h5")
    with serving({"/there/file.h5": content}) as (url, _):
        monkeypatch.setattr(published, "STORAGE", f"{url}/")
        assert published.fetched(right) == home / "here.h5"
        with pytest.raises(MissingFileError, match="is not the file that was asked for"):
            published.fetched(right._replace(digest="0" * 32, name="other.h5"))
    assert [path.name for path in home.iterdir()] == ["here.h5"]


def test_another_file_in_its_place_is_refused(home):
    home.mkdir(parents=True)
    path = home / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    path.write_bytes(b"something else")
    with pytest.raises(FileFormatError, match="6d6bbae143d832006294945121d1f1fc") as caught:
        applications.VGG16(include_top=False)
    assert f"weights='{path}'" in str(caught.value)


def test_offline_the_error_names_file_and_place(home, serving, monkeypatch):
    with serving({}) as (url, _):
        monkeypatch.setattr(published, "STORAGE", f"{url}/")  # closed when it is asked
    with pytest.raises(MissingFileError, match=r"Could not download mobilenet_2_5_128_tf_no_top\.h5") as caught:
        small("imagenet")
    assert f"wanted at {home / 'mobilenet_2_5_128_tf_no_top.h5'}" in str(caught.value)
    assert f"it comes from {url}{PLACE}" in str(caught.value)


@pytest.mark.parametrize(
    "build, file",
    [
        (lambda: applications.MobileNet(), "mobilenet/mobilenet_1_0_224_tf.h5"),
        (lambda: applications.MobileNet(alpha=0.5, input_shape=(160, 160, 3)), "mobilenet/mobilenet_5_0_160_tf.h5"),
        (
            lambda: applications.MobileNet(alpha=0.75, include_top=False, input_shape=(150, 150, 3)),
            "mobilenet/mobilenet_7_5_224_tf_no_top.h5",
        ),
        (
            lambda: applications.MobileNetV2(include_top=False),
            "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        ),
        (
            lambda: applications.MobileNetV2(alpha=1.4, input_shape=(96, 96, 3)),
            "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.4_96.h5",
        ),
        (lambda: applications.MobileNetV3Small(), "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float.h5"),
        (
            lambda: applications.MobileNetV3Large(minimalistic=True, include_top=False),
            "mobilenet_v3/weights_mobilenet_v3_large_minimalistic_224_1.0_float_no_top_v2.h5",
        ),
        (
            lambda: applications.ResNet50V2(include_top=False),
            "resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        (lambda: applications.DenseNet121(), "densenet/densenet121_weights_tf_dim_ordering_tf_kernels.h5"),
    ],
)
def test_each_network_asks_for_its_own_file(build, file, home, serving, monkeypatch):
    with serving({}) as (url, asked):
        monkeypatch.setattr(published, "STORAGE", f"{url}/")
        with pytest.raises(MissingFileError, match="HTTP 404"):
            build()
    assert asked == [f"/tensorflow/keras-applications/{file}"]
