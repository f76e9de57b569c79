"""A generator never ends: how many of its batches make an epoch?

A flow of ImageDataGenerator gives batches for as long as it is asked, so `steps_per_epoch` says where an epoch ends.
With n images and batches of b that is ceil(n / b): 1,094 for the course's 35,000 images of CIFAR-10 in batches of 32,
the last of which has only 24. Here each image carries its own number as its label, so that one can count which images
have been there: with one step fewer some are left out of each epoch, with 100 steps nine in ten. A flow knows its
own length, `len(flow)`, and `fit` takes it when `steps_per_epoch` is not given.

Command: anmok lessons run generator_and_steps
Time:    about 4 s on 2 cores
Figure:  1094 steps per epoch; the course has 1094
"""

import math

import matplotlib.pyplot as plt
import numpy as np

from anmok import layers, models
from anmok.datasets import cifar10
from anmok.preprocessing.image import ImageDataGenerator

COURSE = {"steps per epoch": 1094}
SEEDS = 1
SLOW = False

BATCH = 32


def steps(images, batch):
    """How many batches it takes until each image was in one."""
    return math.ceil(images / batch)


def numbers(flow, count):
    """The numbers (labels) of the images in the next `count` batches, batch by batch."""
    return [next(flow)[1] for _ in range(count)]


def lesson(seed, quick, folder):
    images = cifar10.load_data()[0][0][:35_000]  # 70 % of 50,000; the other 30 % validate
    flow = ImageDataGenerator(horizontal_flip=True).flow(images, np.arange(len(images)), batch_size=BATCH, seed=seed)
    needed = steps(len(images), BATCH)
    first, second = numbers(flow, needed), numbers(flow, needed)
    draw(first + second, len(images), needed, folder / "generator_and_steps.png")
    return {
        "steps per epoch": needed,
        "length of the flow": len(flow),
        "images in the last batch": len(first[-1]),
        "images seen in an epoch": len(np.unique(np.concatenate(first))),
        "images seen with one step fewer": len(np.unique(np.concatenate(first[:-1]))),
        "images seen with 100 steps": len(np.unique(np.concatenate(first[:100]))),
        "steps that fit takes": steps_of_fit(images[:1000]),
        "images in the same order in the next epoch": np.mean(np.concatenate(first) == np.concatenate(second)),
    }


def steps_of_fit(images):
    """How many steps `fit` does in an epoch with 1,000 images in batches of 32 when it is not told: 32."""
    model = models.Sequential([layers.Input(images.shape[1:]), layers.GlobalAveragePooling2D(), layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(ImageDataGenerator(rescale=1 / 255).flow(images, np.zeros(len(images))), epochs=1, verbose=0)
    return int(model.optimizer.iterations)


def draw(batches, images, needed, path):
    seen = np.zeros(images, int)
    once, twice = [0], [0]
    for numbers_of_batch in batches:
        seen[numbers_of_batch] += 1
        once.append(np.mean(seen >= 1))
        twice.append(np.mean(seen >= 2))
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.plot(once, label="seen once or more")
    left.plot(twice, label="seen twice")
    left.axvline(needed, color="grey", linestyle=":")
    left.text(needed, 0.6, f"  {needed:,} steps:\n  one epoch", color="grey")
    left.plot([100], [once[100]], "o", color="firebrick")
    left.text(130, once[100], f"100 steps: {once[100]:.0%}", color="firebrick", va="center")
    left.set(title=f"{images:,} images in batches of {BATCH}", xlabel="steps", ylabel="part of the images")
    left.legend(loc="upper left")
    sizes = np.arange(1, 513)
    right.loglog(sizes, [steps(images, size) for size in sizes])
    for size in (16, 32, 64, 128, 256):
        count = steps(images, size)
        right.plot([size], [count], "o", color="tab:blue")
        right.annotate(f"{size}: {count:,}", (size, count), (5, 3), textcoords="offset points")
    right.set(title="Batch size: steps per epoch", xlabel="batch size", ylabel="steps per epoch")
    right.grid(alpha=0.3)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
