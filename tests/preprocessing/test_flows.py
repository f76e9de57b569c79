"""The three flows: batches that depend on (seed, pass, index) alone, files left out by name, threads that end."""

import gc
import struct
import threading
import time
import warnings
import zipfile
import zlib

import cv2
import numpy as np
import pandas as pd
import pytest

from anmok import augment, layers, models, random
from anmok.errors import ArgumentError, DataError, FileFormatError, ShapeError
from anmok.notices import AnmokWarning, forget
from anmok.preprocessing import file_flow
from anmok.preprocessing.image import ImageDataGenerator, Iterator
from anmok.training.adapters import adapt

COURSE = {
    "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
    "horizontal_flip": True, "rescale": 1 / 255,
}  # fmt: skip


def write(path, *, shade=None, size=(20, 24), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    if shade is not None:
        pixels[:] = shade
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes of 13 and 8 pictures; the shade of each tells its place."""
    for i in range(13):
        write(tmp_path / "pictures" / "고양이" / f"{i:02d}.png", shade=i)
    for i in range(8):
        write(tmp_path / "pictures" / "dogs" / f"{i:02d}.png", shade=100 + i)
    (tmp_path / "pictures" / ".DS_Store").write_bytes(b"")
    return tmp_path / "pictures"


def epochs_of(flow, *, epochs=2, **asked):
    source = adapt(flow)
    source.ask_for_threads(asked.get("workers"), asked.get("ahead"))
    return [[tuple(part.numpy().tobytes() for part in batch[:2]) for batch in source.batches(e)] for e in range(epochs)]


@pytest.mark.parametrize("kind", ["arrays", "folder", "table"])
def test_batches_are_the_same_for_any_number_of_workers(kind, folder):
    def flow():
        generator = ImageDataGenerator(
            **COURSE,
            augment=augment.Compose([augment.ColorJitter(), augment.Cutout(), augment.MixUp()]),
        )
        if kind == "arrays":
            x = np.random.default_rng(0).integers(0, 256, (21, 16, 16, 3), np.uint8)
            return generator.flow(x, np.eye(3)[np.arange(21) % 3], batch_size=4, seed=7)
        if kind == "folder":
            return generator.flow_from_directory(folder, target_size=(16, 16), batch_size=4, seed=7)
        names = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.png"))
        table = pd.DataFrame({"filename": names, "class": [name.split("/")[0] for name in names]})
        return generator.flow_from_dataframe(table, folder, target_size=(16, 16), batch_size=4, seed=7)

    expected = epochs_of(flow(), workers=0)
    assert expected[0] != expected[1] and len(expected[0]) == 6
    for workers in (1, 2, 8):
        assert epochs_of(flow(), workers=workers) == expected


def test_asking_for_a_batch_twice_or_out_of_turn_changes_nothing(folder):
    flow = ImageDataGenerator(**COURSE).flow_from_directory(folder, target_size=(16, 16), batch_size=4, seed=1)
    in_turn = [next(flow)[0] for _ in range(2 * len(flow))]
    for index in (5, 0, 3, 3, -6):
        assert np.array_equal(flow[index][0], in_turn[index % 6])
    flow.set_epoch(1)
    assert np.array_equal(flow[2][0], in_turn[8])
    assert all(np.array_equal(flow.batch_of_stream(i)[0], in_turn[i]) for i in (11, 0, 7))
    with pytest.raises(IndexError, match="Batch 6 was asked for; the flow has 6"):
        flow[6]


def test_without_a_seed_the_master_seed_decides():
    x = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), np.uint8)

    def first(seed):
        random.set_seed(seed)
        generator = ImageDataGenerator(rotation_range=30)
        return [next(generator.flow(x, batch_size=3)).tobytes() for _ in range(2)]

    one, other = first(5)
    assert first(5) == [one, other] and one != other and first(6)[0] != one


def test_passes_go_on_for_ever_and_reset_begins_one():
    flow = ImageDataGenerator().flow(np.arange(5.0).reshape(5, 1, 1, 1), batch_size=2, shuffle=False)
    assert [next(flow).ravel().tolist() for _ in range(5)] == [[0, 1], [2, 3], [4], [0, 1], [2, 3]]
    assert flow.batch_index == 2
    flow.reset()
    assert flow.batch_index == 0 and next(flow).ravel().tolist() == [0, 1]


def test_an_epoch_of_more_steps_than_a_pass_goes_on_into_the_next():
    flow = ImageDataGenerator().flow(np.arange(5.0).reshape(5, 1, 1, 1), np.zeros(5), batch_size=2, shuffle=False)
    source = adapt(flow, steps=4)
    seen = [[x.flatten().tolist() for x, _, _ in source.batches(epoch)] for epoch in range(2)]
    assert seen == [[[0, 1], [2, 3], [4], [0, 1]], [[2, 3], [4], [0, 1], [2, 3]]]


def test_every_image_comes_once_a_pass(folder):
    flow = ImageDataGenerator().flow_from_directory(folder, target_size=(4, 4), batch_size=4, class_mode="sparse")
    for _ in range(2):
        batches = [next(flow) for _ in range(len(flow))]
        shades = np.concatenate([x[:, 0, 0, 0] for x, _ in batches])
        labels = np.concatenate([y for _, y in batches])
        assert sorted(shades) == [*range(13), *range(100, 108)]
        assert np.array_equal(labels, shades < 100)  # 'dogs' sorts before Korean letters


# What cannot be read --------------------------------------------------------------------------------------------------


def spoil(folder):
    """One file of each kind of damage; returns their names."""
    (folder / "dogs" / "text.jpg").write_text("no picture")
    (folder / "dogs" / "empty.png").write_bytes(b"")
    whole = write(folder / "dogs" / "cut.jpg", size=(60, 60)).read_bytes()
    (folder / "dogs" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    return ["dogs/cut.jpg", "dogs/empty.png", "dogs/text.jpg"]


def test_what_is_no_image_is_named_counted_and_left_out(folder, capsys):
    bad = spoil(folder)
    flow = ImageDataGenerator().flow_from_directory(folder, target_size=(4, 4), batch_size=7, class_mode="sparse")
    assert [name for name, _ in flow.skipped] == bad
    assert flow.n == flow.samples == len(flow.filenames) == len(flow.classes) == 21 and len(flow) == 3
    printed = capsys.readouterr().out
    assert "Found 21 images belonging to 2 classes." in printed
    assert "Left out 3 files: dogs/cut.jpg (" in printed
    shades = np.concatenate([next(flow)[0][:, 0, 0, 0] for _ in range(3)])
    assert sorted(shades) == [*range(13), *range(100, 108)]  # no zeros, no neighbours
    with pytest.raises(FileFormatError, match=r"cut\.jpg"):
        ImageDataGenerator().flow_from_directory(folder, on_error="raise")


def bomb():
    """The beginning of a PNG of 30,000 x 30,000 pixels, and its end."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_training_on_2000_files_ends_with_the_1984_that_are_images(tmp_path):
    whole = write(tmp_path / "one.jpg", size=(24, 24)).read_bytes()
    for name in ("a", "b"):
        (tmp_path / "many" / name).mkdir(parents=True)
        for i in range(992):
            (tmp_path / "many" / name / f"{i:04d}.jpg").write_bytes(whole)
    for i in range(5):
        (tmp_path / "many" / "a" / f"text{i}.jpg").write_text("This is not an image.")
        (tmp_path / "many" / "b" / f"cut{i}.jpg").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "many" / "b" / f"empty{i}.jpg").write_bytes(b"")
    (tmp_path / "many" / "a" / "bomb.png").write_bytes(bomb())
    flow = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        tmp_path / "many", target_size=(8, 8), batch_size=100, class_mode="binary"
    )
    assert flow.n == 1984 and len(flow) == 20
    expected = ["a/bomb.png", *(f"a/text{i}.jpg" for i in range(5)), *(f"b/cut{i}.jpg" for i in range(5))]
    assert [name for name, _ in flow.skipped] == [*expected, *(f"b/empty{i}.jpg" for i in range(5))]
    assert "900,000,000" in dict(flow.skipped)["a/bomb.png"]
    model = models.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(flow, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def damaged_inside(path):
    """A PNG whole at both ends and broken between."""
    data = bytearray(write(path, size=(40, 40)).read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(bytes(data))


def test_damage_found_on_decoding_makes_its_batch_smaller_and_the_counts_right(folder):
    damaged_inside(folder / "dogs" / "00.png")
    forget()
    generator = ImageDataGenerator()
    flow = generator.flow_from_directory(folder, target_size=(4, 4), batch_size=7, class_mode="sparse", seed=3)
    assert flow.n == 21
    with pytest.warns(AnmokWarning, match=r"dogs/00\.png is left out: .*00\.png"):
        sizes = [len(next(flow)[0]) for _ in range(3)]
    assert sorted(sizes) == [6, 7, 7] and flow.n == 20 and len(flow.classes) == 20
    assert [name for name, _ in flow.skipped] == ["dogs/00.png"] and "dogs/00.png" not in flow.filenames
    again = generator.flow_from_directory(folder, target_size=(4, 4), batch_size=7, class_mode="sparse", seed=3)
    assert all(np.array_equal(again[i][0], flow.batch_of_stream(i)[0]) for i in (2, 0, 1))


def test_a_batch_of_nothing_is_passed_over(folder):
    for i in range(8):
        damaged_inside(folder / "dogs" / f"{i:02d}.png")
    flow = ImageDataGenerator().flow_from_directory(
        folder, target_size=(4, 4), batch_size=4, shuffle=False, class_mode="sparse"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [len(x) for x, _, _ in adapt(flow).batches(0)] == [4, 4, 4, 1]
        assert len(next(flow)[0]) == 4  # the first two batches, all dogs, are passed over
    assert flow.n == 13
    with pytest.raises(DataError, match="None of the 4 images of this batch can be read"):
        flow[0]


def test_predictions_and_classes_stay_beside_each_other(folder):
    damaged_inside(folder / "dogs" / "03.png")
    flow = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, target_size=(4, 4), batch_size=4, shuffle=False, class_mode="binary"
    )
    model = models.Sequential([layers.Input((4, 4, 3)), layers.GlobalAveragePooling2D(), layers.Dense(1)])
    model.layers[-1].set_weights([np.full((3, 1), 85.0), np.zeros(1)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shades = model.predict(flow, verbose=0).ravel()
    assert len(shades) == flow.n == 20
    assert np.array_equal(flow.classes, shades < 99)


# Sources --------------------------------------------------------------------------------------------------------------


def test_a_zip_of_the_folder_will_do(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    zipped, plain = (
        ImageDataGenerator().flow_from_directory(place, target_size=(4, 4), seed=1)
        for place in (tmp_path / "pictures.zip", folder)
    )
    assert zipped.class_indices == plain.class_indices == {"dogs": 0, "고양이": 1}
    assert np.array_equal(next(zipped)[0], next(plain)[0])


def test_a_csv_with_windows_paths_will_do(folder, tmp_path):
    rows = ["file,kind,weight"]
    rows += [rf"C:\data\pictures\dogs\{i:02d}.png,개,{i}" for i in range(8)]
    rows += [rf"고양이\{i:02d}.png,고양이,{i}" for i in range(13)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(rows), encoding="utf-8")
    flow = ImageDataGenerator().flow_from_dataframe(
        table, folder, x_col="file", y_col="kind", weight_col="weight", class_mode="sparse", target_size=(4, 4),
        batch_size=21, shuffle=False,
    )  # fmt: skip
    x, y, weight = next(flow)
    assert x[:, 0, 0, 0].tolist() == [*range(100, 108), *range(13)]
    assert y.tolist() == [0] * 8 + [1] * 13 and weight.tolist() == [*range(8), *range(13)]
    assert flow.class_indices == {"개": 0, "고양이": 1}


def test_a_list_column_and_a_number_column(folder):
    table = pd.DataFrame(
        {"filename": ["dogs/00.png", "dogs/01.png"], "tags": [["big", "brown"], ["brown"]], "age": [1.5, 4]}
    )
    listed = ImageDataGenerator().flow_from_dataframe(table, folder, y_col="tags", target_size=(4, 4), shuffle=False)
    assert next(listed)[1].tolist() == [[1, 1], [0, 1]] and listed.classes == [[0, 1], [1]]
    number = ImageDataGenerator().flow_from_dataframe(
        table, folder, y_col="age", class_mode="raw", target_size=(4, 4), shuffle=False
    )
    assert next(number)[1].tolist() == [1.5, 4] and next(number)[1].dtype == np.float32


# Changes and standardisation ------------------------------------------------------------------------------------------


def test_the_validation_subset_is_not_changed_and_says_so():
    forget()
    x = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), np.uint8)
    generator = ImageDataGenerator(rotation_range=90, validation_split=0.3, rescale=0.5)
    with pytest.warns(AnmokWarning, match="validation subset is not changed at random"):
        held = generator.flow(x, subset="validation", batch_size=3, shuffle=False)
    assert np.array_equal(next(held), x[:3] * np.float32(0.5))
    kept = generator.flow(x, subset="training", batch_size=7, shuffle=False)
    assert not np.array_equal(next(kept), x[3:] * np.float32(0.5))


def test_a_compose_as_preprocessing_function_repeats_too():
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    chain = augment.Compose([augment.HorizontalFlip(p=0.5), augment.Brightness(factor=(0.5, 1.5))])
    by_function = ImageDataGenerator(preprocessing_function=chain).flow(x, batch_size=6, seed=2)
    by_name = ImageDataGenerator(augment=chain).flow(x, batch_size=6, seed=2)
    assert np.array_equal(next(by_function), next(by_name))


def test_mixup_needs_one_hot_labels():
    x = np.zeros((4, 8, 8, 3), np.uint8)
    generator = ImageDataGenerator(augment=augment.MixUp())
    _, y = next(generator.flow(x, np.eye(2)[[0, 1, 0, 1]], batch_size=4, seed=0))
    assert np.allclose(y.sum(axis=1), 1) and not np.isin(y, (0, 1)).all()
    with pytest.raises(DataError, match="one-hot"):
        next(generator.flow(x, [0, 1, 0, 1]))
    with pytest.raises(DataError, match="one-hot"):
        next(generator.flow(x))


def test_random_crops_of_one_size_change_the_shape_and_of_two_are_refused():
    x = np.zeros((4, 8, 8, 3), np.uint8)
    assert next(ImageDataGenerator(augment=augment.CenterCrop(height=5, width=4)).flow(x)).shape == (4, 5, 4, 3)
    sizes = iter([3, 4, 5, 6])
    uneven = augment.Compose([lambda image: image[: next(sizes)]])
    with pytest.raises(ShapeError, match="different sizes"):
        next(ImageDataGenerator(augment=uneven).flow(x))


def test_an_error_in_a_thread_names_the_file(folder):
    def fails(image):
        raise KeyError("lost")

    generator = ImageDataGenerator(augment=augment.Compose([fails]))
    flow = generator.flow_from_directory(folder, target_size=(4, 4), workers=2, shuffle=False)
    with pytest.raises(DataError, match=r"augment failed on dogs/00\.png: KeyError: 'lost'"):
        list(adapt(flow).batches(0))
    assert not input_threads()


def test_subclasses_with_their_own_steps_are_asked():
    class Mine(ImageDataGenerator):
        def standardize(self, x):
            return super().standardize(x) + 1000

    x = np.zeros((4, 3, 3, 1), np.uint8)
    assert next(Mine(rotation_range=5).flow(x)).min() == 1000

    class Squares(Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array**2

    assert next(Squares(4, 4, False, None)).tolist() == [0, 1, 4, 9]


def test_dtypes_and_formats():
    x = np.random.default_rng(0).random((4, 5, 6, 3))
    assert next(ImageDataGenerator(dtype="float64").flow(x)).dtype == np.float64
    first = ImageDataGenerator(data_format="channels_first", rotation_range=10)
    assert next(first.flow(np.moveaxis(x, -1, 1))).shape == (4, 3, 5, 6)
    assert first.flow(np.moveaxis(x, -1, 1)).image_shape == (3, 5, 6)


def test_settings_are_read_and_not_changed_afterwards():
    generator = ImageDataGenerator(rotation_range=20, zoom_range=0.2, fill_mode="wrap", rescale=0.5)
    assert generator.rotation_range == 20 and generator.zoom_range == [0.8, 1.2]
    assert generator.fill_mode == "wrap" and generator.rescale == 0.5 and generator.featurewise_center is False
    with pytest.raises(ArgumentError, match="rotation_range cannot be changed afterwards"):
        generator.rotation_range = 30


def test_pictures_are_saved_to_be_looked_at(folder, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ArgumentError, match="save_to_dir: there is no folder"):
        ImageDataGenerator().flow_from_directory(folder, save_to_dir=out)
    out.mkdir()
    flow = ImageDataGenerator().flow_from_directory(
        folder, target_size=(9, 9), batch_size=5, save_to_dir=out, save_prefix="gen", save_format="png", shuffle=False
    )
    next(flow)
    saved = sorted(out.iterdir())
    assert len(saved) == 5 and all(path.name.startswith("gen_") and path.suffix == ".png" for path in saved)
    assert cv2.imread(str(saved[0])).shape == (9, 9, 3)


# Cache and threads ----------------------------------------------------------------------------------------------------


def test_each_file_is_decoded_once(folder, monkeypatch):
    from anmok.data import cache

    decoded = []
    real = cache.resize.load
    monkeypatch.setattr(cache.resize, "load", lambda path, **how: decoded.append(path) or real(path, **how))
    flow = ImageDataGenerator(**COURSE).flow_from_directory(folder, target_size=(8, 8), cache="memory")
    epochs_of(flow, epochs=3, workers=2)
    assert len(decoded) == len(set(decoded)) == 21
    again = ImageDataGenerator().flow_from_directory(folder, target_size=(8, 8), cache=False)
    epochs_of(again, epochs=2)
    assert len(decoded) == 21 + 42


def test_a_changed_file_is_decoded_again(folder):
    flow = ImageDataGenerator().flow_from_directory(folder, target_size=(4, 4), shuffle=False, cache="memory")
    assert next(flow)[0][0, 0, 0, 0] == 100
    write(folder / "dogs" / "00.png", shade=77, size=(30, 30))
    assert next(flow)[0][0, 0, 0, 0] == 77


def input_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("anmok-batches")]


def test_an_epoch_left_early_leaves_no_thread_behind(folder):
    flow = ImageDataGenerator(**COURSE).flow_from_directory(folder, target_size=(8, 8), batch_size=2, workers=3)
    batches = adapt(flow).batches(0)
    next(batches)
    assert input_threads()
    batches.close()
    assert not input_threads()


def test_ctrl_c_in_training_leaves_no_thread_behind(folder):
    from anmok.callbacks import LambdaCallback

    def interrupt(batch, logs):
        raise KeyboardInterrupt

    model = models.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    flow = ImageDataGenerator(**COURSE).flow_from_directory(folder, target_size=(8, 8), batch_size=2, workers=3)
    with pytest.raises(KeyboardInterrupt):
        model.fit(flow, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=interrupt)])
    gc.collect()
    assert not input_threads()


def test_threads_are_ahead_by_no_more_than_asked():
    made = []

    class Slowly(Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            made.append(int(index_array[0]))
            return np.zeros((1, 1)), np.zeros(1)

    batches = adapt(Slowly(40, 1, False, None, workers=2, max_queue_size=5)).batches(0)
    next(batches)
    time.sleep(0.2)
    assert 5 <= len(made) <= 7
    batches.close()


def test_training_is_the_same_with_and_without_threads(folder):
    def history(**how):
        random.set_seed(3)
        model = models.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")])
        model.compile("sgd", "categorical_crossentropy")
        flow = ImageDataGenerator(**COURSE).flow_from_directory(folder, target_size=(8, 8), batch_size=4)
        return model.fit(flow, epochs=3, verbose=0, **how).history["loss"]

    assert history(workers=0) == history(workers=4, max_queue_size=3) == history()


def test_predicting_on_a_shuffled_flow_is_remarked(folder):
    forget()
    model = models.Sequential([layers.Input((4, 4, 3)), layers.Flatten(), layers.Dense(1)])
    flow = ImageDataGenerator().flow_from_directory(folder, target_size=(4, 4))
    with pytest.warns(AnmokWarning, match="shuffle=False"):
        model.predict(flow, verbose=0)


def test_one_hot_rows():
    assert file_flow.one_hot([1, [0, 2], []], 3, "float32").tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0]]
