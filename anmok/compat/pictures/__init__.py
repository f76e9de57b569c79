"""What tf.image and tf.io do with pictures: each function once, on tensors and on symbolic tensors."""
