"""Models and weights in files, as Keras writes them."""
