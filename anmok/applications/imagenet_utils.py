"""Keras' name for `imagenet`."""

from anmok.applications.imagenet import decode_predictions, preprocess_input

__all__ = ["decode_predictions", "preprocess_input"]
