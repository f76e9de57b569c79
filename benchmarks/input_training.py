"""Training the 150 px convnet on augmented JPEG files, and on arrays that are ready: the input path's price."""

from input_flows import open_flow
from input_rows import BATCH, READY, TRAIN_1, TRAIN_LATER, arrays
from networks_keras import NETWORKS
from rows import ROWS
from stopwatch import Stopwatch

WORKERS = (0, 1, 2)


def contenders():
    """See input_worker.contenders_of: one model, so that memory, caches and kernels are the same for all."""
    import numpy as np

    from anmok import layers, models, optimizers

    row = ROWS["convnet_150"]
    model = NETWORKS["convnet_150"](layers, models)
    model.compile(getattr(optimizers, row.optimizer)(**dict(row.options)), loss=row.loss, metrics=["accuracy"])
    images, labels = arrays(150)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order] * np.float32(1 / 255), labels[order]
    pace = {"rate": 200.0}  # images/s, of the slice before

    def timed(fit, most):
        def measure(seconds):
            steps = int(min(most, max(4, pace["rate"] * seconds // BATCH)))
            watch = Stopwatch()
            fit(steps)
            found = watch.rates(steps * BATCH)
            pace["rate"] = found["rate"]
            return found

        return measure

    def from_arrays(steps):
        model.fit(images[: steps * BATCH], labels[: steps * BATCH], batch_size=BATCH, verbose=0)

    def from_new_flow(steps):
        model.fit(open_flow("anmok", "jpeg", cache="memory"), steps_per_epoch=steps, verbose=0)

    kept = open_flow("anmok", "jpeg", cache="memory")
    for _ in range(len(kept)):
        next(kept)
    unasked = kept.workers

    def from_flow(workers):
        def fit(steps):
            kept.workers = workers
            model.fit(kept, steps_per_epoch=steps, verbose=0)

        return fit

    most = len(images) // BATCH
    from_arrays(8)
    from_flow(unasked)(8)
    return {
        READY: {"": timed(from_arrays, most)},
        TRAIN_1: {"": timed(from_new_flow, most)},
        TRAIN_LATER: {"": timed(from_flow(unasked), most)},
        **{f"{TRAIN_LATER}, workers={workers}": {"": timed(from_flow(workers), most)} for workers in WORKERS},
    }
