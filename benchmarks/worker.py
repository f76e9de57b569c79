"""One peer on one row in its own process: answers JSON lines, sleeps in between.

`python worker.py PEER ROW VARIANT` prints {"ready": ...}; then each line {"task": ..., "seconds": ...} on stdin is
answered by {"rate": images/s, ...}. Tasks: "train", "predict" (batches of 256), "single" (batch 1).
"""

import json
import os
import resource
import sys
import time

from rows import PREDICT_BATCH, ROWS, data_of

WARM_UP_BATCHES = 4


def peer_of(peer, name, row, variant):
    """The adapter of one peer; a variant is a precision, with "+jit" behind it for jit_compile=True."""
    precision, _, jit = variant.partition("+")
    if peer.startswith("torch-"):
        from peer_torch import TorchPeer

        return TorchPeer(name, row, tuned=peer == "torch-tuned", precision=precision)
    from peer_keras import KerasPeer

    library = "anmok" if peer == "anmok" else "keras"
    return KerasPeer(library, name, row, precision=precision, jit_compile=bool(jit))


class Worker:
    """Times slices of about the wished length, from the rate of the slice before."""

    def __init__(self, peer, row):
        self.peer, self.row = peer, row
        images, self.labels = data_of(row)
        self.images = peer.prepare(images)
        self.rates = {}
        self.single_way = None

    def warm_up(self):
        """Compiles and first-touches training; the process' peak memory after it, in MB."""
        count = WARM_UP_BATCHES * self.row.batch
        for _ in range(2):
            self._time_training(count, 1)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def measure(self, task, seconds):
        """Images per second of one slice; the first of a task is preceded by an untimed small one."""
        timed = {"train": self._train, "predict": self._predict, "single": self._single}[task]
        if task not in self.rates:
            timed(0.05)
        self.rates[task] = timed(seconds)
        return self.rates[task]

    def _train(self, seconds):
        batch, most = self.row.batch, self.row.images - self.row.images % self.row.batch
        wished = max(self.rates.get("train", 0) * seconds, self.row.least)
        count = int(min(most, max(2, wished // batch) * batch))
        return self._time_training(count, max(1, round(wished / count)))

    def _time_training(self, count, epochs):
        start = time.perf_counter()
        self.peer.train(self.images[:count], self.labels[:count], epochs)
        self.rates["train"] = count * epochs / (time.perf_counter() - start)
        return self.rates["train"]

    def _predict(self, seconds):
        wished = self.rates.get("predict", 0) * seconds
        most = self.row.images - self.row.images % PREDICT_BATCH
        count = int(min(most, max(1, wished // PREDICT_BATCH) * PREDICT_BATCH))
        times = max(1, round(wished / count))
        start = time.perf_counter()
        for _ in range(times):
            self.peer.predict(self.images[:count])
        self.rates["predict"] = count * times / (time.perf_counter() - start)
        return self.rates["predict"]

    def _single(self, seconds):
        ways = self.peer.single_ways
        if self.single_way is None:
            rates = {name: self._one_by_one(way, 0.3) for name, way in ways.items() if self._one_by_one(way, 0.05)}
            self.single_way = max(rates, key=rates.get)
        return self._one_by_one(ways[self.single_way], seconds)

    def _one_by_one(self, way, seconds):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds or not done:
            place = done % self.row.images
            way(self.images[place : place + 1])
            done += 1
        return done / (time.perf_counter() - start)


def main(peer, name, variant):
    """Serves the orders of training.py until stdin closes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def answer(**fields):
        print(json.dumps(fields), file=answers, flush=True)

    try:
        worker = Worker(peer_of(peer, name, ROWS[name], variant), ROWS[name])
        answer(ready=True, peak_mb=worker.warm_up())
        for line in sys.stdin:
            order = json.loads(line)
            rate = worker.measure(order["task"], order["seconds"])
            answer(rate=rate, way=worker.single_way if order["task"] == "single" else None)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
