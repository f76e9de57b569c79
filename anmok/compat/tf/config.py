"""tf.config: which devices there are, and switches that have no meaning here."""

import collections
import sys
import types

import torch

from anmok.compat import missing

PhysicalDevice = collections.namedtuple("PhysicalDevice", "name device_type")
LogicalDevice = collections.namedtuple("LogicalDevice", "name device_type")


class LogicalDeviceConfiguration:
    """A limit on memory, which torch does not have."""

    def __init__(self, memory_limit=None, **kwargs):
        self.memory_limit = memory_limit


def _devices(kind, make, prefix):
    kinds = {"CPU": 1, "GPU": torch.cuda.device_count()}
    return [
        make(f"{prefix}{name}:{number}", name)
        for name, count in kinds.items()
        if kind in (None, name)
        for number in range(count)
    ]


def list_physical_devices(device_type=None):
    """The processor and the GPUs torch sees."""
    return _devices(device_type, PhysicalDevice, "/physical_device:")


get_visible_devices = list_physical_devices


def list_logical_devices(device_type=None):
    return _devices(device_type, LogicalDevice, "/device:")


def get_device_details(device):
    return {"device_name": torch.cuda.get_device_name()} if device.device_type == "GPU" else {}


def _nothing(*args, **kwargs):
    """Nothing: torch does without this setting."""


set_visible_devices = set_logical_device_configuration = set_soft_device_placement = set_memory_growth = _nothing
run_functions_eagerly = experimental_run_functions_eagerly = _nothing


def functions_run_eagerly():
    return True


experimental_functions_run_eagerly = functions_run_eagerly


def _module(name, **names):
    module = types.ModuleType(f"{__name__}.{name}")
    module.__dict__.update(names)

    def refuse(asked):
        raise missing.attribute(f"tf.config.{name}", asked, names)

    module.__getattr__ = refuse
    sys.modules[module.__name__] = module
    return module


experimental = _module(
    "experimental",
    VirtualDeviceConfiguration=LogicalDeviceConfiguration,
    enable_op_determinism=_nothing,
    enable_tensor_float_32_execution=_nothing,
    get_memory_growth=lambda device: True,
    get_visible_devices=get_visible_devices,
    list_logical_devices=list_logical_devices,
    list_physical_devices=list_physical_devices,
    set_memory_growth=_nothing,
    set_virtual_device_configuration=_nothing,
    set_visible_devices=_nothing,
)
optimizer = _module(
    "optimizer",
    get_experimental_options=dict,
    get_jit=lambda: "",
    set_experimental_options=_nothing,
    set_jit=_nothing,
)
threading = _module(
    "threading",
    get_inter_op_parallelism_threads=lambda: 1,
    get_intra_op_parallelism_threads=torch.get_num_threads,
    set_inter_op_parallelism_threads=_nothing,
    set_intra_op_parallelism_threads=lambda num_threads: torch.set_num_threads(num_threads) if num_threads else None,
)
__all__ = [
    "LogicalDevice", "LogicalDeviceConfiguration", "PhysicalDevice", "experimental",
    "experimental_functions_run_eagerly", "experimental_run_functions_eagerly", "functions_run_eagerly",
    "get_device_details", "get_visible_devices",
    "list_logical_devices", "list_physical_devices", "optimizer", "run_functions_eagerly",
    "set_logical_device_configuration", "set_memory_growth", "set_soft_device_placement", "set_visible_devices",
    "threading",
]  # fmt: skip
