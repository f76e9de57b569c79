"""Names under which tf.keras wrote checkpoints and SavedModels go on to work, in files of Keras."""

import numpy as np
import pytest

from anmok import callbacks, layers, models, saving
from anmok.errors import ArgumentError, FileFormatError

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def network():
    model = models.Sequential([layers.Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    return model


def test_a_checkpoint_is_found_by_its_prefix(tmp_path):
    first, second = network(), network()
    first.save_weights(tmp_path / "training" / "cp.ckpt")
    second.load_weights(tmp_path / "training" / "cp.ckpt")
    np.testing.assert_array_equal(second.predict(X, verbose=0), first.predict(X, verbose=0))


def test_the_latest_checkpoint_is_known_by_its_folder(tmp_path):
    assert saving.latest_checkpoint(tmp_path) is None
    saver = callbacks.ModelCheckpoint(str(tmp_path / "cp-{epoch:04d}.ckpt"), save_weights_only=True)
    model = network()
    model.fit(X, X[:, :2], epochs=2, verbose=0, callbacks=[saver])
    latest = saving.latest_checkpoint(tmp_path)
    assert latest == str(tmp_path / "cp-0002.ckpt")
    other = network()
    other.load_weights(latest)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    index = (tmp_path / "checkpoint").read_text()
    assert index.count("all_model_checkpoint_paths") == 2


def test_a_model_is_found_by_its_folder(tmp_path):
    model = network()
    model.save(tmp_path / "saved")
    model.save(tmp_path / "again", save_format="tf")
    for name in ("saved", "again"):
        read = models.load_model(tmp_path / name)
        np.testing.assert_array_equal(read.predict(X, verbose=0), model.predict(X, verbose=0))


def test_save_format_makes_the_file_where_the_name_does_not(tmp_path):
    model = network()
    model.save(tmp_path / "whole", save_format="h5")
    model.save_weights(tmp_path / "weights", save_format="h5")
    assert (tmp_path / "whole").read_bytes()[:4] == (tmp_path / "weights").read_bytes()[:4] == b"\x89HDF"
    read = models.load_model(tmp_path / "whole")
    read.load_weights(tmp_path / "weights")
    np.testing.assert_array_equal(read.predict(X, verbose=0), model.predict(X, verbose=0))


def test_what_only_tensorflow_reads_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(FileFormatError, match="only TensorFlow runs"):
        models.load_model(tmp_path / "real")
    (tmp_path / "cp.ckpt.index").write_bytes(b"")
    with pytest.raises(FileFormatError, match="checkpoint of TensorFlow's own"):
        network().load_weights(tmp_path / "cp.ckpt")
    with pytest.raises(ArgumentError, match="save_format='tf' does not go with"):
        network().save(tmp_path / "m.h5", save_format="tf")
