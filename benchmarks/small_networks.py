"""Accuracy that small networks reach in so many seconds of training: `python benchmarks/small_networks.py`.

For every source the steps a second of all networks are measured first, in turns (medians): only then must the
machine have nothing else to do. Then for every network and budget one is trained afresh for as many steps as fit into
the budget at that rate, under a one-cycle schedule of that length, and tested. Prints a table and writes it as JSON.
All of it takes about (networks x sources x sum of budgets x seeds): 70 minutes with the defaults on 2 cores. --quick
looks at one source for 10 s each.

    python benchmarks/small_networks.py --photographs cats_and_dogs_small.zip --sizes 64 96
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
from small_candidates import candidates

from anmok import optimizers, random, schedules
from anmok.data import archives, folders
from anmok.images import resize
from anmok.models import model_cost
from anmok.runs import sources

BATCH = 128
RATE = 3e-3  # the highest of the schedule, for AdamW
WEIGHT_DECAY = 0.01
WARM, TIMED, TURNS = 3, 8, 3  # steps before the clock runs, and while it does; turns of each network


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


def rates(networks, images):
    """{name: steps a second}: the median of the turns that each network had, one after the other."""
    turns = [{name: steps_a_second(build, images) for name, build in networks.items()} for _ in range(TURNS)]
    return {name: float(np.median([turn[name] for turn in turns])) for name in networks}


def reached(build, images, steps, *, seed):
    """The accuracy on the test images after so many steps."""
    random.set_seed(seed)
    model = compiled(build, images, steps)
    model.fit(batches(images, steps, seed=seed), steps_per_epoch=steps, epochs=1, verbose=0)
    return model.evaluate(images.x_test.astype("float32"), images.y_test, batch_size=256, verbose=0)[1]


def measure(name, build, title, images, rate, *, budgets, seeds):
    """A row of the table for each budget, in seconds."""
    cost = model_cost(build(images.shape, len(images.classes)))
    for budget in budgets:
        steps = max(math.floor(budget * rate), 2)
        accuracies = [reached(build, images, steps, seed=seed) for seed in range(seeds)]
        yield {
            "source": title,
            "network": name,
            "parameters": cost.params,
            "megamacs": round(cost.macs / 1e6, 1),
            "images_a_second": round(rate * BATCH),
            "budget": budget,
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
    parser.add_argument("--sizes", nargs="*", type=int, default=[96], help="of the photographs, in pixels")
    parser.add_argument("--networks", nargs="*", help=f"of {', '.join(candidates(96))}; default: all")
    parser.add_argument("--budgets", nargs="*", type=float, default=[15, 30, 60], help="seconds of training")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument(
        "--rates", type=Path, help="JSON of images a second, {source: {network: rate}}, measured before"
    )
    parser.add_argument("--quick", action="store_true", help="fashion-mini, 10 s, one seed")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "small_networks.json")
    options = parser.parse_args()
    if options.quick:
        options.sources, options.photographs, options.budgets, options.seeds = ["fashion-mini"], None, [10], 1
    found = [(name, lambda name=name: sources.load(name)) for name in options.sources]
    if options.photographs:
        found += [(f"photographs {n} px", lambda n=n: photographs(options.photographs, n)) for n in options.sizes]
    rows, known = [], {}
    if options.rates:
        for title, speeds in json.loads(options.rates.read_text()).items():
            known[title] = {name: speed / BATCH for name, speed in speeds.items()}
    print(f"{'source':20} {'network':17} {'MMACs':>7} {'images/s':>8} {'budget':>6} {'epochs':>6} accuracy")
    for title, load in found:
        images = load()
        networks = candidates(min(images.shape[:2]))
        networks = {name: networks[name] for name in options.networks or networks if name in networks}
        measured = known[title] if title in known else rates(networks, images)
        print(f"{title}: " + ", ".join(f"{name} {rate * BATCH:.0f}" for name, rate in measured.items()), "images/s")
        for name, build in networks.items():
            rows_of_it = measure(
                name, build, title, images, measured[name], budgets=options.budgets, seeds=options.seeds
            )
            for row in rows_of_it:
                rows.append(row)
                print(
                    f"{title:20} {name:17} {row['megamacs']:7.1f} {row['images_a_second']:8} {row['budget']:6.0f} "
                    f"{row['epochs']:6.1f} {100 * row['accuracy']:.2f} +- "
                    f"{50 * row['spread']:.2f}",
                    flush=True,
                )
                options.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
