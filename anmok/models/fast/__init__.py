"""Training steps made fast: chains of layers as one node of autograd, with their gradients written out."""
