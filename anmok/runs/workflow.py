"""The story of a training: load, split, build, train, evaluate, write. Printing and the report are the caller's."""

import time

import numpy as np

from anmok import optimizers, random, schedules
from anmok.augment import preset
from anmok.callbacks import Callback
from anmok.evaluate import calibration, classes, intervals
from anmok.models import load_model
from anmok.runs import environment, material, networks, pictures, transfer

PICTURES = 20  # mistakes whose pixels the run folder keeps
_TUNING_PRESET = "light"
_TUNING_RATE = 1 / 30  # of the head's learning rate: large steps would undo what ImageNet taught


class Recorder(Callback):
    """Writes each epoch to the run folder, and the model whenever validation loss has not been lower."""

    def __init__(self, run):
        super().__init__()
        self.run, self.best, self.began = run, np.inf, None

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        measured = {name: float(value) for name, value in (logs or {}).items()}
        seconds = round(time.perf_counter() - self.began, 3)
        if measured["val_loss"] <= self.best:
            self.best = measured["val_loss"]
            self.run.save_model(self.model)
        self.run.append_history({"epoch": epoch + 1, **measured, "seconds": seconds})


def train(run, *, found=None, callbacks=(), tell=None):
    """Carry out the config of a new RunFolder, which then holds everything that is known; returns the metrics.

    found: the Pictures at the config's source, where they have been looked for already. tell: hears how it goes on
    before the training: tell.reading(done, total) of pictures, tell.ready(run) when all is known of them.
    Stopped half way (KeyboardInterrupt, a kill), the folder holds the epochs so far and the best model among them.
    """
    config = run.config
    random.set_seed(config.seed)
    run.environment = environment.describe()
    ready = _material(config, found, tell)
    _describe(run, ready)
    if tell is not None:
        tell.ready(run)

    model = networks.build(config, ready.shape, len(ready.classes))
    listeners = [Recorder(run), *callbacks]
    _fit(model, ready.training, ready.validation, config, epochs=(0, config.epochs), callbacks=listeners)
    measured = evaluate(run, tested=ready.tested)
    return _tune_finely(run, ready, measured, listeners) if config.fine_tune else measured


def _fit(model, batches, validation, config, *, epochs, callbacks, rate=1.0):
    """Train from epoch to epoch (from 0, the last not included); rate: a part of the config's learning rate."""
    first, last = epochs
    schedule = schedules.OneCycle(rate * config.learning_rate, (last - first) * len(batches))
    model.compile(
        optimizers.AdamW(schedule, weight_decay=config.weight_decay),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        batches,
        validation_data=validation,
        initial_epoch=first,
        epochs=last,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )


def _tune_finely(run, ready, before, callbacks):
    """Train the last blocks of the best model too, at a low rate and on varied pictures; returns the metrics.

    They say under "fine_tuning" what that gained on the test images, which both models were tested on.
    """
    config = run.config
    _, untuned = run.predictions
    model, best = load_model(run.trained_model()), min(row["val_loss"] for row in run.history)
    transfer.unfreeze(model)
    varied = ready.training.changed_by(preset(_TUNING_PRESET))
    epochs = (config.epochs, config.all_epochs)
    _fit(model, varied, ready.validation, config, epochs=epochs, callbacks=callbacks, rate=_TUNING_RATE)
    measured = evaluate(run, tested=ready.tested)
    _, tuned = run.predictions
    labels = ready.tested.labels
    low, high = intervals.paired_interval(untuned.argmax(1) == labels, tuned.argmax(1) == labels)
    gain = measured["accuracy"] - before["accuracy"]
    kept = min(row["val_loss"] for row in run.history) < best
    tuning = {"kept": kept, "before": before["accuracy"], "gain": gain, "gain_95": [low, high]}
    run.metrics = measured | {"fine_tuning": tuning}
    return run.metrics


def evaluate(run, *, tested=None):
    """Measure a run's best model on its test images, write what comes out; returns the metrics."""
    tested = tested or material.tested_again(run)
    probabilities = predict(run, tested.batches)
    measured = measure(tested.labels, probabilities, names=run.classes["names"])
    run.write_predictions(tested.labels, probabilities, files=tested.files)
    for index in classes.worst_mistakes(tested.labels, probabilities, count=PICTURES):
        run.write_picture(int(index), tested.picture(int(index)))
    run.metrics = measured
    return measured


def predict(run, images):
    """Probabilities float32 (N, K) that a run's best model gives images, uint8 (N, H, W, C) or a PyDataset of them."""
    inputs = images.astype(np.float32) if isinstance(images, np.ndarray) else images
    return np.asarray(load_model(run.trained_model()).predict(inputs, verbose=0))


def _material(config, found, tell):
    if not config.is_of_pictures:
        return material.of_arrays(config)
    found = found or pictures.find(config.source, strict=config.strict)
    return material.of_pictures(found, config, tell=None if tell is None else tell.reading)


def _describe(run, ready):
    """Write what goes in to the run folder."""
    classes = {"names": ready.classes, "shape": ready.shape, "border": round(ready.border, 1)}
    run.classes = classes if ready.fitting is None else classes | {"fitting": ready.fitting}
    run.samples = ready.rows
    if ready.skipped is not None:
        run.skipped = ready.skipped


def measure(labels, probabilities, *, names):
    """dict for metrics.json, of labels int (N,) and probabilities (N, K)."""
    confusion = classes.confusion_matrix(labels, probabilities.argmax(axis=1), classes=len(names))
    right = int(np.trace(confusion))
    low, high = intervals.wilson_interval(right, len(labels))
    per_class = {key: values.tolist() for key, values in classes.class_report(confusion).items()}
    return {
        "images": len(labels),
        "right": right,
        "accuracy": right / len(labels),
        "accuracy_95": [low, high],
        "calibration_error": calibration.expected_calibration_error(labels, probabilities),
        "classes": [{"name": name} | {k: v[i] for k, v in per_class.items()} for i, name in enumerate(names)],
        "confusion": confusion.tolist(),
    }
