import struct
import zlib

import cv2
import numpy as np
import pytest

from anmok.runs import recipes, sources


@pytest.fixture
def bars(monkeypatch):
    """In the place of every source: 16 x 16 noise with a bright bar, lying (class 0) or standing (class 1)."""
    rng = np.random.default_rng(0)

    def draw(count):
        images = rng.integers(0, 100, (count, 16, 16, 1), np.uint8)
        labels = np.arange(count) % 2
        for image, label in zip(images, labels, strict=True):
            at = rng.integers(1, 13)
            image[(slice(at, at + 3), slice(None)) if label == 0 else (slice(None), slice(at, at + 3))] = 255
        return images, labels

    images = sources.Images(*draw(200), *draw(60), classes=("lying", "standing"))
    monkeypatch.setattr(sources, "load", lambda name: images)
    return images


@pytest.fixture
def config(bars):
    return recipes.configure("mnist", model="small", epochs=3, batch_size=20, learning_rate=0.01)


COLORS = {"바다": (30, 60, 220), "rust": (200, 70, 30), "숲": (40, 170, 60)}


def draw_color(name, number, *, height=40, width=48):
    """A noisy picture of one colour, uint8 RGB (height, width, 3)."""
    noise = np.random.default_rng([len(name), ord(name[0]), number]).integers(-30, 30, (height, width, 3))
    return np.clip(np.array(COLORS[name]) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def paint():
    """paint(folder, counts): a folder per colour with so many pictures, PNG and JPEG by turns; returns the folder."""

    def painted(folder, counts=None):
        for name, count in (counts or dict.fromkeys(COLORS, 20)).items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                suffix = (".png", ".jpg")[number % 2]
                data = cv2.imencode(suffix, draw_color(name, number)[..., ::-1])[1].tobytes()
                (folder / name / f"사진 {number:02d}{suffix}").write_bytes(data)
        return folder

    return painted


@pytest.fixture
def bomb():
    """A PNG that says it has 30,000 x 30,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
