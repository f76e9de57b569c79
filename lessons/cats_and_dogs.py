"""Cats and dogs from scratch: what 2,000 photographs can teach a network that knows nothing.

Four convolutions with pooling, one wide dense layer, and pixels that are only divided by 255. The network soon knows
its 2,000 photographs by heart; on 1,000 others it stays where it was after a few epochs, and is ever surer of its
mistakes. The gap between the two curves is the reason for the next lessons: cats_and_dogs_augmented,
cats_and_dogs_features, cats_and_dogs_fine_tuned.

Command: anmok lessons run cats_and_dogs
Time:    about 4 min on 2 cores
Figure:  validation accuracy 0.745 (mean of 3 seeds), 3453121 parameters; the course has 0.70 and 3453121
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt

from anmok import layers, models, optimizers, utils
from anmok.preprocessing.image import ImageDataGenerator

COURSE = {"validation accuracy": 0.70, "parameters": 3453121}
SEEDS = 3
SLOW = True

PHOTOGRAPHS = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "cats_and_dogs_small"
BATCH = 20


def network():
    model = models.Sequential([layers.Input((150, 150, 3))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def lesson(seed, quick, folder):
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(
            f"This lesson wants {PHOTOGRAPHS}/{{train,validation,test}}/{{cats,dogs}}/*.jpg: put them there."
        )
    utils.set_random_seed(seed)
    generator = ImageDataGenerator(rescale=1 / 255)
    train, validation, test = (
        generator.flow_from_directory(
            PHOTOGRAPHS / split, target_size=(150, 150), batch_size=BATCH, class_mode="binary", seed=seed
        )
        for split in ("train", "validation", "test")
    )
    model = network()
    model.compile(optimizer=optimizers.RMSprop(1e-4), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        train,
        steps_per_epoch=5 if quick else len(train),
        epochs=2 if quick else 30,
        validation_data=validation,
        validation_steps=5 if quick else len(validation),
        verbose=0,
    ).history
    draw(history, folder / "cats_and_dogs.png")
    return {
        "validation accuracy": history["val_accuracy"][-1],
        "training accuracy": history["accuracy"][-1],
        "test accuracy": model.evaluate(test, steps=5 if quick else len(test), verbose=0)[1],
        "parameters": model.count_params(),
    }


def draw(history, path):
    epochs = range(1, len(history["loss"]) + 1)
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axis, name, title in zip(axes, ("accuracy", "loss"), ("Accuracy", "Loss (binary cross-entropy)"), strict=True):
        axis.plot(epochs, history[name], "o", label="the 2,000 that it learns from")
        axis.plot(epochs, history[f"val_{name}"], label="1,000 others")
        axis.set(title=title, xlabel="epoch")
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
