"""`--trial`: every epoch runs, each on a few batches only, so that a program is tried out in a minute.

* `fit`: 2 batches an epoch, 1 of validation; as many epochs as the program says, since it plots them.
* `evaluate`: 1 batch. `predict`: 8 batches are computed, the rows after them are those again: as many as asked for.
  After 24 batches of one model, one row of each further batch is computed, and repeated.
* `train_on_batch`: 20 steps of one model, then the last results again.
* A tf.function or K.function that computes gradients: 10 calls for inputs of one shape, then the last results again;
  after 40 calls of all of them, each further one computes once.
* A loop of the program's own over a Dataset ends after 2 updates of an optimizer; loops over anything else are whole.
* ImageNet's weights that are neither in the cache nor to be downloaded are random instead.

What is left out is noted. The numbers that come out mean nothing.
"""

import contextlib

from anmok.applications import published
from anmok.compat import few_calls
from anmok.training import limit

TRAINING, VALIDATION, PREDICTION = 2, 1, 8
SINGLE, WHOLE, STEPS = 20, 24, 10


@contextlib.contextmanager
def tried_out(note):
    """A with block within which programs run so; note(text) tells the person what was left out."""
    note(
        f"--trial: {TRAINING} batches an epoch, {VALIDATION} of validation, {PREDICTION} computed by predict; "
        "figures and scores mean nothing"
    )

    def do_without(network, error):
        note(f"--trial: ImageNet's weights of {network} are not here, it has random ones")
        return True

    published.may_do_without.append(do_without)
    limits = {
        "training": TRAINING,
        "validation": VALIDATION,
        "prediction": PREDICTION,
        "single": SINGLE,
        "whole": WHOLE,
        "steps": STEPS,
    }
    try:
        with limit.limited(**limits), _loops_end_after(TRAINING, note):
            yield
    finally:
        published.may_do_without.remove(do_without)


@contextlib.contextmanager
def _loops_end_after(most, note):
    """End an iteration over a Dataset when optimizers have made so many updates since it began."""
    from anmok.data.dataset import Dataset, Iterator
    from anmok.optimizers.optimizer import Optimizer

    updates = 0
    apply, iterate = Optimizer.apply, Dataset.__iter__

    def counting(self, *given, **more):
        nonlocal updates
        updates += 1
        return apply(self, *given, **more)

    def ending(self):
        return Iterator(until_updated(iterate(self), updates))

    def until_updated(elements, began):
        try:
            for element in elements:
                if updates - began >= most:
                    note("--trial: loops of the program's own over a Dataset ended after a few updates")
                    return
                yield element
        finally:
            if hasattr(elements, "close"):
                elements.close()

    def repeated():
        nonlocal updates
        updates += 1

    Optimizer.apply, Dataset.__iter__ = counting, ending
    few_calls.when_repeated.append(repeated)
    try:
        yield
    finally:
        few_calls.when_repeated.remove(repeated)
        Optimizer.apply, Dataset.__iter__ = apply, iterate
