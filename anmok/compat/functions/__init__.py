"""TensorFlow's and Keras' functions, each written once, on tensors and on symbolic tensors."""
