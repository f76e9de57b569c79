import collections
import gc
import os
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest

from anmok import notices
from anmok.data import cache, pixel_rows
from anmok.data.cache import DecodedImages
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError, ShapeError
from anmok.images import resize

SIZE = (9, 7)
BYTES = 9 * 7 * 3


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    notices.forget()
    return tmp_path / "home"


@pytest.fixture
def decoded(monkeypatch):
    """How often each file was decoded."""
    counts, lock, load = collections.Counter(), threading.Lock(), resize.load

    def counted(source, **options):
        with lock:
            counts[os.path.basename(source)] += 1
        return load(source, **options)

    monkeypatch.setattr(resize, "load", counted)
    return counts


def images(folder, count, side=12):
    folder.mkdir(exist_ok=True)
    paths = []
    for i in range(count):
        pixels = np.random.default_rng(i).integers(0, 256, (side, side + i % 3, 3), np.uint8)
        paths.append(folder / f"{i}.png")
        paths[-1].write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return paths


def changed(path, seed=99):
    """Write other pixels to a file, at another time."""
    pixels = np.random.default_rng(seed).integers(0, 256, (15, 15, 3), np.uint8)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    os.utime(path, ns=(1, os.stat(path).st_mtime_ns + 1_000_000_007))


def expected(path, **options):
    return resize.load(os.fspath(path), **{"size": SIZE, **options})


def stored(home):
    folder = home / "cache" / "images"
    return sorted(os.listdir(folder)) if folder.is_dir() else []


@pytest.mark.parametrize("store", ["auto", "memory", "disk"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"color_mode": "grayscale", "interpolation": "bilinear"},
        {"color_mode": "rgba", "keep_aspect_ratio": True, "interpolation": "lanczos"},
    ],
)
def test_each_file_is_decoded_once_and_rightly(tmp_path, decoded, store, options):
    paths = images(tmp_path / "x", 5)
    truth = [expected(path, **options) for path in paths]
    decoded.clear()
    with DecodedImages(paths, size=SIZE, store=store, **options) as kept:
        assert len(kept) == 5 and kept.ready_count == 0
        for _ in range(3):
            for i in (3, 0, 4, 1, 2):
                image = kept.read(i)
                assert image.dtype == np.uint8 and np.array_equal(image, truth[i])
        assert kept.ready_count == 5 and kept.store == ("disk" if store == "disk" else "memory")
        assert set(decoded.values()) == {1} and len(decoded) == 5


@pytest.mark.parametrize("store", [None, False])
def test_without_a_store_every_read_decodes(tmp_path, decoded, home, store):
    kept = DecodedImages(images(tmp_path / "x", 1), size=SIZE, store=store)
    assert [kept.read(0).shape for _ in range(3)] == [(*SIZE, 3)] * 3
    assert decoded == {"0.png": 3} and kept.store is None and kept.ready_count == 0 and not home.exists()


def test_images_of_their_own_size_are_not_kept(tmp_path, decoded):
    paths = images(tmp_path / "x", 2)
    kept = DecodedImages(paths, size=None)
    assert kept.store is None and [kept.read(i).shape for i in (0, 1, 1)] == [(12, 12, 3), (12, 13, 3), (12, 13, 3)]
    with pytest.raises(ArgumentError, match="store='disk' needs a size"):
        DecodedImages(paths, size=None, store="disk")


@pytest.mark.parametrize("store", ["memory", "disk", None])
def test_what_is_read_cannot_be_written_to(tmp_path, store):
    kept = DecodedImages(images(tmp_path / "x", 1), size=SIZE, store=store)
    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            kept.read(0)[0, 0] = 0


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_eight_threads_get_the_same_bytes_and_decode_once(tmp_path, decoded, store):
    paths = images(tmp_path / "x", 40)
    truth = np.stack([expected(path) for path in paths])
    decoded.clear()
    kept, wrong, together = DecodedImages(paths, size=SIZE, store=store), [], threading.Barrier(8)

    def read(seed):
        together.wait()
        for i in np.random.default_rng(seed % 4).integers(0, 40, 400):
            if not np.array_equal(kept.read(int(i)), truth[i]):
                wrong.append(i)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and kept.ready_count == 40 and set(decoded.values()) == {1}


def test_threads_decode_different_images_at_the_same_time(tmp_path, monkeypatch):
    both = threading.Barrier(2, timeout=10)
    load = resize.load
    monkeypatch.setattr(resize, "load", lambda source, **options: (both.wait(), load(source, **options))[1])
    kept = DecodedImages(images(tmp_path / "x", 2), size=SIZE, store="disk")
    threads = [threading.Thread(target=kept.read, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.ready_count == 2  # a lock around decoding would have broken the barrier


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_a_changed_file_is_decoded_again(tmp_path, store, home):
    paths = images(tmp_path / "x", 3)
    kept = DecodedImages(paths, size=SIZE, store=store)
    before = kept.read(1).copy()
    kept.read(0)
    changed(paths[1])
    changed(paths[2])
    for _ in range(2):
        assert np.array_equal(kept.read(1), expected(paths[1])) and not np.array_equal(kept.read(1), before)
        assert np.array_equal(kept.read(2), expected(paths[2]))
    assert kept.ready_count == 2  # image 2 changed before it was read and is never kept
    kept.close()
    assert stored(home) == []


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_a_file_that_changes_while_it_is_decoded_is_not_kept(tmp_path, monkeypatch, store):
    paths = images(tmp_path / "x", 1)
    kept, load = DecodedImages(paths, size=SIZE, store=store), resize.load

    def late(source, **options):
        image = load(source, **options)
        changed(paths[0])
        return image

    monkeypatch.setattr(resize, "load", late)
    kept.read(0)
    monkeypatch.setattr(resize, "load", load)
    assert kept.ready_count == 0 and np.array_equal(kept.read(0), expected(paths[0]))


@pytest.mark.parametrize("store", ["memory", "disk", None])
def test_an_unreadable_file_is_named_at_every_read_and_never_kept(tmp_path, store):
    paths = images(tmp_path / "x", 3)
    paths[1].write_bytes(b"no pixels")
    kept = DecodedImages([*paths, tmp_path / "gone.png"], size=SIZE, store=store)
    os.unlink(paths[2])
    for _ in range(2):
        with pytest.raises(FileFormatError, match=r"1\.png"):
            kept.read(1)
        with pytest.raises(MissingFileError, match=r"2\.png"):
            kept.read(2)
        with pytest.raises(MissingFileError, match=r"gone\.png"):
            kept.read(3)
    kept.read(0)
    assert kept.ready_count == (1 if store else 0)


def test_a_disk_cache_is_complete_without_the_unreadable_ones(tmp_path, home, decoded):
    paths = images(tmp_path / "x", 3)
    paths[1].write_bytes(b"no pixels")
    truth = expected(paths[2])
    with DecodedImages(paths, size=SIZE, store="disk") as first:
        first.read(0), first.read(2)
        with pytest.raises(FileFormatError):
            first.read(1)
    assert [name[-4:] for name in stored(home)] == [".npy"]
    decoded.clear()
    second = DecodedImages(paths, size=SIZE, store="disk")
    assert second.ready_count == 2 and np.array_equal(second.read(2), truth) and not decoded
    with pytest.raises(FileFormatError, match=r"1\.png"):
        second.read(1)
    changed(paths[1])
    assert np.array_equal(second.read(1), expected(paths[1])) and second.ready_count == 2


def test_a_file_that_vanishes_is_not_served_from_memory(tmp_path):
    paths = images(tmp_path / "x", 1)
    kept = DecodedImages(paths, size=SIZE)
    kept.read(0)
    os.unlink(paths[0])
    with pytest.raises(MissingFileError, match=r"0\.png"):
        kept.read(0)


def test_wrong_pixels_are_refused_rather_than_spread(tmp_path, monkeypatch):
    kept = DecodedImages(images(tmp_path / "x", 1), size=SIZE)
    monkeypatch.setattr(resize, "load", lambda *args, **options: np.zeros((9, 7, 1), np.uint8))
    with pytest.raises(ShapeError, match=r"0\.png: expected uint8 \(9, 7, 3\), got uint8 \(9, 7, 1\)"):
        kept.read(0)


def test_caches_in_memory_share_one_budget(tmp_path):
    paths = images(tmp_path / "x", 4)
    before, budget = pixel_rows.memory_in_use(), pixel_rows.memory_in_use() + 10 * BYTES
    one, two = (DecodedImages(paths, size=SIZE, budget=budget) for _ in range(2))
    assert one.store == two.store == "memory" and pixel_rows.memory_in_use() == before + 8 * BYTES
    three = DecodedImages(paths, size=SIZE, budget=budget)
    assert three.store == "disk" and pixel_rows.memory_in_use() == before + 8 * BYTES
    one.close()
    one.close()
    assert pixel_rows.memory_in_use() == before + 4 * BYTES
    four = DecodedImages(paths, size=SIZE, budget=budget)
    assert four.store == "memory"
    four.itself = four  # only the collector of garbage finds it
    del two, four
    assert DecodedImages(paths, size=SIZE, store="memory", budget=before + 4 * BYTES).store == "memory"
    gc.collect()
    assert pixel_rows.memory_in_use() == before
    with pytest.raises(DataError, match="cannot be kept in memory: 756 bytes of memory are needed; "):
        DecodedImages(paths, size=SIZE, store="memory", budget=before + 755)
    assert pixel_rows.memory_in_use() == before


def test_auto_goes_by_the_stated_budget(tmp_path, monkeypatch):
    paths = images(tmp_path / "x", 4)
    assert cache.MEMORY_BUDGET == 2**30 and cache.DISK_BUDGET == 20 * 2**30
    monkeypatch.setattr(cache, "MEMORY_BUDGET", 100)
    assert DecodedImages(paths, size=SIZE).store == "disk"
    assert DecodedImages(paths, size=SIZE, store="memory").store == "memory"


def test_without_room_auto_does_without_and_disk_says_so(tmp_path, monkeypatch, decoded):
    paths = images(tmp_path / "x", 4)
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(pixel_rows.shutil, "disk_usage", lambda folder: usage(9999, 9999 - 1519, 1519))
    with pytest.warns(notices.AnmokWarning, match="760 bytes are needed and twice that should be free; 1,519 are"):
        kept = DecodedImages(paths, size=SIZE, budget=0)
    assert kept.store is None and [kept.read(0).shape for _ in range(2)] == [(*SIZE, 3)] * 2 and decoded["0.png"] == 2
    with pytest.raises(DataError, match=r"cannot be kept on disk: .*1,519 are\. store=None does without"):
        DecodedImages(paths, size=SIZE, store="disk")
    monkeypatch.setattr(pixel_rows.shutil, "disk_usage", lambda folder: usage(9999, 9999 - 1520, 1520))
    assert DecodedImages(paths, size=SIZE, budget=0).store == "disk"
    monkeypatch.setattr(cache, "DISK_BUDGET", 759)
    with pytest.raises(DataError, match="760 bytes are needed; all caches may take 759"):
        DecodedImages(paths, size=SIZE, store="disk")


def test_a_disk_that_fills_later_ends_the_keeping_alone(tmp_path, monkeypatch):
    paths = images(tmp_path / "x", 2)
    kept = DecodedImages(paths, size=SIZE, store="disk")
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(pixel_rows.shutil, "disk_usage", lambda folder: usage(9999, 9999, 0))
    with pytest.warns(notices.AnmokWarning, match="not kept on disk: .* 0 are"):
        kept.read(0)
    assert np.array_equal(kept.read(0), expected(paths[0])) and kept.ready_count == 0


def test_a_complete_cache_is_used_by_the_next_one_without_decoding(tmp_path, decoded, home):
    paths = images(tmp_path / "x", 3)
    truth = [expected(path) for path in paths]
    with DecodedImages(paths, size=SIZE, store="disk") as first:
        first.read(0), first.read(1)
        assert [name[-5:] for name in stored(home)] == [".part"]
        first.read(2)
        (name,) = stored(home)
        assert name.endswith(".npy") and np.array_equal(first.read(2), truth[2])
    decoded.clear()
    second = DecodedImages(paths, size=SIZE, store="disk")
    assert second.ready_count == 3 and all(np.array_equal(second.read(i), truth[i]) for i in range(3)) and not decoded
    script = (
        "import sys; from anmok.images import resize; resize.load = None\n"
        "from anmok.data.cache import DecodedImages\n"
        f"kept = DecodedImages(sys.argv[1:], size={SIZE}, store='disk')\n"
        "print([int(kept.read(i).sum()) for i in range(3)])"
    )
    done = subprocess.run([sys.executable, "-c", script, *map(str, paths)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([int(image.sum()) for image in truth])


@pytest.mark.parametrize(
    "change",
    [
        {"size": (7, 9)},
        {"color_mode": "grayscale"},
        {"interpolation": "bilinear"},
        {"keep_aspect_ratio": True},
        {"paths": 2},
        {"order": True},
        {"file": True},
        {"version": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_decides_the_pixels_decides_the_cache(tmp_path, change, monkeypatch):
    paths = images(tmp_path / "x", 3)
    with DecodedImages(paths, size=SIZE, store="disk") as first:
        [first.read(i) for i in range(3)]
    options = {"size": SIZE, **{k: v for k, v in change.items() if k not in ("paths", "order", "file", "version")}}
    if "paths" in change:
        paths = paths[:2]
    if "order" in change:
        paths = paths[::-1]
    if "file" in change:
        changed(paths[1])
    if "version" in change:
        monkeypatch.setattr(cache, "DECODING", cache.DECODING + 1)
    second = DecodedImages(paths, store="disk", **options)
    assert second.ready_count == 0
    assert all(np.array_equal(second.read(i), expected(path, **options)) for i, path in enumerate(paths))


def test_a_killed_process_leaves_nothing_that_is_trusted(tmp_path, home, decoded):
    paths = images(tmp_path / "x", 4)
    script = (
        "import os, sys; from anmok.data.cache import DecodedImages\n"
        f"kept = DecodedImages(sys.argv[1:], size={SIZE}, store='disk')\n"
        "[kept.read(i) for i in range(3)]; os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", script, *map(str, paths)], check=False)
    assert done.returncode == 9
    (left,) = stored(home)
    assert left.endswith(".part")
    kept = DecodedImages(paths, size=SIZE, store="disk")
    assert kept.ready_count == 0
    assert all(np.array_equal(kept.read(i), expected(path)) for i, path in enumerate(paths))
    assert len(stored(home)) == 2
    kept.close()
    folder = home / "cache" / "images"
    os.utime(folder / left, (time.time() - 90_000,) * 2)
    DecodedImages(paths[:1], size=SIZE, store="disk").close()
    assert left not in stored(home) and len(stored(home)) == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: b"x" * len(data)])
def test_a_damaged_cache_is_written_anew(tmp_path, home, damage):
    paths = images(tmp_path / "x", 2)
    with DecodedImages(paths, size=SIZE, store="disk") as first:
        [first.read(i) for i in range(2)]
    (name,) = stored(home)
    file = home / "cache" / "images" / name
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    with DecodedImages(paths, size=SIZE, store="disk") as second:
        assert second.ready_count == 0 and np.array_equal(second.read(1), expected(paths[1]))
        second.read(0)
    assert file.read_bytes() == whole


def test_the_longest_unused_cache_makes_room(tmp_path, home, monkeypatch):
    folder = home / "cache" / "images"
    paths = {name: images(tmp_path / name, 2) for name in "abcd"}

    def filled(name):
        """The name of the file that keeps the images of that folder, when it was not there before."""
        before = set(stored(home))
        with DecodedImages(paths[name], size=(50, 50), store="disk") as kept:
            [kept.read(i) for i in range(2)]
        return next(iter(set(stored(home)) - before), None)

    a, b, c = filled("a"), filled("b"), filled("c")
    for age, name in ((300, b), (200, a), (100, c)):
        os.utime(folder / name, (time.time() - age,) * 2)
    assert filled("b") is None  # used again: now a is the longest unused
    monkeypatch.setattr(cache, "DISK_BUDGET", 4 * 50 * 50 * 3 * 2 - 1)
    assert {filled("d"), b, c} == set(stored(home))


def test_closing_gives_everything_back_and_reading_goes_on(tmp_path, home, decoded):
    paths = images(tmp_path / "x", 3)
    before = pixel_rows.memory_in_use()
    for store in ("memory", "disk"):
        kept = DecodedImages(paths, size=SIZE, store=store)
        view = kept.read(0)
        copy = view.copy()
        kept.close()
        kept.close()
        assert kept.store is None and kept.ready_count == 0 and np.array_equal(view, copy)
        decoded.clear()
        assert np.array_equal(kept.read(0), copy) and decoded["0.png"] == 1
    assert pixel_rows.memory_in_use() == before and stored(home) == []
    forgotten = DecodedImages(paths, size=SIZE, store="disk")
    forgotten.read(0)
    assert len(stored(home)) == 1
    del forgotten
    gc.collect()
    assert stored(home) == []


def test_two_of_one_process_write_apart(tmp_path, home):
    paths = images(tmp_path / "x", 2)
    one, two = (DecodedImages(paths, size=SIZE, store="disk") for _ in range(2))
    one.read(0), two.read(1)
    assert len(stored(home)) == 2
    one.read(1), two.read(0)
    assert len(stored(home)) == 1
    for kept in (one, two):
        assert all(np.array_equal(kept.read(i), expected(path)) for i, path in enumerate(paths))
    one.close(), two.close()
    assert len(stored(home)) == 1


def test_wrong_arguments_are_refused(tmp_path):
    paths = images(tmp_path / "x", 1)
    with pytest.raises(ArgumentError, match=r"Unknown store 'ram'.*Known: auto, disk, memory, None"):
        DecodedImages(paths, size=SIZE, store="ram")
    with pytest.raises(ArgumentError, match=r"Unknown color_mode 'rbg'\. Did you mean 'rgb'"):
        DecodedImages(paths, size=SIZE, color_mode="rbg")
    with pytest.raises(ArgumentError, match="Unknown interpolation 'bilinaer'"):
        DecodedImages(paths, size=SIZE, interpolation="bilinaer")
    with pytest.raises(ArgumentError, match="size: expected"):
        DecodedImages(paths, size=(0, 5))
    with pytest.raises(ArgumentError, match="budget of 0 bytes or more, got -1"):
        DecodedImages(paths, size=SIZE, budget=-1)
    kept = DecodedImages(paths, size=SIZE)
    for index in (1, -1):
        with pytest.raises(IndexError, match=f"Image {index} of 1"):
            kept.read(index)
    assert len(DecodedImages([], size=SIZE, store="disk")) == 0
