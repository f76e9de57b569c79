"""Accuracy that small networks reach in so many seconds of training: `python benchmarks/small_networks.py`.

For every source, network and budget: the steps a second are measured first, then a network is trained afresh for as
many steps as fit into the budget, under a one-cycle schedule of that length, and tested. Prints a table and writes it
as JSON. The machine must have nothing else to do. All of it takes about (networks x sources x sum of budgets x seeds):
70 minutes with the defaults on 2 cores. --quick looks at one source for 10 s each.

    python benchmarks/small_networks.py --photographs cats_and_dogs_small.zip --sizes 64 96
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np

from anmok import optimizers, random, schedules
from anmok.data import archives, folders
from anmok.images import resize
from anmok.models import model_cost
from anmok.runs import recipes, sources
from anmok.zoo import small
from anmok.zoo.building import rescaled

BATCH = 128
RATE = 3e-3  # the highest of the schedule, for AdamW
WEIGHT_DECAY = 0.01
WARM, TIMED = 4, 12  # steps before the clock runs, and while it does


def candidates():
    """{name: function of (input shape, classes)} of networks that take pixels of 0..255."""
    ours = {f"small/{layout}": _scaled(layout) for layout in small.LAYOUTS}
    return {**ours, **{f"recipe/{name}": network for name, network in recipes.NETWORKS.items()}}


def _scaled(layout):
    return lambda shape, classes: rescaled(small.small(layout, shape, classes), 1 / 255)


def photographs(archive, size):
    """Images of a folder or zip with train and test folders, resized to `size` pixels a side."""
    found = folders.find_splits(archives.opened(archive))
    train, test = (folders.read_folder(found[part]) for part in ("train", "test"))
    pixels = [
        np.stack([resize.load(path, size=(size, size), interpolation="bilinear") for path in part.paths])
        for part in (train, test)
    ]
    return sources.Images(pixels[0], train.labels, pixels[1], test.labels, train.classes)


def compiled(build, images, steps):
    model = build(images.shape, len(images.classes))
    schedule = schedules.OneCycle(RATE, max(steps, 2))
    model.compile(
        optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def batches(images, steps, *, seed):
    """`steps` batches: a new order each epoch, half of the images mirrored."""
    rng, done = np.random.default_rng(seed), 0
    while True:
        order = rng.permutation(len(images.x_train))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            if done == steps:
                return
            chosen = order[first : first + BATCH]
            x = images.x_train[chosen]
            flipped = rng.random(BATCH) < 0.5
            x[flipped] = x[flipped, :, ::-1]
            yield x.astype("float32"), images.y_train[chosen]
            done += 1


def steps_a_second(build, images):
    model = compiled(build, images, 1000)
    for number, (x, y) in enumerate(batches(images, WARM + TIMED, seed=0)):
        if number == WARM:
            began = time.perf_counter()
        model.train_on_batch(x, y)
    return TIMED / (time.perf_counter() - began)


def reached(build, images, steps, *, seed):
    """(accuracy on the test images, seconds that the training took)."""
    random.set_seed(seed)
    model = compiled(build, images, steps)
    began = time.perf_counter()
    model.fit(batches(images, steps, seed=seed), steps_per_epoch=steps, epochs=1, verbose=0)
    seconds = time.perf_counter() - began
    _, accuracy = model.evaluate(images.x_test.astype("float32"), images.y_test, batch_size=256, verbose=0)
    return accuracy, seconds


def measure(name, build, title, images, *, budgets, seeds):
    """A row of the table for each budget, in seconds."""
    cost = model_cost(build(images.shape, len(images.classes)))
    rate = steps_a_second(build, images)
    for budget in budgets:
        steps = max(math.floor(budget * rate), 2)
        found = [reached(build, images, steps, seed=seed) for seed in range(seeds)]
        accuracies = [accuracy for accuracy, _ in found]
        yield {
            "source": title,
            "network": name,
            "parameters": cost.params,
            "megamacs": round(cost.macs / 1e6, 1),
            "images_a_second": round(rate * BATCH),
            "budget": budget,
            "seconds": round(float(np.mean([seconds for _, seconds in found])), 1),
            "epochs": round(steps * BATCH / len(images.x_train), 1),
            "accuracy": round(float(np.mean(accuracies)), 4),
            "spread": round(float(np.ptp(accuracies)), 4),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--sources", nargs="*", default=["fashion-mini", "cifar10"], help="names that anmok train takes"
    )
    parser.add_argument("--photographs", help="a folder or zip with train and test folders")
    parser.add_argument("--sizes", nargs="*", type=int, default=[64, 96], help="of the photographs, in pixels")
    parser.add_argument("--networks", nargs="*", help=f"of {', '.join(candidates())}; default: all")
    parser.add_argument("--budgets", nargs="*", type=float, default=[15, 30, 60], help="seconds of training")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="fashion-mini, 10 s, one seed")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "small_networks.json")
    options = parser.parse_args()
    if options.quick:
        options.sources, options.photographs, options.budgets, options.seeds = ["fashion-mini"], None, [10], 1
    networks = candidates()
    found = [(name, lambda name=name: sources.load(name)) for name in options.sources]
    if options.photographs:
        found += [(f"photographs {n} px", lambda n=n: photographs(options.photographs, n)) for n in options.sizes]
    rows = []
    print(f"{'source':20} {'network':17} {'MMACs':>7} {'images/s':>8} {'budget':>6} {'s':>6} {'epochs':>6} accuracy")
    for title, load in found:
        images = load()
        for name in options.networks or networks:
            for row in measure(name, networks[name], title, images, budgets=options.budgets, seeds=options.seeds):
                rows.append(row)
                print(
                    f"{title:20} {name:17} {row['megamacs']:7.1f} {row['images_a_second']:8} {row['budget']:6.0f} "
                    f"{row['seconds']:6.1f} {row['epochs']:6.1f} {100 * row['accuracy']:.2f} +- "
                    f"{50 * row['spread']:.2f}",
                    flush=True,
                )
                options.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
