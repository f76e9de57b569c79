"""ImageDataGenerator's flows, anmok's and Keras', read for a while and timed.

On one core batches are asked for with `next`; on two as `fit` asks for them, with anmok's default workers and with
Keras' workers=2, threads and processes.
"""

import contextlib
import itertools

from input_rows import BATCH, COURSE, EPOCH_1, LATER, SIZE, UNCACHED, arrays, dataset
from stopwatch import Stopwatch

SEED = 1
WITHOUT_END = 1_000_000_000


def contenders(peer, source, cores):
    """See input_worker.contenders_of."""
    if peer == "keras":
        flow = open_flow("keras", source)
        if cores == 1:
            return {"Keras": {"next": lambda seconds: rates(endless(flow), seconds)}}
        return {"Keras": keras_ways(flow)}
    stream = as_fit_reads if cores > 1 else endless
    if source != "jpeg":
        flow = open_flow("anmok", source)
        return {"anmok": {"": lambda seconds: rates(stream(flow), seconds)}}

    def epoch_1(seconds):
        fresh = open_flow("anmok", source, cache="memory")
        return rates(stream(fresh, len(fresh)), seconds)

    kept, anew = (open_flow("anmok", source, cache=cache) for cache in ("memory", False))
    for _ in range(len(kept)):
        next(kept)
    return {
        EPOCH_1: {"": epoch_1},
        LATER: {"": lambda seconds: rates(stream(kept), seconds)},
        UNCACHED: {"": lambda seconds: rates(stream(anew), seconds)},
    }


def generator_of(library):
    """The course's ImageDataGenerator of "anmok" or "keras"."""
    if library == "anmok":
        from anmok.preprocessing.image import ImageDataGenerator
    else:
        # What tf.keras shows; plain keras 3 has no public way to it any more.
        from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator
    return ImageDataGenerator(**COURSE)


def open_flow(library, source, **cache):
    """The course's flow of one library over "jpeg", "arrays_150" or "arrays_28"."""
    generator = generator_of(library)
    if source == "jpeg":
        return generator.flow_from_directory(
            str(dataset("cats_and_dogs_small") / "train"),
            target_size=(SIZE, SIZE),
            batch_size=BATCH,
            class_mode="binary",
            seed=SEED,
            **cache,
        )
    images, labels = arrays(int(source.removeprefix("arrays_")))
    return generator.flow(images, labels, batch_size=BATCH, seed=SEED)


def rates(batches, seconds):
    """Stopwatch.rates of the images of a generator of batches, from its first batch to the last within `seconds`."""
    with contextlib.closing(batches):
        next(batches)
        count, watch = 0, Stopwatch()
        found = {}
        for images, *_ in batches:
            count += len(images)
            found = watch.rates(count)
            if watch.seconds >= seconds:
                break
        return found


def endless(flow, steps=WITHOUT_END):
    """The batches of a flow as `next` gives them."""
    for _ in range(steps):
        yield next(flow)


def as_fit_reads(flow, steps=WITHOUT_END):
    """The batches of anmok's flow as its `fit` gets them: made by the flow's threads, checked, and as tensors."""
    from anmok.training.adapters import adapt

    with contextlib.closing(adapt(flow, steps=steps).batches(0)) as batches:
        yield from batches


def keras_ways(flow):
    """The ways Keras' fit can be told to read a flow on two cores."""

    def queued(processes):
        from keras.src.trainers.data_adapters.py_dataset_adapter import OrderedEnqueuer

        while True:  # pass by pass, as fit does
            queue = OrderedEnqueuer(flow, workers=2, use_multiprocessing=processes, max_queue_size=10)
            queue.start()
            try:
                yield from itertools.islice(queue.get(), len(flow))
            finally:
                queue.stop()

    return {
        "next": lambda seconds: rates(endless(flow), seconds),
        "2 threads": lambda seconds: rates(queued(False), seconds),
        "2 processes": lambda seconds: rates(queued(True), seconds),
    }
