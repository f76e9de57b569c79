"""tf.test: what there is of devices, and unittest's TestCase with assertions on arrays."""

import unittest

import numpy as np
import torch

from anmok.compat.tensors import as_tensor


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    return torch.cuda.is_available()


def gpu_device_name():
    """'/device:GPU:0', or nothing without a GPU."""
    return "/device:GPU:0" if torch.cuda.is_available() else ""


def is_built_with_cuda():
    return torch.version.cuda is not None


is_built_with_gpu_support = is_built_with_cuda


def is_built_with_rocm():
    return getattr(torch.version, "hip", None) is not None


def is_built_with_xla():
    return False


class TestCase(unittest.TestCase):
    """unittest's, with comparisons of tensors."""

    def assertAllEqual(self, a, b, msg=None):
        np.testing.assert_array_equal(as_tensor(a).numpy(), as_tensor(b).numpy(), err_msg=msg or "")

    def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        np.testing.assert_allclose(as_tensor(a).numpy(), as_tensor(b).numpy(), rtol, atol, err_msg=msg or "")

    def assertShapeEqual(self, first, second, msg=None):
        self.assertEqual(tuple(first.shape), tuple(second.shape), msg)


main = unittest.main
__all__ = [
    "TestCase", "gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_built_with_rocm",
    "is_built_with_xla", "is_gpu_available", "main",
]  # fmt: skip
