"""The run folder. Nobody else knows its files' names.

Each file is appended to line by line or written whole and renamed, so a run that was killed opens, with what it had.
"""

import contextlib
import csv
import datetime
import io
import json
import os
from pathlib import Path

import cv2
import numpy as np

from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError, unknown_name
from anmok.runs.config import TrainConfig

# Names of files on Linux need not be UTF-8; they are kept to the byte.
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}
_IMPOSSIBLE = set('/\\:*?"<>|\0')  # in the name of a folder, on one system or another


class RunFolder:
    """One run on disk: what went in, what happened, what came out. Readers return None for what is not there (yet)."""

    def __init__(self, path):
        self.path = Path(path)
        self.name = self.path.name

    # -- making and finding ------------------------------------------------------------------------------------

    @classmethod
    def create(cls, runs_dir, config, *, name=None):
        """A new folder runs_dir/name with its config; without a name it is called after the source and the time."""
        runs_dir = Path(runs_dir)
        runs_dir.mkdir(parents=True, exist_ok=True)
        given = name is not None
        name = name if given else f"{_as_name(config.title)}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
        if not name or name in (".", "..") or set(name) & _IMPOSSIBLE:
            raise ArgumentError(f"--name: expected a name that a folder can have, got {name!r}.")
        for number in range(1, 1000):
            path = runs_dir / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir()
                break
            except FileExistsError:
                if given:
                    raise ArgumentError(f"{path} exists already; choose another --name or move it away.") from None
        folder = cls(path)
        folder._write_json("config.json", config.to_dict())
        return folder

    @classmethod
    def open(cls, reference, runs_dir="runs"):
        """The run that `reference` names: a path, a name in runs_dir, or 'last' (the one begun last)."""
        known = list_runs(runs_dir)
        if reference == "last":
            if not known:
                raise MissingFileError(f"There is no run in {Path(runs_dir).resolve()} yet; `anmok train` makes one.")
            return known[-1]
        for path in (Path(runs_dir) / reference, Path(reference)):
            if (path / "config.json").is_file():
                return cls(path)
        if not known:
            raise MissingFileError(f"There is no run {reference!r}: {Path(runs_dir).resolve()} holds none.")
        raise unknown_name("run", str(reference), [run.name for run in known])

    # -- what went in ------------------------------------------------------------------------------------------

    @property
    def config(self):
        """The TrainConfig; every run has one."""
        values = self._read_json("config.json")
        if not isinstance(values, dict):
            raise FileFormatError(f"{self.path} is not a run folder: it has no readable config.json.")
        return TrainConfig.from_dict(values)

    @property
    def environment(self):
        """dict: where, when and with which versions the run was made."""
        return self._read_json("environment.json")

    @environment.setter
    def environment(self, values):
        self._write_json("environment.json", values)

    @property
    def classes(self):
        """dict: 'names' in label order, 'shape' [H, W, C], 'border': mean of the training images' outermost pixels.

        'fitting': "crop" where pictures were brought to that shape by their middle; missing where they had it.
        """
        return self._read_json("classes.json")

    @classes.setter
    def classes(self, values):
        self._write_json("classes.json", values)

    @property
    def samples(self):
        """list of dict 'split' (train, validation, test), 'index', 'label', and 'file' where images are files.

        'index': in the source's training or test images; of files, among those of the split.
        """
        rows = self._read_csv("samples.csv")
        return rows and [row | {"index": int(row["index"]), "label": int(row["label"])} for row in rows]

    @samples.setter
    def samples(self, rows):
        self._write_csv("samples.csv", list(rows[0]), rows)

    @property
    def skipped_path(self):
        return self.path / "skipped.csv"

    @property
    def skipped(self):
        """list of dict 'name', 'reason': the files that were left out; None where images are no files."""
        return self._read_csv("skipped.csv")

    @skipped.setter
    def skipped(self, rows):
        self._write_csv("skipped.csv", ["name", "reason"], ({"name": name, "reason": reason} for name, reason in rows))

    # -- what happened -----------------------------------------------------------------------------------------

    @property
    def history(self):
        """list of dict, one an epoch: 'epoch' from 1, then what was measured; [] before the first epoch ended."""
        whole = []
        for row in self._read_csv("history.csv") or []:
            try:
                whole.append({key: int(v) if key == "epoch" else float(v) for key, v in row.items()})
            except (TypeError, ValueError) as error:
                raise FileFormatError(f"{self.path / 'history.csv'} is damaged at {row} ({error}).") from error
        return whole

    def append_history(self, row):
        """Add one epoch's dict; the first one fixes the columns."""
        path = self.path / "history.csv"
        is_new = not path.exists()
        with open(path, "a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)

    # -- what came out -----------------------------------------------------------------------------------------

    @property
    def model_path(self):
        """Where the best model so far lies; None before the first epoch ended."""
        path = self.path / "model.keras"
        return path if path.is_file() else None

    def trained_model(self):
        """Where the best model lies; raises MissingFileError when there is none yet."""
        if self.model_path is None:
            raise MissingFileError(f"Run {self.name} has no model: it was stopped before its first epoch ended.")
        return self.model_path

    def save_model(self, model):
        """Keep `model` (anything with Keras' `save`) as the best one so far."""
        with self._replacing("model.keras") as part:
            model.save(part)

    @property
    def metrics(self):
        """dict of what was measured on the test images."""
        return self._read_json("metrics.json")

    @metrics.setter
    def metrics(self, values):
        self._write_json("metrics.json", values)

    def write_predictions(self, labels, probabilities, *, files=None):
        """Keep the test images' labels (N,), the model's probabilities (N, K) and, of files, their names."""
        predicted = probabilities.argmax(axis=1)
        # Nine digits carry a float32 exactly, so whoever ranks the file's rows finds the order that was measured.
        heads = [f"p{k}" for k in range(probabilities.shape[1])]
        rows = (
            {"index": i, "label": int(labels[i]), "predicted": int(predicted[i])}
            | ({} if files is None else {"file": files[i]})
            | {head: f"{p:.9g}" for head, p in zip(heads, probabilities[i], strict=True)}
            for i in range(len(labels))
        )
        columns = ["index", "label", "predicted", *([] if files is None else ["file"]), *heads]
        self._write_csv("predictions.csv", columns, rows)

    @property
    def predictions(self):
        """(labels int64 (N,), probabilities float64 (N, K)) of the test images."""
        rows = self._read_csv("predictions.csv")
        if rows is None:
            return None
        try:
            heads = [key for key in rows[0] if key not in ("index", "label", "predicted", "file")]
            table = np.array([[row[head] for head in ("label", *heads)] for row in rows], np.float64)
            return table[:, 0].astype(np.int64), table[:, 1:]
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{self.path / 'predictions.csv'} is damaged ({error}).") from error

    @property
    def tested_files(self):
        """The test images' file names in the order of `predictions`; None where they are no files."""
        rows = self._read_csv("predictions.csv") or []
        return [row["file"] for row in rows] if rows and "file" in rows[0] else None

    def write_picture(self, index, image):
        """Keep test image `index`, uint8 (H, W, C), so that the report needs no data set."""
        pixels = image if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".png", pixels)
        if not done:
            raise DataError(f"Test image {index} cannot be written as PNG: shape {image.shape}, {image.dtype}.")
        (self.path / "mistakes").mkdir(exist_ok=True)
        with self._replacing(f"mistakes/{index:06d}.png") as part:
            part.write_bytes(data.tobytes())

    def picture(self, index):
        """The PNG bytes of test image `index`, if it was kept."""
        path = self.path / "mistakes" / f"{index:06d}.png"
        return path.read_bytes() if path.is_file() else None

    @property
    def report_path(self):
        return self.path / "report.html"

    def write_report(self, html):
        with self._replacing("report.html") as part:
            part.write_text(html, encoding="utf-8", errors="replace")

    # -- files -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _replacing(self, name):
        """The path to write to; the file takes its name when the block ended well, and goes away when it did not."""
        target = self.path / name
        # Its ending stays: Keras' save chooses the format by it.
        part = target.with_name(f".part-{target.name}")
        try:
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)

    def _write_json(self, name, values):
        with self._replacing(name) as part:
            part.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", **_TEXT)

    def _read_json(self, name):
        try:
            return json.loads((self.path / name).read_text(**_TEXT))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise FileFormatError(f"{self.path / name} is damaged ({error}).") from error

    def _write_csv(self, name, columns, rows):
        with self._replacing(name) as part, open(part, "w", newline="", **_TEXT) as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def _read_csv(self, name):
        try:
            with open(self.path / name, newline="", **_TEXT) as file:
                text = file.read()
        except FileNotFoundError:
            return None
        # A run killed while it appended leaves a last line without its end; what it says cannot be trusted.
        whole = text[: text.rfind("\n") + 1]
        return list(csv.DictReader(io.StringIO(whole, newline="")))


def _as_name(title):
    """`title` with what a folder's name cannot hold replaced."""
    return "".join("-" if letter in _IMPOSSIBLE or not letter.isprintable() else letter for letter in title)


def list_runs(runs_dir):
    """The RunFolders in a folder, in the order they were begun; [] if there is no such folder."""
    configs = Path(runs_dir).glob("*/config.json")
    return [RunFolder(path.parent) for path in sorted(configs, key=lambda path: (path.stat().st_mtime_ns, path))]
