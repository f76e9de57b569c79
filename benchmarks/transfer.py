"""Seconds of a new head's training on frozen MobileNet features: `python benchmarks/transfer.py --out table.md`.

2,000 pictures to train on and 1,000 to validate, 224 px, 30 epochs, batch 32, as `fit` does it: anmok computes what the
frozen network gives once (and, for comparison, every epoch anew with feature_cache=False); Keras, on its fastest
backend here, TensorFlow, goes through the frozen network in every epoch. What goes through it in every epoch is timed
over `--epochs` epochs after a first one, and counted 30 times; the cached way is timed whole. The three take turns,
`--repeats` times; the medians count. Weights are random: they do not matter to the clock. About 10 minutes on 2 cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from environments import ROOT, python_of

TRAINED, HELD, SIZE, BATCH, EPOCHS = 2000, 1000, 224, 32, 30
PEERS = {
    "anmok": "torch",
    "anmok, feature_cache=False": "torch",
    "keras-tensorflow": "keras-tensorflow",
}


def data(count, seed):
    """`count` pictures of noise in -1..1, float32, and labels."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return rng.random((count, SIZE, SIZE, 3), dtype=np.float32) * 2 - 1, rng.integers(0, 2, count)


def seconds_of(peer, pictures, epochs):
    """Seconds of 30 epochs with that peer, `pictures` to train on and half of them to validate."""
    if peer.startswith("anmok"):
        from anmok import layers, models
        from anmok.applications import MobileNet
    else:
        from keras import layers, models
        from keras.applications import MobileNet
    (x, y), held = data(pictures, 0), data(pictures // 2, 1)
    base = MobileNet(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg")
    base.trainable = False
    model = models.Sequential([base, layers.Dropout(0.2), layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    how = {"validation_data": held, "batch_size": BATCH, "verbose": 0}
    if peer == "anmok":
        began = time.perf_counter()
        model.fit(x, y, epochs=EPOCHS, **how)
        return time.perf_counter() - began
    if peer.startswith("anmok"):
        how["feature_cache"] = False
    began = time.perf_counter()
    model.fit(x, y, epochs=1, **how)
    first = time.perf_counter() - began
    began = time.perf_counter()
    model.fit(x, y, epochs=epochs, **how)
    return first + (EPOCHS - 1) * (time.perf_counter() - began) / epochs


def measure(peer, pictures, epochs):
    """The same in a process of its own, in the peer's environment."""
    python = python_of(PEERS[peer])
    command = [python, __file__, "--peer", peer, "--pictures", str(pictures), "--epochs", str(epochs)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{peer} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Prints the table; with --out also writes it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--pictures", type=int, default=TRAINED)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.peer:
        print(json.dumps(seconds_of(chosen.peer, chosen.pictures, chosen.epochs)))
        return
    times = {peer: [] for peer in PEERS}
    for _ in range(chosen.repeats):
        for peer in PEERS:
            times[peer].append(measure(peer, chosen.pictures, chosen.epochs))
            print(f"{peer}: {times[peer][-1]:.1f} s", file=sys.stderr, flush=True)
    medians = {peer: statistics.median(found) for peer, found in times.items()}
    lines = [
        f"| {EPOCHS} epochs of a head, {chosen.pictures:,} pictures | seconds | of anmok's |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {peer} | {seconds:,.1f} | {seconds / medians['anmok']:.1f}x |" for peer, seconds in medians.items()]
    print("\n".join(lines))
    if chosen.out:
        chosen.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
