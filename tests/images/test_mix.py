"""MixUp and CutMix against slow loops, and labels against areas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.images import mix


def batch(count=6, height=9, width=7, channels=3, dtype=np.uint8):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, height, width, channels)).astype(dtype)
    return images, np.eye(4, dtype=np.float32)[rng.integers(0, 4, count)]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_mixup_is_the_weighted_mean(dtype):
    images, labels = batch(dtype=dtype)
    drawn = mix.draw_mixup(np.random.default_rng(1), 6, alpha=1.0)
    mixed, targets = mix.mixup(images, **drawn), mix.mixed_labels(labels, **drawn)
    assert mixed.dtype == dtype and targets.dtype == np.float32
    for k, (partner, share) in enumerate(zip(drawn["partners"], drawn["shares"], strict=True)):
        exact = share * images[k].astype(float) + (1 - share) * images[partner].astype(float)
        assert np.abs(mixed[k] - exact).max() < (0.501 if dtype == np.uint8 else 1e-3)
        assert np.allclose(targets[k], share * labels[k] + (1 - share) * labels[partner], atol=1e-6)
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_cutmix_shares_are_the_areas(height, width, seed):
    count = 4
    images = np.full((count, height, width, 1), np.arange(count)[:, None, None, None], np.uint8)
    drawn = mix.draw_cutmix(np.random.default_rng(seed), images.shape, alpha=1.0)
    mixed = mix.cutmix(images, **drawn)
    targets = mix.mixed_labels(
        np.eye(count), partners=drawn["partners"], shares=mix.box_shares(images.shape, boxes=drawn["boxes"])
    )
    for k in range(count):
        # Each image is of one level, its class: the label is the histogram of the mixed picture.
        assert np.allclose(targets[k], np.bincount(mixed[k].ravel(), minlength=count) / (height * width), atol=1e-6)


def test_partners_are_a_permutation_and_shares_are_beta():
    rng = np.random.default_rng(0)
    drawn = mix.draw_mixup(rng, 20_000, alpha=0.4)
    assert np.array_equal(np.sort(drawn["partners"]), np.arange(20_000))
    # Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
    assert abs(drawn["shares"].mean() - 0.5) < 0.01 and abs(drawn["shares"].var() - 1 / (4 * 1.8)) < 0.003


def test_cutmix_areas_are_uniform_but_for_the_edge():
    drawn = mix.draw_cutmix(np.random.default_rng(0), (20_000, 400, 400, 3), alpha=1.0)
    top, left, bottom, right = drawn["boxes"].T
    assert (bottom >= top).all() and (right >= left).all() and bottom.max() == 400 and top.min() == 0
    whole = (top > 0) & (bottom < 400) & (left > 0) & (right < 400)
    side = np.sqrt((bottom - top) * (right - left) / 160_000)[whole]
    # A square of side s lies inside whole with probability (1 - s)^2, and s^2 is uniform: density 2 s (1 - s)^2.
    density = 12 * (side.mean() - 0.4)  # its mean is B(3, 3) / B(2, 3) = 0.4
    assert abs(density) < 0.1 and 0.15 < whole.mean() < 0.19  # B(2, 3) * 2 = 1/6


@pytest.mark.parametrize("p, changed", [(0.0, 0), (1.0, 1), (0.3, 0.3)])
def test_p_is_each_images_own(p, changed):
    shares = mix.draw_mixup(np.random.default_rng(0), 4000, alpha=1.0, p=p)["shares"]
    assert abs((shares < 1).mean() - changed) < 0.03
    boxes = mix.draw_cutmix(np.random.default_rng(0), (4000, 100, 100, 3), alpha=1.0, p=p)["boxes"]
    assert abs(boxes.any(axis=1).mean() - changed) < 0.03


def test_nothing_drawn_is_nothing_changed():
    images, labels = batch()
    before = images.copy()
    drawn = mix.draw_mixup(np.random.default_rng(0), 6, alpha=1.0, p=0)
    assert np.array_equal(mix.mixup(images, **drawn), images)
    assert np.array_equal(mix.mixed_labels(labels, **drawn), labels)
    cut = mix.draw_cutmix(np.random.default_rng(0), images.shape, alpha=1.0, p=0)
    assert np.array_equal(mix.cutmix(images, **cut), images)
    mix.cutmix(images, **mix.draw_cutmix(np.random.default_rng(0), images.shape, alpha=1.0))
    assert np.array_equal(images, before)
