"""Layers made with the arguments of Keras 1 and 2 are the layers that today's arguments make."""

import pytest

from anmok import initializers, layers, notices, regularizers
from anmok.errors import ArgumentError, UnknownNameError


def config(layer):
    return {key: value for key, value in layer.get_config().items() if key != "name"}


@pytest.mark.parametrize(
    "old, new",
    [
        (
            lambda: layers.Convolution2D(
                4, 3, 5, border_mode="same", subsample=(2, 2), init="he_normal", W_regularizer=regularizers.l2(0.01)
            ),
            lambda: layers.Conv2D(
                4, (3, 5), 2, "same", kernel_initializer="he_normal", kernel_regularizer=regularizers.l2(0.01)
            ),
        ),
        (lambda: layers.Convolution2D(4, 3, 5), lambda: layers.Conv2D(4, (3, 5))),
        (lambda: layers.Convolution2D(4, 3), lambda: layers.Conv2D(4, 3)),
        (lambda: layers.Conv2D(4, 3, 3, dim_ordering="th"), lambda: layers.Conv2D(4, 3, data_format="channels_first")),
        (
            lambda: layers.Conv2D(nb_filter=4, nb_row=3, nb_col=5, bias=False),
            lambda: layers.Conv2D(4, (3, 5), use_bias=False),
        ),
        (lambda: layers.Conv2D(4, 3, atrous_rate=(2, 2)), lambda: layers.Conv2D(4, 3, dilation_rate=2)),
        (lambda: layers.Conv1D(nb_filter=4, filter_length=3, subsample_length=2), lambda: layers.Conv1D(4, 3, 2)),
        (
            lambda: layers.Dense(output_dim=4, init="uniform", W_constraint="max_norm", b_regularizer="l1"),
            lambda: layers.Dense(
                4, kernel_initializer=initializers.RandomUniform(), kernel_constraint="max_norm", bias_regularizer="l1"
            ),
        ),
        (lambda: layers.Dropout(p=0.25), lambda: layers.Dropout(0.25)),
        (lambda: layers.GaussianNoise(sigma=0.5), lambda: layers.GaussianNoise(0.5)),
        (
            lambda: layers.MaxPooling2D((2, 2), border_mode="same", dim_ordering="tf"),
            lambda: layers.MaxPooling2D(padding="same"),
        ),
        (lambda: layers.MaxPooling1D(pool_length=3, stride=2), lambda: layers.MaxPooling1D(3, 2)),
        (
            lambda: layers.BatchNormalization(mode=0, gamma_init="one", beta_init="zero", fused=True, renorm=False),
            lambda: layers.BatchNormalization(),
        ),
    ],
)  # fmt: skip
def test_old_arguments_mean_todays(old, new):
    assert config(old()) == config(new())


def test_three_numbers_are_strides_where_nothing_is_old():
    assert layers.Conv2D(4, 3, 2).strides == (2, 2)  # as in tf.keras and Keras 3


def test_layers_of_ones_own_hand_old_arguments_on():
    class Wide(layers.Dense):
        def __init__(self, **kwargs):
            super().__init__(output_dim=64, **kwargs)

    assert Wide(init="zero").units == 64


def test_an_old_argument_is_said_once():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"Dense\(init=...\) is an old spelling.*kernel_init") as said:
        layers.Dense(3, init="uniform")
        layers.Dense(3, init="uniform")
    assert len(said) == 1
    assert said[0].filename == __file__
    assert notices.counts["old spelling", "Dense(init=...)"] == 2


def test_what_cannot_be_honoured_is_refused():
    with pytest.raises(ArgumentError, match="mode=1 cannot be honoured: feature-wise"):
        layers.BatchNormalization(mode=1)
    with pytest.raises(ArgumentError, match="Got init and kernel_initializer"):
        layers.Dense(3, init="uniform", kernel_initializer="zeros")
    with pytest.raises(UnknownNameError, match="subsample"):
        layers.Dense(3, subsample=2)
