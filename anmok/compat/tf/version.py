"""tf.version."""

from anmok.compat.keras_facts import TENSORFLOW_VERSION as VERSION

GIT_VERSION = COMPILER_VERSION = "anmok"
__all__ = ["COMPILER_VERSION", "GIT_VERSION", "VERSION"]
