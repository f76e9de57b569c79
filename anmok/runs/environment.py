"""Where, when and with what a run was made."""

import datetime
import importlib.metadata
import os
import platform

from anmok import __version__

_PACKAGES = ("torch", "numpy", "opencv-python-headless")


def describe():
    """dict for environment.json: start (ISO 8601, local time), anmok's and its packages' versions, machine."""
    return {
        "started": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "anmok": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": _cores(),
    }


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cores():
    # A container or a batch system may give fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
