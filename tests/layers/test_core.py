import numpy as np
import pytest
import torch

from anmok import layers, notices
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.registry import register_keras_serializable


def test_dense_by_hand():
    layer = layers.Dense(2, activation="relu")
    layer(torch.zeros(1, 3))
    layer.set_weights([np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 3.0]]), np.array([0.5, -1.0])])
    # [1, 2, 3] @ kernel = [5, 8]; [-1, 0, 0] @ kernel = [-1, 1]
    result = layer(torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0]]))
    assert result.tolist() == [[5.5, 7.0], [0.0, 0.0]]


def test_dense_works_on_the_last_axis_of_any_rank():
    layer = layers.Dense(4, use_bias=False)
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 6)).astype("float32")
    result = layer(x)
    np.testing.assert_allclose(result.detach(), np.einsum("bhwc,cu->bhwu", x, layer.get_weights()[0]), atol=1e-5)


def test_dense_takes_whole_numbers():
    layer = layers.Dense(2)
    x = np.arange(6, dtype="uint8").reshape(2, 3)
    torch.testing.assert_close(layer(x), layer(x.astype("float32")))


def test_dense_softmax_leaves_its_logits():
    layer = layers.Dense(3, activation="softmax")
    result = layer(torch.ones(2, 4))
    torch.testing.assert_close(torch.softmax(result.logits, -1), result)


def test_dense_wants_the_width_it_was_built_for():
    layer = layers.Dense(2, name="out")
    layer(torch.ones(1, 784))
    with pytest.raises(ShapeError, match=r"Dense 'out': expected last axis 784, got 28 .*: flatten first\?"):
        layer(torch.ones(1, 28, 28))
    with pytest.raises(ShapeError, match="expected last axis 784, got 28"):
        layer(layers.Input((28, 28)))


def test_dense_wants_a_known_width():
    with pytest.raises(ShapeError, match=r"the length of its input's last axis, got shape \(None, None\)"):
        layers.Dense(2)(layers.Input((None,)))


def test_dense_wants_a_batch():
    layer = layers.Dense(2)
    for _ in range(2):
        with pytest.raises(ShapeError, match=r"expected \(batch, ..., features\).*its batch axis: x\[None\]"):
            layer(torch.ones(5))
        layer(torch.ones(1, 5))


@pytest.mark.parametrize("units", [0, -3, 2.5, None, "ten"])
def test_dense_wants_a_number_of_units(units):
    with pytest.raises(ArgumentError, match="units must be a whole number above 0"):
        layers.Dense(units)


@pytest.mark.parametrize("argument", ["lora_rank", "lora_alpha", "quantization_config"])
def test_dense_refuses_what_it_does_not_do(argument):
    with pytest.raises(ArgumentError, match="are not supported; leave them out"):
        layers.Dense(2, **{argument: 4})


def test_an_unknown_argument_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown argument of Dense 'activaton'. Did you mean 'activation'"):
        layers.Dense(2, activaton="relu")
    with pytest.raises(UnknownNameError, match="Did you mean 'momentum'"):
        layers.BatchNormalization(momentun=0.9)
    with pytest.raises(UnknownNameError, match="Did you mean 'noise_shape'"):
        layers.Dropout(0.5, noiseshape=(1, 2))


def test_dense_regularizers_and_constraints_are_kept_on_the_weights():
    layer = layers.Dense(2, kernel_regularizer="l2", bias_constraint="non_neg", activity_regularizer="l1")
    layer(torch.ones(2, 3))
    layer.set_weights([np.full((3, 2), 2.0), np.array([-1.0, 1.0])])
    layer._clear_losses()
    layer(torch.ones(2, 3))
    activity, kernel = layer.losses
    assert float(kernel.detach()) == pytest.approx(0.01 * 6 * 4)
    assert float(activity.detach()) == pytest.approx(0.01 * (5 + 7))
    layer.bias.apply_constraint()
    assert layer.bias.tolist() == [0, 1]


def test_lambda_runs_a_function_and_infers_its_shape():
    layer = layers.Lambda(lambda x, power: (x**power).sum(-1), arguments={"power": 2})
    assert layer(layers.Input((3, 4))).shape == (None, 3)
    assert layer(torch.tensor([[3.0, 4.0]])).tolist() == [25.0]


def test_lambda_believes_a_given_shape():
    def through_numpy(x):
        return torch.from_numpy(np.sort(x.numpy())[:, :2])

    assert layers.Lambda(through_numpy, output_shape=(2,))(layers.Input((5,))).shape == (None, 2)
    layer = layers.Lambda(through_numpy, output_shape=lambda shape: (shape[0], 2))
    assert layer(layers.Input((5,))).shape == (None, 2)
    assert layer(torch.tensor([[3.0, 1.0, 2.0]])).tolist() == [[1.0, 2.0]]
    with pytest.raises(ShapeError, match="Lambda 'sorter' cannot take an input of shape"):
        layers.Lambda(through_numpy, name="sorter")(layers.Input((5,)))


def test_lambda_hands_on_the_phase():
    layer = layers.Lambda(lambda x, training: x + 1 if training else x)
    assert layer(torch.zeros(1), training=True) == 1
    assert layer(torch.zeros(1)) == 0


def test_a_python_lambda_is_not_saved():
    layer = layers.Lambda(lambda x: x, name="own")
    with pytest.raises(ArgumentError, match=r"Lambda 'own' holds a function without a name.*files hold no code.*`def`"):
        layer.get_config()


def test_bytecode_is_not_run():
    config = {"name": "evil", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}
    with pytest.raises(ArgumentError, match="Lambda 'evil' was saved as Python bytecode, which anmok never runs"):
        layers.Lambda.from_config(config)


def test_a_function_is_saved_by_its_name():
    @register_keras_serializable(package="Shop")
    def halved(x):
        return x / 2

    twin = layers.Lambda.from_config(layers.Lambda(halved).get_config())
    assert twin(torch.tensor([3.0])) == 1.5
    relu = layers.Lambda.from_config(layers.Lambda(torch.relu).get_config())
    assert relu(torch.tensor([-3.0])) == 0


def test_a_function_nobody_knows():
    def nobody_knows(x):
        return x

    config = layers.Lambda(nobody_knows).get_config()
    with pytest.raises(ArgumentError, match=r"'nobody_knows', which is not known here. Pass custom_objects="):
        layers.Lambda.from_config(config)
    config = layers.serialize(layers.Lambda(nobody_knows))
    assert layers.deserialize(config, custom_objects={"nobody_knows": nobody_knows}).function is nobody_knows


def test_lambda_refuses_masks_and_values():
    with pytest.raises(ArgumentError, match="masks are not supported"):
        layers.Lambda(abs, mask=[True])
    with pytest.raises(ArgumentError, match="needs a function, got 3"):
        layers.Lambda(3)


def test_leaky_relu_says_its_new_argument_once():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="negative_slope"):
        assert layers.LeakyReLU(alpha=0.5)(torch.tensor([-2.0])) == -1
    assert layers.LeakyReLU(alpha=0.5).get_config()["negative_slope"] == 0.5


@pytest.mark.parametrize(
    "make", [lambda: layers.LeakyReLU(-1), lambda: layers.ReLU(max_value=-1), lambda: layers.ReLU(threshold=None)]
)
def test_negative_settings_are_refused(make):
    with pytest.raises(ArgumentError, match="must be a number >= 0"):
        make()


def test_prelu_wants_known_or_shared_axes():
    with pytest.raises(ShapeError, match=r"shared_axes=\[1, 2\]"):
        layers.PReLU()(layers.Input((None, None, 3)))
    assert layers.PReLU(shared_axes=[1, 2])(layers.Input((None, None, 3))).shape == (None, None, None, 3)
    with pytest.raises(ArgumentError, match=r"shared_axes must lie in 1..2 .* got 3"):
        layers.PReLU(shared_axes=[3])(layers.Input((4, 3)))


def test_softmax_over_a_missing_axis():
    with pytest.raises(ArgumentError, match="axis 2 does not exist in an input of 2 axes"):
        layers.Softmax(axis=2)(layers.Input((4,)))
