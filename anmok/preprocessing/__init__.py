"""Images into batches, in Keras' words."""
