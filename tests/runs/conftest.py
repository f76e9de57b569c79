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
    return recipes.configure("mnist", model="convnet", epochs=3, batch_size=20, learning_rate=0.01)
