"""One peer with one network in its own process: answers JSON lines, sleeps in between.

`python inference_worker.py PEER NETWORK IMAGES` prints {"ready": true, "scores": of two images}; then each line
{"task": "predict" (batches of 32) or "single", "seconds": ...} on stdin is answered by {"rate": images/s, "way": ...}.
"""

import importlib
import json
import os
import sys
import time

import numpy as np
from inference_weights import fill, images

BATCH = 32
KERAS_NAMES = {"resnet50": "ResNet50", "vgg16": "VGG16", "mobilenet_v2": "MobileNetV2"}


class KerasPeer:
    """A network of keras.applications or anmok.applications, and the calls that a user of it makes."""

    def __init__(self, library, name):
        self._model = getattr(importlib.import_module(f"{library}.applications"), KERAS_NAMES[name])(weights=None)
        fill(self._model)
        self.single_ways = {"predict_on_batch": self._model.predict_on_batch, "model(x)": self._call}

    def predict(self, images):
        return self._model.predict(images, batch_size=BATCH, verbose=0)

    def _call(self, image):
        answer = self._model(image, training=False)
        return answer.detach().numpy() if hasattr(answer, "detach") else np.asarray(answer)


class TorchPeer:
    """The same network written in PyTorch, eager, channels last."""

    def __init__(self, name):
        import inference_torch
        import torch

        self._torch = torch
        model = inference_torch.NETWORKS[name]()
        inference_torch.fill(model)
        self._model = model.eval().to(memory_format=torch.channels_last)
        self.single_ways = {"model(x)": self.predict}

    def predict(self, images):
        torch = self._torch
        with torch.inference_mode():
            # Images (B, H, W, C), seen as (B, C, H, W), are in channels-last memory already.
            parts = torch.from_numpy(images).permute(0, 3, 1, 2).split(BATCH)
            return torch.cat([self._model(part) for part in parts]).numpy()


def peer_of(peer, name):
    return TorchPeer(name) if peer == "torch" else KerasPeer("anmok" if peer == "anmok" else "keras", name)


class Worker:
    """Times slices of about the wished length, of one batch at least."""

    def __init__(self, peer, images):
        self.peer, self.images = peer, images
        self.single_way = None

    def measure(self, task, seconds):
        """Images per second of one slice."""
        if task == "predict":
            return self._timed(self.peer.predict, self.images, seconds)
        ways = self.peer.single_ways
        if self.single_way is None:
            rates = {name: self._timed(way, self.images[:1], seconds / 2) for name, way in ways.items()}
            self.single_way = max(rates, key=rates.get)
        return self._timed(ways[self.single_way], self.images[:1], seconds)

    def _timed(self, way, images, seconds):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds or not done:
            way(images)
            done += len(images)
        return done / (time.perf_counter() - start)

    def warm_up(self):
        """Compile and first-touch both batch sizes; the scores of the first two images."""
        for way in self.peer.single_ways.values():
            for _ in range(2):
                way(self.images[:1])
        return self.peer.predict(self.images)[:2]


def main(peer, name, count):
    """Serves the orders of inference.py until stdin closes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def answer(**fields):
        print(json.dumps(fields), file=answers, flush=True)

    try:
        worker = Worker(peer_of(peer, name), images(int(count)))
        answer(ready=True, scores=np.asarray(worker.warm_up(), np.float64).tolist())
        for line in sys.stdin:
            order = json.loads(line)
            rate = worker.measure(order["task"], order["seconds"])
            answer(rate=rate, way=worker.single_way if order["task"] == "single" else "predict")
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
