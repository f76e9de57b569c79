"""Batches out of arrays in memory, shuffled and varied anew each epoch."""

import numpy as np

from anmok import random
from anmok.errors import ArgumentError, DataError
from anmok.images import geometry
from anmok.training.sequence import PyDataset


class AugmentedBatches(PyDataset):
    """Batches (float32 (B, H, W, C) in 0..255, labels (B, ...)) by number; give `fit` shuffle=False with them.

    images: uint8 (N, H, W, C). shift: farthest move in pixels, each way. flip: mirror half of them. Order and variation
    are a function of (seed, epoch, batch), so `batches[i]` is the same however often and wherever it is asked for.
    """

    def __init__(self, images, labels, *, batch_size, shift=0, flip=False):
        super().__init__()
        self.images, self.labels = np.asarray(images), np.asarray(labels)
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise DataError(
                f"Expected images (N, H, W, C) and as many labels, got {self.images.shape} and {self.labels.shape}."
            )
        if len(self.images) == 0:
            raise DataError("There is no image to make a batch of.")
        if batch_size < 1 or shift < 0:
            raise ArgumentError(f"Expected batch_size >= 1 and shift >= 0, got {batch_size} and {shift}.")
        self.batch_size, self.shift, self.flip = batch_size, shift, flip
        self.epoch = 0
        self._order = self._draw_order()

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} of {len(self)}.")
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        rng = random.generator("augment", self.epoch, index)
        images = self.images[chosen]
        if self.shift:
            images = geometry.shift(images, geometry.draw_shifts(rng, len(chosen), pixels=self.shift))
        if self.flip:
            images = geometry.flip(images, geometry.draw_flips(rng, len(chosen)))
        return images.astype(np.float32), self.labels[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        self._order = self._draw_order()

    def _draw_order(self):
        return random.generator("order", self.epoch).permutation(len(self.images))
