"""Dense networks on the real data, for a few epochs."""


def test_a_dense_network_learns_digits_and_says_what_it_confuses(quick):
    figures, folder = quick("mnist_dense", "mnist.npz")
    assert figures["test accuracy"] >= 0.85 and 1 <= figures["epoch of the lowest validation loss"] <= 5
    report = (folder / "report.txt").read_text()
    assert "precision" in report and "10000" in report
    assert (folder / "curves.png").exists() and (folder / "confusion.png").exists()


def test_a_deeper_network_has_more_parameters_and_learns_more_by_heart(quick):
    figures, folder = quick("fashion_dense", "fashion_mnist.npz")
    # 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10, and so on
    assert figures["parameters, shallow"] == 52_650 and figures["parameters, deeper"] == 121_450
    assert min(figures["test accuracy, shallow"], figures["test accuracy, deeper"]) >= 0.75
    assert (folder / "depth.png").exists()


def test_house_prices_are_told_to_3000_dollars_after_a_third_of_the_epochs(quick):
    figures, folder = quick("boston", "boston_housing.npz")
    assert figures["test MAE"] <= 3 and figures["test MAE"] < figures["test root of mean squared error"]
    assert (folder / "boston.png").exists()


def test_the_mean_of_three_folds_lies_between_them(quick):
    figures, folder = quick("boston_kfold", "boston_housing.npz")
    assert figures["test MAE, best fold"] < figures["test MAE, mean of 3 folds"] < figures["test MAE, worst fold"] <= 3
    assert figures["test MAE, the three together"] < figures["test MAE, mean of 3 folds"]
    assert (folder / "folds.png").exists()


def test_any_scaling_is_better_than_none(quick):
    figures, folder = quick("scaling", "boston_housing.npz")
    unscaled = figures.pop("test MAE, unscaled")
    assert list(figures) == ["test MAE, min-max", "test MAE, robust", "test MAE, standard"]
    assert figures["test MAE, standard"] < unscaled and figures["test MAE, robust"] < unscaled
    assert (folder / "scaling.png").exists()


def test_xor_needs_two_layers(quick):
    figures, folder = quick("xor")
    assert figures["points right: and, one layer"] == figures["points right: or, one layer"] == 4
    assert figures["points right: xor, one layer"] <= 3 and figures["points right: xor, two layers"] == 4
    assert (folder / "xor.png").exists()
