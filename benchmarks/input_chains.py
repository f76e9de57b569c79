"""The same chain in three libraries: mirror every second image, one affine warp, then colours.

Up to 40 degrees, shifts of 0.2, shears of 10 degrees, scales of 0.8 to 1.2, the edge repeated, linear interpolation;
brightness, contrast and saturation times 0.8 to 1.2 and hue by 0.05 of the circle, in a drawn order. anmok and
albumentations change one uint8 image after another, on two cores in two threads or with OpenCV's own threads. Kornia
changes ready float32 batches (B, 3, 150, 150), for which nobody has to convert anything; the best of three B counts.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

from input_rows import SIZE, arrays
from stopwatch import Stopwatch

DEGREES, SHIFT, SHEAR, SCALE, JITTER, HUE = 40, 0.2, 10, (0.8, 1.2), 0.2, 0.05
BATCHES_OF_KORNIA = (8, 32, 128)
CHUNK = 16  # images that a thread takes at once


def contenders(peer, cores):
    """See input_worker.contenders_of."""
    if peer == "kornia":
        return {"Kornia": {f"batches of {size}": kornia_reader(size) for size in BATCHES_OF_KORNIA}}
    make, name = (anmok_chain, "anmok") if peer == "anmok" else (albumentations_chain, "albumentations")
    images = list(arrays(SIZE)[0])
    if cores == 1:
        return {name: {"": lambda seconds: one_by_one(make(0), images, seconds)}}
    chains = [make(seed) for seed in range(cores)]
    return {
        name: {
            f"{cores} threads": lambda seconds: in_threads(chains, images, seconds),
            "OpenCV's threads": lambda seconds: one_by_one(chains[0], images, seconds, opencv_threads=cores),
        }
    }


def anmok_chain(seed):
    """A function of one image."""
    import numpy as np

    from anmok import augment

    chain = augment.Compose(
        [
            augment.HorizontalFlip(p=0.5),
            augment.Affine(rotate=DEGREES, translate=SHIFT, shear=SHEAR, scale=SCALE, fill_mode="nearest"),
            augment.ColorJitter(brightness=JITTER, contrast=JITTER, saturation=JITTER, hue=HUE),
        ]
    )
    rng = np.random.default_rng(seed)
    return lambda image: chain(image, rng)


def albumentations_chain(seed):
    """A function of one image."""
    import albumentations
    import cv2

    around_one = (1 - JITTER, 1 + JITTER)
    chain = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                rotate=(-DEGREES, DEGREES),
                translate_percent=(-SHIFT, SHIFT),
                shear={"x": (-SHEAR, SHEAR), "y": (0, 0)},
                scale=SCALE,
                keep_ratio=True,
                border_mode=cv2.BORDER_REPLICATE,
                p=1,
            ),
            albumentations.ColorJitter(
                brightness=around_one, contrast=around_one, saturation=around_one, hue=(-HUE, HUE), p=1
            ),
        ],
        seed=seed,
    )
    return lambda image: chain(image=image)["image"]


def one_by_one(chain, images, seconds, *, opencv_threads=1):
    """Stopwatch.rates of images, one after another."""
    import cv2

    cv2.setNumThreads(opencv_threads)
    chain(images[0])
    watch = Stopwatch()
    for done, image in enumerate(itertools.cycle(images), 1):
        chain(image)
        if done % CHUNK == 0 and watch.seconds >= seconds:
            return watch.rates(done)


def in_threads(chains, images, seconds):
    """Stopwatch.rates of as many threads as there are chains, each with its own."""
    import cv2

    cv2.setNumThreads(1)
    watch = Stopwatch()

    def work(chain):
        done = 0
        while watch.seconds < seconds:
            for image in images[done % 1024 : done % 1024 + CHUNK]:
                chain(image)
            done += CHUNK
        return done

    with ThreadPoolExecutor(len(chains)) as pool:
        counts = list(pool.map(work, chains))
    return watch.rates(sum(counts))


def kornia_reader(size):
    """A function(seconds) -> Stopwatch.rates for batches of `size`."""
    import torch
    from kornia import augmentation

    chain = augmentation.AugmentationSequential(
        augmentation.RandomHorizontalFlip(p=0.5),
        augmentation.RandomAffine(
            degrees=DEGREES, translate=(SHIFT, SHIFT), shear=(-SHEAR, SHEAR), scale=SCALE, padding_mode="border", p=1
        ),
        augmentation.ColorJitter(JITTER, JITTER, JITTER, HUE, p=1),
        data_keys=["input"],
    )
    pixels = torch.from_numpy(arrays(SIZE)[0][:size]).permute(0, 3, 1, 2).contiguous().float() / 255

    @torch.inference_mode()
    def read(seconds):
        chain(pixels)
        done, watch = 0, Stopwatch()
        while not done or watch.seconds < seconds:
            chain(pixels)
            done += size
        return watch.rates(done)

    return read
