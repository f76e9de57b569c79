"""Lessons whose figures are exact: convolution, pooling, filters, optimizers, activations."""

import numpy as np
import pytest


def test_the_course_example_of_a_convolution_comes_out_exactly(quick):
    figures, folder = quick("convolution")
    assert np.loadtxt(folder / "result.txt").tolist() == [[4, 8, 4], [5, 5, 6], [8, 5, 9]]
    assert figures["largest difference of loops and Conv2D"] == 0
    assert figures["sizes that the formula has right"] == figures["sizes tried"] > 200


def test_pooling_equals_its_loops_and_keeps_a_thin_line(quick):
    figures, folder = quick("pooling")
    assert figures["largest difference of layers and loops"] <= 1e-4
    assert figures["line after max-pooling"] == 255
    assert figures["line after halving the size"] == pytest.approx(127.5)
    assert (folder / "pooling.png").exists() and (folder / "resize.png").exists()


def test_filters_equal_those_of_others_and_the_median_takes_specks_away(quick):
    figures, folder = quick("filters")
    assert figures["largest difference of Sobel and SciPy's"] <= 1e-3
    assert figures["largest difference of median and OpenCV's"] == 0
    assert figures["error after 5 x 5 median"] < 0.7 * min(
        figures["error of speckled"], figures["error after 5 x 5 mean"]
    )
    assert (folder / "gallery.png").exists() and (folder / "median.png").exists()


def test_each_optimizer_steps_as_its_formula_says(quick):
    figures, folder = quick("gradient_descent")
    for way in ("gradient descent", "momentum", "AdaGrad", "RMSprop", "Adam"):
        assert figures[f"largest distance, {way}"] <= 3e-5, way
    # At a rate of 0.95 the first weight shrinks to 0.905 of itself in each step, the second to -0.9.
    by_hand = (-7 * 0.905**40) ** 2 / 20 + (2 * 0.9**40) ** 2
    assert figures["height after 40 steps, gradient descent"] == pytest.approx(by_hand, rel=1e-9)
    assert (folder / "descent.png").exists()


def test_softmax_sums_to_one_and_knows_distances_only(quick):
    figures, folder = quick("softmax_against_sigmoid")
    assert figures["sum, softmax"] == pytest.approx(1, abs=1e-6) and figures["sum, sigmoid"] > 2.5
    # 1 / (1 + e^-1 + e^-2) - e^-1 / (1 + e^-1 + e^-2); 1 / (1 + e^-4) - 1 / (1 + e^-3)
    assert figures["lead of the best, softmax"] == pytest.approx(0.42051, abs=1e-5)
    assert figures["lead of the best, sigmoid"] == pytest.approx(0.02944, abs=1e-5)
    assert figures["change by 3 points less, softmax"] <= 1e-6 and figures["largest difference to the formulas"] <= 1e-6
    assert (folder / "drinks.png").exists()


def test_sigmoids_do_not_stack_and_linear_layers_are_one(quick):
    figures, folder = quick("activations")
    assert figures["powers of ten that relu moves the first layer farther"] > 4
    assert figures["ten linear layers against one"] <= 1e-5
    assert (folder / "activations.png").exists()
