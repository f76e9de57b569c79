"""tf.logging of TensorFlow 1: levels and messages."""

import logging as _logging

DEBUG, INFO, WARN, WARNING, ERROR, FATAL = (
    _logging.DEBUG, _logging.INFO, _logging.WARN, _logging.WARNING, _logging.ERROR, _logging.FATAL,
)  # fmt: skip
_logger = _logging.getLogger("tensorflow")


def set_verbosity(v):
    _logger.setLevel(v if isinstance(v, int) else str(v).upper())


def get_verbosity():
    return _logger.getEffectiveLevel()


debug, info, warning, warn, error, fatal = (
    _logger.debug, _logger.info, _logger.warning, _logger.warning, _logger.error, _logger.critical,
)  # fmt: skip
__all__ = [
    "DEBUG", "ERROR", "FATAL", "INFO", "WARN", "WARNING", "debug", "error", "fatal", "get_verbosity", "info",
    "set_verbosity", "warn", "warning",
]  # fmt: skip
