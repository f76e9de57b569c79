"""What code asks about the TensorFlow and Keras that run it."""

import types

import torch

# The last versions of the kind that most code was written for; names of Keras 3 are there as well.
TENSORFLOW_VERSION = "2.15.0"
KERAS_VERSION = "2.15.0"


def version():
    return KERAS_VERSION


def list_local_devices():
    """The devices that anmok computes on, with TensorFlow's names for them."""
    names = [("CPU", 0), *(("GPU", number) for number in range(torch.cuda.device_count()))]
    return [
        types.SimpleNamespace(
            name=f"/device:{kind}:{number}", device_type=kind, memory_limit=0, physical_device_desc=""
        )
        for kind, number in names
    ]
