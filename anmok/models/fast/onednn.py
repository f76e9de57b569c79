"""oneDNN's convolution and matrix product with what follows them: an addend, a lower and an upper limit.

Those are applied before a result leaves the processor's registers, where operations of their own would read and write
the whole map again; and kernels are kept in the order that oneDNN computes in, where torch.conv2d brings them into it
at every call. PyTorch makes these operators for its compiler's frozen graphs.
"""

import functools

import torch

_KEPT = 16  # shapes of inputs for which the order of a kernel is known


@functools.cache
def _is_there():
    """Whether this PyTorch has the operators; they are not part of its promised interface."""
    names = ("_convolution_pointwise", "_convolution_pointwise_", "_linear_pointwise", "_reorder_convolution_weight")
    return torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in names)


def serves(dtype):
    """Whether oneDNN is to be used for that format on this machine."""
    if not (_is_there() and torch.backends.mkldnn.enabled):
        return False
    return dtype is torch.float32 or (dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _attribute(limits):
    """(operation, its numbers) for limits (low, high): None, (0, None) or (0, high)."""
    if limits is None:
        return "none", []
    return ("relu", []) if limits[1] is None else ("hardtanh", [float(limits[0]), float(limits[1])])


class Convolution:
    """A convolution of images (B, C, H, W) in channels-last memory, with settled kernel, bias and geometry."""

    def __init__(self, kernel, bias, strides, padding, dilation, groups):
        self._kernel, self._bias = kernel, bias
        self._geometry = [list(padding), list(strides), list(dilation), groups]
        self._packed = {}  # shape of the input -> the kernel in the order for it

    def _kernel_for(self, shape):
        packed = self._packed.get(shape)
        if packed is None:
            if len(self._packed) >= _KEPT:
                self._packed.pop(next(iter(self._packed)))
            packed = torch.ops.mkldnn._reorder_convolution_weight(self._kernel, *self._geometry, list(shape))
            order = torch.ops.mkldnn._get_mkldnn_serialized_md(packed)
            for kept in self._packed.values():
                if torch.equal(torch.ops.mkldnn._get_mkldnn_serialized_md(kept), order):
                    packed = kept
                    break
            self._packed[shape] = packed
        return packed

    def __call__(self, x, limits=None):
        """The result (B, K, H', W'), within the limits."""
        name, numbers = _attribute(limits)
        return torch.ops.mkldnn._convolution_pointwise(
            x, self._kernel_for(x.shape), self._bias, *self._geometry, name, numbers, ""
        )

    def added(self, x, addend, *, relu, overwrite):
        """The result plus an addend of its shape, then ReLU if wished; written over the addend if that may be."""
        operator = torch.ops.mkldnn._convolution_pointwise_ if overwrite else torch.ops.mkldnn._convolution_pointwise
        tensors = (addend, x) if overwrite else (x, addend)
        return operator.binary(
            *tensors, self._kernel_for(x.shape), self._bias, *self._geometry,
            "add", None, "relu" if relu else None, [], None,
        )  # fmt: skip


def linear(x, kernel, bias, limits):
    """x (..., n) times kernel (m, n) transposed, plus the bias, within limits (0, None) or None."""
    name, numbers = _attribute(limits)
    return torch.ops.mkldnn._linear_pointwise(x, kernel, bias, name, numbers, "")
