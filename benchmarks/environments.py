"""The peers' virtual environments: made on first use, kept in the user's cache, remade when a pin changes."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

KERAS = "keras==3.15.1"

# anmok runs from its source in the environment of the PyTorch peers, so that both have the same kernels.
REQUIREMENTS = {
    "keras-tensorflow": (KERAS, "tensorflow-cpu==2.21.0"),
    "keras-jax": (KERAS, "jax==0.10.2", "jaxlib==0.10.2"),
    "torch": ("-r", str(ROOT / "constraints.txt")),
    # Of lessons.py: what lessons import besides; each peer's own packages come before these.
    "lesson-libraries": (
        "matplotlib==3.11.2",
        "scikit-learn==1.9.1",
        "scipy==1.17.1",
        "pandas==3.1.1",
        "opencv-python-headless==5.0.0.93",
        "numpy==2.4.6",
        "pillow==13.0.0",
    ),
    # Of input.py.
    "albumentations": ("albumentations==2.0.8", "opencv-python-headless==5.0.0.93", "numpy==2.4.6"),
    "kornia": ("kornia==0.9.0", "torch==2.13.0", "numpy==2.4.6"),
}


def cache_folder():
    """The folder that holds the environments; `ANMOK_BENCHMARKS` moves it."""
    return Path(os.environ.get("ANMOK_BENCHMARKS", Path.home() / ".cache" / "anmok-benchmarks"))


def python_of(environment, *, say=print):
    """The interpreter of a named environment, which is made first if it is missing or its pins changed."""
    folder = cache_folder() / environment
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements.sha256"
    wanted = _fingerprint(environment)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return str(python)
    say(f"making the environment of {environment} in {folder}: {' '.join(REQUIREMENTS[environment])}")
    venv.create(folder, clear=True, with_pip=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[environment]], check=True)
    stamp.write_text(wanted)
    return str(python)


def _fingerprint(environment):
    parts = [sys.version, *REQUIREMENTS[environment]]
    parts += [Path(part).read_text() for part in REQUIREMENTS[environment] if part.endswith(".txt")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    for name in sys.argv[1:] or REQUIREMENTS:
        print(name, python_of(name))
