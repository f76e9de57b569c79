"""What code asks about the TensorFlow and Keras that run it."""

# The last versions of the kind that most code was written for; names of Keras 3 are there as well.
TENSORFLOW_VERSION = "2.15.0"
KERAS_VERSION = "2.15.0"


def version():
    return KERAS_VERSION
