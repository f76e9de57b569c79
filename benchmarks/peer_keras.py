"""Keras on any backend, and anmok, behind the three things that are timed. The library is the only difference."""

import importlib

import numpy as np
from networks_keras import NETWORKS
from rows import PREDICT_BATCH


class KerasPeer:
    """A compiled network of `library` ("keras" or "anmok") and the calls a user of it makes."""

    def __init__(self, library, name, row, *, precision, jit_compile):
        module = importlib.import_module
        if precision == "bfloat16":
            module(f"{library}.mixed_precision").set_global_policy("mixed_bfloat16")
        elif precision == "float32":
            module(f"{library}.mixed_precision").set_global_policy("float32")
        self.model = NETWORKS[name](module(f"{library}.layers"), module(f"{library}.models"))
        optimizer = getattr(module(f"{library}.optimizers"), row.optimizer)(**dict(row.options))
        options = {"jit_compile": True} if jit_compile else {}
        self.model.compile(optimizer=optimizer, loss=row.loss, metrics=["accuracy"], **options)
        self.batch = row.batch

    def prepare(self, images):
        """The images as they are: a NumPy array is what `fit` is given."""
        return images

    def train(self, images, labels, epochs):
        self.model.fit(images, labels, batch_size=self.batch, epochs=epochs, verbose=0)

    def predict(self, images):
        return self.model.predict(images, batch_size=PREDICT_BATCH, verbose=0)

    def _call(self, image):
        answer = self.model(image, training=False)
        return answer.detach().float().numpy() if hasattr(answer, "detach") else np.asarray(answer)

    @property
    def single_ways(self):
        """The documented ways to classify one image, by name; the faster one counts."""
        return {"predict_on_batch": self.model.predict_on_batch, "model(x)": self._call}
