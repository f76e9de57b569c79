"""Make anmok/datasets/fashion_mini.npz out of Fashion-MNIST: `python tools/make_fashion_mini.py`. Same bytes each time.

The first 1,000 training and the first 200 test images of each class, in the order of the original.
"""

from pathlib import Path

import numpy as np

from anmok.datasets import fashion_mnist

TARGET = Path(__file__).resolve().parents[1] / "anmok" / "datasets" / "fashion_mini.npz"


def first_of_each(labels, count):
    """Indices, ascending, of the first `count` samples of every class in `labels` (N,)."""
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[:count] for k in np.unique(labels)]))


def main():
    arrays = {}
    for part, count, (x, y) in zip(("train", "test"), (1000, 200), fashion_mnist.load_data(), strict=True):
        chosen = first_of_each(y, count)
        arrays[f"x_{part}"], arrays[f"y_{part}"] = x[chosen], y[chosen]
    np.savez_compressed(TARGET, **arrays)
    print(TARGET, f"{TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
