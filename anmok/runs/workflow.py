"""The story of a training: load, split, build, train, evaluate, write. Printing and the report are the caller's."""

import time

import numpy as np

from anmok import optimizers, random, schedules
from anmok.callbacks import Callback
from anmok.data.batches import AugmentedBatches
from anmok.data.splits import stratified_split
from anmok.evaluate import calibration, classes, intervals
from anmok.models import load_model
from anmok.runs import environment, inputs, recipes, sources

PICTURES = 20  # mistakes whose pixels the run folder keeps


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


def train(run, *, callbacks=()):
    """Carry out the config of a new RunFolder, which then holds everything that is known; returns the metrics.

    Stopped half way (KeyboardInterrupt, a kill), the folder holds the epochs so far and the best model among them.
    """
    config = run.config
    random.set_seed(config.seed)
    run.environment = environment.describe()
    images = sources.load(config.source)
    run.classes = {
        "names": images.classes,
        "shape": images.shape,
        "border": round(inputs.border_mean(images.x_train), 1),
    }
    fit, held = stratified_split(images.y_train, fraction=config.validation_fraction)
    run.samples = _samples(images, fit, held)

    model = recipes.build(config, images.shape, len(images.classes))
    batches = AugmentedBatches(
        images.x_train[fit], images.y_train[fit], batch_size=config.batch_size, shift=config.shift, flip=config.flip
    )
    schedule = schedules.OneCycle(config.learning_rate, config.epochs * len(batches))
    model.compile(
        optimizers.AdamW(schedule, weight_decay=config.weight_decay),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        batches,
        validation_data=(images.x_train[held].astype(np.float32), images.y_train[held]),
        epochs=config.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[Recorder(run), *callbacks],
    )
    return evaluate(run, images=images)


def evaluate(run, *, images=None):
    """Measure a run's best model on the test images of its source, write what comes out; returns the metrics."""
    images = images or sources.load(run.config.source)
    probabilities = predict(run, images.x_test)
    measured = measure(images.y_test, probabilities, names=images.classes)
    run.write_predictions(images.y_test, probabilities)
    for index in classes.worst_mistakes(images.y_test, probabilities, count=PICTURES):
        run.write_picture(int(index), images.x_test[index])
    run.metrics = measured
    return measured


def predict(run, images):
    """Probabilities float32 (N, K) that a run's best model gives images uint8 (N, H, W, C)."""
    return np.asarray(load_model(run.trained_model()).predict(images.astype(np.float32), verbose=0))


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


def _samples(images, fit, held):
    rows = []
    for split, indices, labels in (
        ("train", fit, images.y_train),
        ("validation", held, images.y_train),
        ("test", np.arange(len(images.y_test)), images.y_test),
    ):
        rows += [{"split": split, "index": int(i), "label": int(labels[i])} for i in indices]
    return rows
