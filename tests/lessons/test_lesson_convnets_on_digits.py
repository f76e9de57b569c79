"""Convolutional networks on a part of MNIST, with the parameters that the course's summaries print."""


def test_lenet_has_its_parameters_and_learns(quick):
    figures, folder = quick("lenet", "mnist.npz")
    # 6 * 26 + 16 * 151 + 256 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    assert figures["parameters"] == 44_426 and figures["test accuracy"] >= 0.5
    assert (folder / "lenet.png").exists()


def test_a_convnet_learns_digits_from_a_tenth_of_them(quick):
    figures, folder = quick("mnist_convnet", "mnist.npz")
    assert figures["parameters"] == 93_322 and figures["test accuracy"] >= 0.88
    assert (folder / "mistakes.png").exists()


def test_dropout_adds_no_parameters(quick):
    figures, folder = quick("mnist_convnet_dropout", "mnist.npz")
    # With a first filter of 3 x 3 as in the code; the printed summary of the course has 5 x 5 and 225,546.
    assert figures["parameters"] == 225_034
    assert min(figures["test accuracy"], figures["test accuracy without dropout"]) >= 0.6
    assert (folder / "dropout.png").exists()
