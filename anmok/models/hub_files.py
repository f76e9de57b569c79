"""Where a published model comes from, and what kind of file it is: told by its content, refused in words."""

import hashlib
import urllib.parse
import zipfile
from pathlib import Path

import h5py

from anmok import files
from anmok.errors import ArgumentError, FileFormatError

_SAVED_MODEL = (
    "Models of TensorFlow Hub and of Kaggle's TensorFlow pages are SavedModels, graphs that only TensorFlow runs. "
    "Instead: one of the networks in anmok.applications with weights='imagenet'; a .keras or .h5 file, which Kaggle's "
    "Keras pages offer; or the SavedModel turned into ONNX once, where TensorFlow is installed (python -m "
    "tf2onnx.convert --saved-model FOLDER --output model.onnx)."
)
_OTHER_ENDINGS = {
    ".pt": "A file of torch.save holds Python code (a pickle), which is never run.",
    ".pth": "A file of torch.save holds Python code (a pickle), which is never run.",
    ".safetensors": "A .safetensors file holds weights only, no network.",
    ".tflite": "A .tflite file is for TensorFlow Lite only.",
    ".pb": _SAVED_MODEL,
}
_TORCH_MODULE = (
    "Make the torch module in your program, load its weights (load_state_dict), and pass the module itself: "
    "from_hub(module, data_format='channels_first')."
)


def local_file(handle, *, sha256=None):
    """The Path of the file that `handle` (a path or URL) stands for.

    A URL is downloaded once to $ANMOK_HOME/models. sha256: 64 hexadecimal digits that the file must have.
    Raises MissingFileError, ChecksumError, ArgumentError for handles of other hubs.
    """
    if sha256 is not None and (not isinstance(sha256, str) or len(sha256) != 64):
        raise ArgumentError(f"Expected sha256 as 64 hexadecimal digits, got {sha256!r}.")
    address = urllib.parse.urlsplit(str(handle))
    if address.scheme not in ("http", "https", "ftp", "file"):
        if "://" in str(handle):
            raise ArgumentError(f"{handle} cannot be downloaded: expected a path, or a URL with http or https.")
        path = Path(handle).expanduser()
        if sha256 is not None and path.is_file() and not files.is_intact(path, sha256):
            raise files.ChecksumError(f"{path} is not the file that was asked for: its sha256 is not {sha256}.")
        return path
    host = (address.hostname or "").removeprefix("www.")
    if host == "tfhub.dev" or (host == "kaggle.com" and not _names_a_file(address.path)):
        raise ArgumentError(f"{handle} cannot be used here. {_SAVED_MODEL}")
    name = Path(urllib.parse.unquote(address.path)).name
    if not name:
        raise ArgumentError(f"{handle} ends without a file's name: expected the URL of a .keras, .h5 or .onnx file.")
    # Many models are called model.onnx: the URL keeps them apart.
    target = files.home() / "models" / f"{hashlib.sha256(str(handle).encode()).hexdigest()[:10]}-{name}"
    if not target.exists() or (sha256 is not None and not files.is_intact(target, sha256)):
        files.download(str(handle), target, expected=sha256)
    return target


def _names_a_file(path):
    return path.lower().endswith((".keras", ".h5", ".hdf5", ".onnx"))


def kind_of(path):
    """'keras' or 'onnx'; raises MissingFileError, and FileFormatError in words for other files."""
    if path.is_dir():
        hint = _SAVED_MODEL if (path / "saved_model.pb").exists() else "Pass the file inside it."
        raise FileFormatError(f"{path} is a folder: expected a .keras, .h5 or .onnx file. {hint}")
    if not path.is_file():
        raise files.MissingFileError(f"There is no file {path.absolute()}.")
    with open(path, "rb") as file:
        start = file.read(8)
    if h5py.is_hdf5(path):
        return "keras"
    if start[:2] == b"PK":
        return "keras" if not _is_of_torch(path) else _refuse(path, _OTHER_ENDINGS[".pt"], _TORCH_MODULE)
    if path.name.lower().endswith((".keras", ".h5", ".hdf5")):
        return "keras"  # damaged: load_model finds the words
    ending = path.suffix.lower()
    if ending in _OTHER_ENDINGS:
        _refuse(path, _OTHER_ENDINGS[ending], _TORCH_MODULE if ending in (".pt", ".pth", ".safetensors") else "")
    # An ONNX file begins with the number of its format, the protobuf field 1.
    if ending == ".onnx" or start[:1] == b"\x08":
        return "onnx"
    return _refuse(path, "It is none of these, or is damaged.")


def _is_of_torch(path):
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("data.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return False


def _refuse(path, *reasons):
    raise FileFormatError(f"{path}: expected a model in a .keras, .h5 or .onnx file. {' '.join(reasons).strip()}")
