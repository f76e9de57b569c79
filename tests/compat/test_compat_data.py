"""tf.data, tf.io and tf.strings while compat is active."""

import os

import numpy as np
import pytest
import torch

from anmok import compat, layers, models, utils
from anmok.compat import callouts, dtypes, tensors
from anmok.compat.functions import elementwise
from anmok.compat.texts import StringTensor
from anmok.compat.tf import data as tf_data
from anmok.compat.tf import gfile, strings
from anmok.compat.tf import image as tf_image
from anmok.compat.tf import io as tf_io
from anmok.data.dataset import Dataset
from anmok.errors import ArgumentError, DataError, MissingFileError


@pytest.fixture(autouse=True)
def active():
    with compat.active():
        yield


@pytest.fixture
def flowers(tmp_path):
    """Folders of PNGs of one colour each."""
    for number, name in enumerate(["daisy", "rose"]):
        (tmp_path / name).mkdir()
        for index in range(4):
            pixels = np.full((6, 8, 3), 100 * number + 10 * index, np.uint8)
            tf_io.write_file(str(tmp_path / name / f"{index}.png"), tf_io.encode_png(pixels))
    return tmp_path


# What a person sees -------------------------------------------------------------------------------------------------


def test_elements_are_tensors_in_tensorflows_formats():
    first, second = tf_data.Dataset.from_tensor_slices(([1, 2], [0.5, 1.5]))
    assert repr(first[0]) == "<tf.Tensor: shape=(), dtype=int32, numpy=1>"
    assert repr(second[1]) == "<tf.Tensor: shape=(), dtype=float32, numpy=1.5>"
    assert list(Dataset.range(3).as_numpy_iterator()) == [0, 1, 2]
    assert [type(n) for n in Dataset.range(1).as_numpy_iterator()] == [np.int64]
    with pytest.raises(TypeError, match="does not support item assignment"):
        next(iter(Dataset.from_tensors([1.0])))[0] = 2


def test_functions_get_tensors_and_give_anything():
    kinds = []

    def scale(image, label):
        kinds.append((type(image), type(label)))
        return image / 255.0, label

    ds = Dataset.from_tensor_slices((np.full((4, 2, 2, 1), 51, np.uint8), np.arange(4))).map(scale)
    image, label = next(iter(ds.batch(4)))
    assert set(kinds) == {(tensors.Tensor, tensors.Tensor)}
    np.testing.assert_allclose(image.numpy(), 0.2)
    assert label.numpy().tolist() == [0, 1, 2, 3]
    assert [type(leaf) for leaf in next(ds.plain())] == [torch.Tensor, torch.Tensor]


def test_the_spec_is_written_as_tensorflow_writes_it():
    ds = Dataset.from_tensor_slices((np.zeros((4, 2, 3), np.float32), ["a", "b", "c", "d"])).batch(2)
    assert str(ds.element_spec) == (
        "(TensorSpec(shape=(None, 2, 3), dtype=tf.float32, name=None), "
        "TensorSpec(shape=(None,), dtype=tf.string, name=None))"
    )


def test_after_compat_elements_are_torchs_again():
    ds = Dataset.range(2)
    compat.deactivate()
    assert [type(item) for item in ds] == [torch.Tensor, torch.Tensor]


def test_reduce_enumerate_window_and_cardinality():
    total = Dataset.range(5).reduce(np.int64(0), lambda x, y: x + y)
    assert (total.numpy(), total.dtype) == (10, "int64")
    assert tf_data.experimental.cardinality(Dataset.range(42)).numpy() == 42
    assert (Dataset.range(3).repeat().cardinality() == tf_data.INFINITE_CARDINALITY).numpy()
    windows = Dataset.range(7).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3))
    assert [w.numpy().tolist() for w in windows.take(2)] == [[0, 1, 2], [1, 2, 3]]
    assert [(i.numpy(), x.numpy()) for i, x in Dataset.range(5, 7).enumerate()] == [(0, 5), (1, 6)]
    odd = Dataset.range(6).filter(lambda x: x % 2 == 1).apply(tf_data.experimental.assert_cardinality(3))
    assert len(odd) == 3


def test_generators_with_types_or_a_signature():
    def rows(stop):
        for number in range(stop):
            yield np.full((2,), number), number % 2

    typed = Dataset.from_generator(rows, args=[3], output_types=(np.float32, "int32"), output_shapes=([2], []))
    x, y = next(iter(typed.batch(3)))
    assert x.numpy().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert (x.dtype, y.dtype) == ("float32", "int32")
    assert y.numpy().tolist() == [0, 1, 0]


def test_options_may_ask_for_speed():
    options = tf_data.Options()
    options.experimental_deterministic = False
    options.experimental_distribute.auto_shard_policy = 1
    assert [n.numpy() for n in Dataset.range(3).with_options(options)] == [0, 1, 2]
    with pytest.raises(AttributeError, match="Cannot set the property speed"):
        options.speed = 1


def test_what_is_not_covered_says_so():
    with pytest.raises(AttributeError, match=r"anmok does not cover tf.data.TFRecordDataset"):
        tf_data.TFRecordDataset  # noqa: B018
    with pytest.raises(AttributeError, match=r"anmok does not cover tf.data.experimental.make_csv_dataset"):
        tf_data.experimental.make_csv_dataset  # noqa: B018


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_pipeline_from_paths_to_a_trained_model(flowers):
    names = np.array(sorted(item for item in gfile.listdir(flowers)))

    def process(path):
        parts = strings.split(path, os.path.sep)
        one_hot = parts[-2] == names
        image = tf_io.decode_image(tf_io.read_file(path), channels=3, expand_animations=False)
        return tf_image.resize(image, [4, 4]), torch.argmax(one_hot.to(torch.int32))

    files = Dataset.list_files(str(flowers / "*/*"), shuffle=False)
    assert next(iter(files)).numpy() == os.fsencode(flowers / "daisy" / "0.png")
    ds = files.map(process, num_parallel_calls=tf_data.AUTOTUNE)
    for image, label in ds.skip(5).take(1):
        assert image.shape == (4, 4, 3)
        np.testing.assert_allclose(image.numpy(), 110)
        assert label.numpy() == 1
    ready = ds.cache().shuffle(8).batch(4).prefetch(buffer_size=tf_data.experimental.AUTOTUNE)
    model = models.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    seen = []
    model.call = (lambda call: lambda x, *rest, **named: seen.append(type(x)) or call(x, *rest, **named))(model.call)
    assert len(model.fit(ready, epochs=2, verbose=0).history["loss"]) == 2
    assert tensors.Tensor not in seen


def test_a_folder_of_pictures_shows_tensors(flowers, capsys):
    ds = utils.image_dataset_from_directory(flowers, image_size=(5, 5), batch_size=3, shuffle=False)
    assert ds.class_names == ["daisy", "rose"]
    for images, labels in ds.take(1):
        assert isinstance(images, tensors.Tensor)
        assert images[2].numpy().astype("uint8")[0, 0].tolist() == [20, 20, 20]
        assert labels.numpy().tolist() == [0, 0, 0]
    scaled = ds.map(lambda x, y: (x / 255.0, y)).cache().prefetch(tf_data.AUTOTUNE)
    assert float(next(iter(scaled))[0].numpy().max()) == pytest.approx(20 / 255)


def test_files_keep_every_byte(tmp_path):
    content = bytes(range(256)) + b"\0\0"
    path = tmp_path / "new" / "file.bin"
    tf_io.write_file(str(path), content)
    assert tf_io.read_file(str(path)).numpy() == content
    assert tf_io.decode_raw(tf_io.read_file(str(path)), "uint8").numpy().tolist() == list(content)
    both = Dataset.from_tensor_slices([str(path), str(path)]).map(tf_io.read_file).batch(2)
    assert next(iter(both)).numpy().tolist() == [content, content]
    with pytest.raises(MissingFileError, match=r"tf.io.read_file: there is no file"):
        tf_io.read_file(str(tmp_path / "none"))


def test_gfile_is_pythons_files(tmp_path):
    folder = gfile.join(str(tmp_path), "a", "b")
    gfile.makedirs(folder)
    with gfile.GFile(gfile.join(folder, "x.txt"), "w") as file:
        file.write("one\ntwo\n")
    assert gfile.exists(folder)
    assert gfile.listdir(folder) == ["x.txt"]
    with gfile.GFile(gfile.glob(f"{folder}/*.txt")[0]) as file:
        assert file.read() == "one\ntwo\n"
    assert [line.numpy() for line in tf_data.TextLineDataset(f"{folder}/x.txt")] == [b"one", b"two"]
    gfile.rmtree(folder)
    assert not gfile.exists(folder)


def test_lines_of_a_table():
    lines = Dataset.from_tensor_slices(["1,0.5,cat", "2,,dog"])
    rows = [tf_io.decode_csv(line, record_defaults=[[0], [9.0], [""]]) for line in lines]
    assert [[cell.numpy() for cell in row] for row in rows] == [[1, 0.5, b"cat"], [2, 9.0, b"dog"]]
    with pytest.raises(DataError, match="column 1 is empty in a line and has no default"):
        tf_io.decode_csv("2,,dog", record_defaults=[dtypes.int32, dtypes.float32, dtypes.string])


# Text -----------------------------------------------------------------------------------------------------------------


def test_text_tensors_compare_and_print_as_tensorflows():
    text = tensors.as_tensor("abc")
    assert isinstance(text, StringTensor)
    assert repr(text) == "<tf.Tensor: shape=(), dtype=string, numpy=b'abc'>"
    assert str(text) == "tf.Tensor(b'abc', shape=(), dtype=string)"
    assert text.numpy().decode("utf-8") == "abc"
    names = np.array(["abc", "b", "abc"])
    for compared in (text == names, names == text):
        assert compared.numpy().tolist() == [True, False, True]
    assert (text + "/" + text).numpy() == b"abc/abc"
    assert elementwise.equal(text, names).numpy().tolist() == [True, False, True]
    assert not elementwise.not_equal("abc", text).numpy()
    assert [item.numpy() for item in tensors.as_tensor(["가", b"\xff"])] == ["가".encode(), b"\xff"]


def test_strings_do_what_pythons_do():
    path = tensors.as_tensor("a/b c/1.jpg")
    assert strings.split(path, "/").numpy().tolist() == b"a/b c/1.jpg".split(b"/")
    assert strings.split(path).numpy().tolist() == b"a/b c/1.jpg".split()
    assert strings.split("a,b,c", ",", maxsplit=1).numpy().tolist() == [b"a", b"b,c"]
    with pytest.raises(ArgumentError, match="would be a ragged tensor"):
        strings.split(["a b", "c"])
    assert strings.join(["a", ["b", "c"]], separator="-").numpy().tolist() == [b"a-b", b"a-c"]
    assert strings.length(["ab", "한글"]).numpy().tolist() == [2, 6]
    assert strings.length(["ab", "한글"], unit="UTF8_CHAR").numpy().tolist() == [2, 2]
    assert strings.to_number(["1.5", "-2"]).numpy().tolist() == [1.5, -2.0]
    assert strings.regex_replace("img_001.jpg", r"_(\d+)", r"<\1>").numpy() == b"img<001>.jpg"
    assert strings.regex_full_match(["cat.jpg", "dog.png"], r".*\.jpg").numpy().tolist() == [True, False]
    assert strings.as_string([1.5, 2.0], precision=2).numpy().tolist() == [b"1.50", b"2.00"]
    assert strings.substr("hello", -3, 2).numpy() == b"ll"


def test_python_functions_within_a_map():
    def brightest(path):
        assert isinstance(path, bytes)
        return np.float64(len(path))

    ds = Dataset.from_tensor_slices(["a", "bcd"])
    lengths = ds.map(lambda path: callouts.numpy_function(brightest, [path], "float32"))
    assert [(n.numpy(), n.dtype) for n in lengths] == [(1.0, "float32"), (3.0, "float32")]
    pairs = Dataset.range(2).map(
        lambda n: callouts.py_function(lambda x: (x, x.numpy() * 0.5), [n], ["int64", "float32"])
    )
    assert [(x.numpy(), half.numpy()) for x, half in pairs] == [(0, 0.0), (1, 0.5)]
    with pytest.raises(DataError, match="2 results were announced in Tout, the function gave 1"):
        callouts.py_function(lambda: 1, [], ["int32", "int32"])
