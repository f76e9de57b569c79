"""Writes the photographs that input.py's peers are given: `python input_photographs.py`, in an environment of anmok."""

import numpy as np
from input_rows import SIZE, dataset, photographs_file


def main():
    """Decodes cats_and_dogs_small/train, cats first, to uint8 (2000, 150, 150, 3)."""
    from anmok.images import resize

    files = sorted(dataset("cats_and_dogs_small").glob("train/*/*.jpg"))
    pictures = np.stack([resize.load(file, size=(SIZE, SIZE)) for file in files])
    unfinished = photographs_file().with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, pictures)
    unfinished.replace(photographs_file())


if __name__ == "__main__":
    main()
