"""A chain of pieces as one node of autograd: its forward and backward passes are plain loops."""

import torch


class Chain:
    """Pieces run one after the other, each with its gradient written out.

    dtype: the format of the arithmetic. A piece has `weights`, `forward(x, dtype) -> (y, saved tensors, rest)` and
    `backward(gradient, saved, rest, wanted) -> (gradient of x, gradients of weights)`.
    """

    def __init__(self, pieces, dtype):
        self.pieces = pieces
        self.dtype = dtype
        self.weights = [weight for piece in pieces for weight in piece.weights]

    def __call__(self, *inputs):
        inputs = [x if x.dtype is self.dtype else x.to(self.dtype) for x in inputs]
        return _Run.apply(self, len(inputs), *inputs, *self.weights)


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx, chain, count, *tensors):
        x = tensors[0] if count == 1 else tensors[:count]
        saved, marks = [], []
        for piece in chain.pieces:
            x, kept, rest = piece.forward(x, chain.dtype)
            marks.append((len(kept), rest))
            saved += kept
        ctx.chain, ctx.count, ctx.marks = chain, count, marks
        ctx.save_for_backward(*saved)
        return x

    @staticmethod
    def backward(ctx, gradient):
        chain, count, marks = ctx.chain, ctx.count, ctx.marks
        saved = list(ctx.saved_tensors)
        wanted = ctx.needs_input_grad[2 + count :]
        first_wanted = any(ctx.needs_input_grad[2 : 2 + count])
        needed = _needed(chain.pieces, wanted, first_wanted)
        if gradient.dtype is not chain.dtype:
            gradient = gradient.to(chain.dtype)
        weight_gradients = []
        end, last = len(saved), len(chain.weights)
        for piece, (size, rest), needs_input in zip(reversed(chain.pieces), reversed(marks), needed, strict=True):
            own = wanted[last - len(piece.weights) : last]
            last -= len(piece.weights)
            kept, end = saved[end - size : end], end - size
            del saved[end:]
            if gradient is None:
                weight_gradients[:0] = [None] * len(piece.weights)
                continue
            gradient, gradients = piece.backward(gradient, kept, rest, (needs_input, *own))
            weight_gradients[:0] = gradients
        inputs = gradient if isinstance(gradient, tuple) else (gradient,) * count
        return (None, None, *inputs, *weight_gradients)


def _needed(pieces, wanted, first_wanted):
    """For each piece from the last to the first: whether anything before it wants the gradient of its input."""
    needs, position, before = [], 0, first_wanted
    for piece in pieces:
        needs.append(before)
        before = before or any(wanted[position : position + len(piece.weights)])
        position += len(piece.weights)
    return reversed(needs)
