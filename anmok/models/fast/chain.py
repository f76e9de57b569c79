"""A chain of pieces: its forward and backward passes are plain loops, joined to autograd as one node where needed."""

import torch


class Chain:
    """Pieces run one after the other, each with its gradient written out.

    A piece has a `dtype` that it wants its input in, `weights`, `forward(x) -> (y, saved tensors, rest)` and
    `backward(gradient, saved, rest, wanted) -> (gradient of x, gradients of weights)`.
    """

    def __init__(self, pieces):
        self.pieces = pieces
        self.weights = [weight for piece in pieces for weight in piece.weights]

    def __call__(self, *inputs):
        """The outputs for inputs, as a node of autograd."""
        dtype = self.pieces[0].dtype
        return _Node.apply(self, len(inputs), *(x.to(dtype) for x in inputs), *self.weights)

    def forward(self, inputs):
        """(outputs, tape): the tape has for every piece its saved tensors and whatever else it wants back."""
        tape = []
        x = inputs[0] if len(inputs) == 1 else inputs
        for piece in self.pieces:
            if type(x) is torch.Tensor and x.dtype is not piece.dtype:
                x = x.to(piece.dtype)
            x, saved, rest = piece.forward(x)
            tape.append((saved, rest))
        return x, tape

    def backward(self, gradient, tape, wanted, input_wanted=False):
        """(gradient of the inputs, gradients of `weights`); the tape is used up.

        wanted: which weights want theirs. input_wanted: whether an input does.
        """
        gradients = [None] * len(wanted)
        last = len(wanted)
        # Below the first piece with something to train nobody needs gradients.
        lowest = -1 if input_wanted else self._first_trained(wanted)
        for index in range(len(self.pieces) - 1, max(lowest, 0) - 1, -1):
            piece = self.pieces[index]
            saved, rest = tape.pop()
            first = last - len(piece.weights)
            if gradient.dtype is not piece.dtype:
                gradient = gradient.to(piece.dtype)
            gradient, own = piece.backward(gradient, saved, rest, (index > lowest, *wanted[first:last]))
            gradients[first:last] = own
            last = first
        return gradient, gradients

    def _first_trained(self, wanted):
        position = 0
        for index, piece in enumerate(self.pieces):
            if any(wanted[position : position + len(piece.weights)]):
                return index
            position += len(piece.weights)
        return len(self.pieces)


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx, chain, count, *tensors):
        outputs, tape = chain.forward(tensors[:count])
        ctx.chain, ctx.count = chain, count
        ctx.marks = [(len(saved), rest) for saved, rest in tape]
        ctx.save_for_backward(*(tensor for saved, _ in tape for tensor in saved))
        return outputs

    @staticmethod
    def backward(ctx, gradient):
        tape, saved, end = [], list(ctx.saved_tensors), 0
        for size, rest in ctx.marks:
            tape.append((saved[end : end + size], rest))
            end += size
        del saved
        count = ctx.count
        wanted, input_wanted = ctx.needs_input_grad[2 + count :], any(ctx.needs_input_grad[2 : 2 + count])
        gradient, gradients = ctx.chain.backward(gradient, tape, wanted, input_wanted)
        inputs = gradient if isinstance(gradient, tuple) else (gradient,) * count
        if not input_wanted:
            inputs = (None,) * count
        return (None, None, *inputs, *gradients)
