"""`import anmok.compat.activate` at the head of a program makes its TensorFlow and Keras be anmok."""

import sys

from anmok import compat

compat.activate()
# The function of the same name stands in the place of this module: `anmok.compat.activate()` goes on to work.
sys.modules[__name__] = compat.activate
