"""tf.errors: the names of TensorFlow's errors; what anmok raises is of its own kinds (see anmok.errors)."""

from anmok.errors import AnmokError, MissingFileError


class OpError(AnmokError):
    """An operation cannot be done."""

    def __init__(self, *arguments):
        # TensorFlow's have (node, operation, message).
        super().__init__(*[argument for argument in arguments if argument is not None][-1:])

    @property
    def message(self):
        return str(self)


class InvalidArgumentError(OpError, ValueError):
    """A value or shape that an operation cannot take."""


class OutOfRangeError(OpError):
    """There is no more data."""


class ResourceExhaustedError(OpError, MemoryError):
    """There is no more memory."""


class UnimplementedError(OpError, NotImplementedError):
    """Nobody wrote this."""


class InternalError(OpError):
    """Something went wrong inside."""


class FailedPreconditionError(OpError):
    """Something has to be done first."""


class AlreadyExistsError(OpError, FileExistsError):
    """There is one already."""


class PermissionDeniedError(OpError, PermissionError):
    """It is not allowed."""


class UnknownError(OpError):
    """Nobody knows."""


class CancelledError(OpError):
    """It was called off."""


class AbortedError(OpError):
    """It was broken off."""


class DataLossError(OpError):
    """A file is damaged."""


class DeadlineExceededError(OpError):
    """It took too long."""


class UnavailableError(OpError):
    """It is not there at the moment."""


class UnauthenticatedError(OpError):
    """It is not known who asks."""


NotFoundError = MissingFileError
__all__ = [
    "AbortedError", "AlreadyExistsError", "CancelledError", "DataLossError", "DeadlineExceededError",
    "FailedPreconditionError", "InternalError", "InvalidArgumentError", "NotFoundError", "OpError", "OutOfRangeError",
    "PermissionDeniedError", "ResourceExhaustedError", "UnauthenticatedError", "UnavailableError",
    "UnimplementedError", "UnknownError",
]  # fmt: skip
