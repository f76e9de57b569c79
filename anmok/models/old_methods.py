"""Methods that models had in Keras 1 and 2, as calls of today's."""

import itertools
import math

from anmok.errors import ArgumentError, DataError
from anmok.notices import old_spelling


class OldMethods:
    """What a Trainer understands beyond today's methods."""

    def fit_generator(self, generator, steps_per_epoch=None, epochs=1, **more):
        """Keras 2's name for `fit` on a generator; Keras 1 counted samples_per_epoch and nb_val_samples."""
        old_spelling("fit_generator", "fit")
        generator, steps_per_epoch = _in_batches(generator, more, "samples_per_epoch", steps_per_epoch)
        validation, steps = more.get("validation_data"), more.get("validation_steps")
        if more.get("nb_val_samples") is not None:
            validation, steps = _in_batches(validation, more, "nb_val_samples", steps)
            more.update(validation_data=validation, validation_steps=steps)
        return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **more)

    def evaluate_generator(self, generator, steps=None, **more):
        """Keras 2's name for `evaluate` on a generator."""
        old_spelling("evaluate_generator", "evaluate")
        generator, steps = _in_batches(generator, more, "val_samples", steps)
        more.setdefault("verbose", 0)
        return self.evaluate(generator, steps=steps, **more)

    def predict_generator(self, generator, steps=None, **more):
        """Keras 2's name for `predict` on a generator."""
        old_spelling("predict_generator", "predict")
        generator, steps = _in_batches(generator, more, "val_samples", steps)
        more.setdefault("verbose", 0)
        return self.predict(generator, steps=steps, **more)

    def predict_classes(self, x, batch_size=None, verbose=0):
        """Class numbers, (N,), or (N, 1) for one sigmoid unit as in Keras 2."""
        old_spelling("predict_classes", "predict(x).argmax(-1)")
        scores = self.predict(x, batch_size=batch_size, verbose=verbose)
        return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")

    def predict_proba(self, x, batch_size=None, verbose=0):
        """Keras 2's name for `predict`."""
        old_spelling("predict_proba", "predict")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def reset_states(self):
        """Nothing to do: no layer here keeps a state from one batch to the next."""

    def _make_predict_function(self):
        """Nothing to do: programs with threads called it so that TensorFlow made its graph beforehand."""

    make_predict_function = make_test_function = make_train_function = _make_predict_function

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Refused: Keras 3 writes a SavedModel, a graph of TensorFlow's."""
        raise ArgumentError("export: SavedModels are TensorFlow's own; use model.save, or torch.onnx.export.")

    def to_yaml(self, **kwargs):
        """Refused, as by TensorFlow since 2.6: reading YAML could run code."""
        raise ArgumentError("to_yaml: models are not written as YAML any more; use to_json and model_from_json.")


def _in_batches(source, more, name, steps):
    """(source, steps), the steps out of Keras 1's number of samples under `name` where `more` has it."""
    samples = more.pop(name, None)
    if samples is None:
        return source, steps
    old_spelling(f"{name}=", "a number of batches", stacklevel=5)
    size = getattr(source, "batch_size", None)
    if not isinstance(size, int):
        if not hasattr(source, "__next__"):
            raise ArgumentError(f"{name}={samples} counts samples: pass the number of batches instead.")
        first = next(source, None)
        if first is None:
            raise DataError("The generator yields nothing.")
        size = len(first[0] if isinstance(first, (tuple, list)) else first)
        source = itertools.chain([first], source)
    return source, math.ceil(samples / size)
