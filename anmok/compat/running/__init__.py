"""`anmok run FILE`: scripts and notebooks of TensorFlow and Keras, run on anmok as they are."""
