"""In which number format a training step computes."""

import contextlib

import torch


def training_format(module, device):
    """The format for the arithmetic of training: torch.bfloat16, torch.float16, or None for float32 throughout.

    Layers whose dtype policy is 'auto' train in bfloat16 where the processor multiplies it in hardware and the
    network is large enough to gain; explicit policies are followed.
    """
    policies = {layer.dtype_policy.name for layer in module.modules() if hasattr(layer, "dtype_policy")}
    if "mixed_float16" in policies:
        return torch.float16
    if "mixed_bfloat16" in policies:
        return torch.bfloat16
    if policies and "auto" not in policies:
        return None
    return torch.bfloat16 if multiplies_bfloat16(device) and is_large(module) else None


def multiplies_bfloat16(device):
    """Whether the device has instructions for bfloat16 products (AVX512-BF16, AMX, CUDA from Ampere on)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    tests = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in tests)


def is_large(module):
    """Whether casting to bfloat16 pays: there are convolutions over images, or large matrices."""
    return any(weight.dim() == 4 or is_large_matrix(weight) for weight in module.parameters())


def is_large_matrix(weight):
    """Whether products with a Dense kernel are faster in bfloat16, the casts included."""
    return weight.dim() == 2 and weight.numel() >= 1 << 15


def computing(device, dtype):
    """A context in which torch computes in `dtype`; None leaves everything as it is."""
    return contextlib.nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)


class LossScale:
    """Dynamic scaling of the loss for float16, whose gradients underflow otherwise (as Keras' LossScaleOptimizer)."""

    def __init__(self, initial=2.0**15, growth_steps=2000):
        self.scale = initial
        self._growth_steps = growth_steps
        self._good_steps = 0

    def unscale(self, gradients):
        """Divide the gradients by the scale; False if they overflowed, and then the step must be left out."""
        present = [gradient for gradient in gradients if gradient is not None]
        torch._foreach_mul_(present, 1.0 / self.scale)
        finite = all(bool(torch.isfinite(gradient).all()) for gradient in present)
        if not finite:
            self.scale, self._good_steps = self.scale / 2, 0
            return False
        self._good_steps += 1
        if self._good_steps >= self._growth_steps:
            self.scale, self._good_steps = self.scale * 2, 0
        return True
