import numpy as np
import pytest

from anmok import augment, random
from anmok.callbacks import Callback
from anmok.data.splits import stratified_split
from anmok.errors import ArgumentError, UnknownNameError
from anmok.evaluate import classes
from anmok.models import load_model
from anmok.report import page
from anmok.runs import material, networks, recipes, workflow
from anmok.runs.folder import RunFolder


@pytest.fixture
def run(config, tmp_path):
    return RunFolder.create(tmp_path, config, name="it")


class StopAfter(Callback):
    """Ctrl-C in the middle of the epoch after `epochs`."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epochs and batch == 2:
            raise KeyboardInterrupt


def test_a_run_from_beginning_to_end(run, bars):
    metrics = workflow.train(run)
    assert metrics["accuracy"] >= 0.9 and run.metrics == metrics
    assert [row["epoch"] for row in run.history] == [1, 2, 3]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"} <= set(run.history[0])
    assert (run.classes["names"], run.classes["shape"]) == (["lying", "standing"], [16, 16, 1])
    edge = np.ones((16, 16), int)
    edge[1:-1, 1:-1] = 0
    edge[[0, 0, -1, -1], [0, -1, 0, -1]] = 2  # a corner belongs to two sides
    assert run.classes["border"] == pytest.approx(np.average(bars.x_train.mean(axis=(0, 3)), weights=edge), abs=0.1)
    assert run.environment["packages"]["numpy"] == np.__version__

    by_split = {split: [r for r in run.samples if r["split"] == split] for split in ("train", "validation", "test")}
    assert [len(rows) for rows in by_split.values()] == [180, 20, 60]
    assert not {r["index"] for r in by_split["train"]} & {r["index"] for r in by_split["validation"]}
    assert all(bars.y_train[r["index"]] == r["label"] for r in by_split["validation"])

    labels, probabilities = run.predictions
    assert np.array_equal(labels, bars.y_test)
    assert (probabilities.argmax(axis=1) == labels).mean() == pytest.approx(metrics["accuracy"])
    assert sum(c["support"] for c in metrics["classes"]) == 60
    low, high = metrics["accuracy_95"]
    assert low < metrics["accuracy"] <= high + 1e-12
    for index in classes.worst_mistakes(labels, probabilities):
        assert run.picture(int(index)) is not None


def test_the_kept_model_is_the_one_of_the_lowest_validation_loss(run, bars):
    workflow.train(run)
    held = [r["index"] for r in run.samples if r["split"] == "validation"]
    probabilities = load_model(run.trained_model()).predict(bars.x_train[held].astype(np.float32), verbose=0)
    loss = -np.log(np.asarray(probabilities)[np.arange(len(held)), bars.y_train[held]]).mean()
    assert loss == pytest.approx(min(row["val_loss"] for row in run.history), abs=1e-4)


def test_evaluating_again_agrees_to_the_digit(run):
    metrics = workflow.train(run)
    assert workflow.evaluate(RunFolder(run.path)) == metrics


def test_the_same_seed_gives_the_same_run(config, tmp_path):
    runs = [RunFolder.create(tmp_path, config, name=name) for name in ("one", "two")]
    for run in runs:
        workflow.train(run)
    (_, one), (_, two) = (run.predictions for run in runs)
    assert np.array_equal(one, two)


def test_stopped_in_the_second_epoch_the_first_is_kept(run):
    with pytest.raises(KeyboardInterrupt):
        workflow.train(run, callbacks=[StopAfter(1)])
    again = RunFolder(run.path)
    assert len(again.history) == 1 and again.metrics is None
    assert "after epoch 1 of 3" in page.render(again)
    metrics = workflow.evaluate(again)
    assert again.metrics == metrics


def test_stopped_at_once_the_run_still_opens(run):
    with pytest.raises(KeyboardInterrupt):
        workflow.train(run, callbacks=[StopAfter(0)])
    assert run.history == [] and run.model_path is None
    assert "before its first epoch ended" in page.render(run)


def test_a_preset_takes_the_place_of_shifts_and_flips(bars):
    config = recipes.configure("mnist", augment="digits", batch_size=20)
    assert (config.shift, config.flip, config.augment) == (0, False, "digits")
    random.set_seed(config.seed)
    ready = material.of_arrays(config)
    fit, _ = stratified_split(bars.y_train, fraction=config.validation_fraction)
    chosen = fit[random.generator("order", 0).permutation(len(fit))[20:40]]
    rng = random.generator("augment", 0, 1)
    images, labels = ready.training[1]
    assert np.array_equal(labels, bars.y_train[chosen])
    assert np.array_equal(images, [augment.preset("digits")(bars.x_train[i], rng) for i in chosen])


def test_the_default_is_the_small_network_on_pixels():
    config = recipes.configure("fashion-mini")
    model = networks.build(config, (28, 28, 1), 10)
    assert (config.model, model.name, model.layers[1].scale) == ("small", "small", pytest.approx(1 / 255))


def test_images_too_small_for_a_network_are_refused():
    config = recipes.configure("fashion-mini", model="vgg-a")
    with pytest.raises(ArgumentError, match="vgg-a needs images of 32 x 32 pixels or more, these have 28 x 28"):
        networks.build(config, (28, 28, 1), 10)


def test_recipes_take_changes_and_refuse_nonsense():
    config = recipes.configure("fashion_mini", epochs=2, seed=None)
    assert (config.source, config.epochs, config.seed) == ("fashion-mini", 2, 0)
    assert not recipes.configure("mnist").flip
    with pytest.raises(UnknownNameError, match="Did you mean 'small'"):
        recipes.configure("mnist", model="smal")
    with pytest.raises(ArgumentError, match="epochs"):
        recipes.configure("mnist", epochs=0)
