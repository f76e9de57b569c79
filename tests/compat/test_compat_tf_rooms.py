"""tf.config, random, debugging, errors, train, nest, distribute, compat.v1 and tf.function."""

import numpy as np
import pytest

from anmok import compat, errors


@pytest.fixture
def tf():
    with compat.active():
        import tensorflow

        yield tensorflow


def test_devices(tf):
    assert [device.device_type for device in tf.config.list_physical_devices("CPU")] == ["CPU"]
    gpus = tf.config.experimental.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    assert bool(gpus) == tf.test.is_gpu_available() == bool(tf.test.gpu_device_name())
    with tf.device("/GPU:0"), tf.name_scope("here"), tf.distribute.MirroredStrategy().scope():
        assert float(tf.constant(2.0)) == 2
    assert tf.executing_eagerly() and tf.__version__ == tf.version.VERSION


def test_draws_follow_the_seed(tf):
    def draws():
        tf.random.set_seed(3)
        generator = tf.random.Generator.from_seed(1)
        return [
            tf.random.normal((50,), 2.0, 0.5).numpy(),
            tf.random.uniform((50,), -1, 3).numpy(),
            tf.random.shuffle(tf.range(50)).numpy(),
            generator.normal((4,)).numpy(),
            tf.random.stateless_uniform((4,), seed=(1, 2)).numpy(),
            tf.random.categorical([[0.0, 0.0, -1e9]], 50).numpy(),
        ]

    first, second = draws(), draws()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert abs(first[0].mean() - 2) < 0.4 and first[1].min() >= -1 and first[1].max() < 3
    assert sorted(first[2]) == list(range(50)) and list(first[2]) != list(range(50))
    assert set(first[5].ravel()) == {0, 1}
    np.testing.assert_array_equal(tf.random.stateless_normal((4,), (1, 2)), tf.random.stateless_normal((4,), (1, 2)))


def test_checks(tf):
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_shapes([(tf.zeros((2, 3)), ("B", 3)), (tf.zeros(2), ("B",))])
    for check in (
        lambda: tf.debugging.assert_equal(1, 2, message="not the same"),
        lambda: tf.debugging.assert_near(1.0, 1.1),
        lambda: tf.debugging.assert_rank(tf.zeros((2, 3)), 1),
        lambda: tf.debugging.assert_shapes([(tf.zeros((2, 3)), ("B", 3)), (tf.zeros(3), ("B",))]),
        lambda: tf.debugging.check_numerics(tf.constant([np.nan]), "loss"),
        lambda: tf.Assert(tf.constant(False), ["no"]),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            check()


def test_functions_are_what_they_are(tf):
    calls = []

    class Counter(tf.Module):
        @tf.function
        def add(self, x, y=1):
            calls.append(type(x))
            return x + y

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def double(self, x):
            return x * 2

    counter = Counter()
    assert counter.add(np.array([1.0, 2.0]), y=2).numpy().tolist() == [3, 4]
    assert calls == [tf.Tensor] and counter.add(3) == 4
    assert counter.double([1, 2]).dtype == tf.float32
    with pytest.raises(TypeError, match="Expected TensorSpec"):
        counter.double(tf.zeros((2, 2)))
    assert tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([], tf.float32))(1.0) == 2.0


def test_tensor_arrays_take_many_entries_at_once(tf):
    array = tf.TensorArray(tf.float32, size=3).scatter(tf.constant([2, 0, 1]), [[1.0], [2.0], [3.0]])
    assert array.stack().numpy().tolist() == [[2], [3], [1]]
    assert tf.TensorArray(tf.int32, size=2).split([1, 2, 3], [1, 2]).read(1).numpy().tolist() == [2, 3]


def test_structures(tf):
    nested = {"b": [1, 2], "a": (3,)}
    assert tf.nest.flatten(nested) == [3, 1, 2]
    assert tf.nest.map_structure(lambda x: x * 2, nested) == {"b": [2, 4], "a": (6,)}
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for index in tf.range(3):
        array = array.write(index, tf.cast(index, tf.float32) * 2)
    assert array.stack().numpy().tolist() == [0, 2, 4]


def test_checkpoints(tf, tmp_path):
    def build():
        model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(3)])
        optimizer = tf.keras.optimizers.Adam(0.1)
        optimizer.build(model.trainable_variables)
        step = tf.Variable(0)
        return model, optimizer, step, tf.train.Checkpoint(model=model, optimizer=optimizer, step=step)

    model, optimizer, step, checkpoint = build()
    manager = tf.train.CheckpointManager(checkpoint, tmp_path / "kept", max_to_keep=2)
    assert manager.latest_checkpoint is None
    checkpoint.restore(manager.latest_checkpoint)
    for _ in range(3):
        optimizer.apply_gradients([(tf.ones_like(w), w) for w in model.trainable_variables])
        step.assign_add(1)
        manager.save()
    assert len(manager.checkpoints) == 2 and manager.latest_checkpoint == tf.train.latest_checkpoint(tmp_path / "kept")
    other, its_optimizer, its_step, again = build()
    again.restore(manager.latest_checkpoint).assert_consumed()
    assert its_step.numpy() == 3 and its_optimizer.iterations == 3
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(errors.MissingFileError):
        again.restore(tmp_path / "nothing")


def test_what_is_left_of_tensorflow_1(tf):
    v1 = tf.compat.v1
    v1.disable_eager_execution()
    v1.logging.set_verbosity(v1.logging.ERROR)
    config = v1.ConfigProto()
    config.gpu_options.allow_growth = True
    session = v1.Session(config=config)
    with pytest.raises(errors.AnmokError, match="sessions are gone"):
        session.run(tf.constant(1))
    assert v1.keras.layers.Dense is tf.keras.layers.Dense and tf.compat.as_str(b"x") == "x"


@pytest.mark.parametrize(
    "name", ["lite", "Session", "raw_ops", "nothing_of_that_name", "train.Saver", "config.nothing"]
)
def test_what_is_not_covered_is_named(tf, name):
    with pytest.raises(AttributeError, match=f"anmok does not cover tf.{name}"):
        found = tf
        for part in name.split("."):
            found = getattr(found, part)


def test_every_listed_name_is_there(tf):
    for name in dir(tf):
        getattr(tf, name)
