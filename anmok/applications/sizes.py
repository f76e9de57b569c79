"""Sizes that several applications compute alike: channels, and the images that published weights are for."""

from anmok import notices

USUAL = 224


def divisible(channels, by=8):
    """`channels` (any number) rounded to a multiple of `by`, but never below 9 tenths of it (as MobileNets have it)."""
    rounded = max(by, int(channels + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * channels else rounded


def square_side(shape, sizes):
    """The side of square images (H, W, C) if it is one of `sizes`, else 224."""
    return shape[0] if shape is not None and shape[0] == shape[1] and shape[0] in sizes else USUAL


def size_of_weights(request, shape, sizes):
    """Which size's weights a network for images of `shape` gets: its own where `sizes` has it, else 224's.

    Without ImageNet's weights, the height of the images, None where it is free.
    """
    if not request.of_imagenet:
        return shape[0]
    size = square_side(shape, sizes)
    if None not in shape and shape[:2] != (size, size):
        notices.once(
            ("size of weights", shape),
            f"No ImageNet weights are published for {shape[0]} x {shape[1]}; those for {size} x {size} are taken.",
            stacklevel=4,
        )
    return size
