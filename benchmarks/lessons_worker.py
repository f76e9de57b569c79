"""One lesson, once, on anmok or with Keras in anmok's place: prints its seconds and figures as a line of JSON.

`python lessons_worker.py FILE FOLDER anmok|keras BUDGET SEED QUICK EXTRAS`. EXTRAS is a site-packages folder with what
lessons import besides (matplotlib, scikit-learn ...); a peer's own packages come before it.
"""

import functools
import importlib
import importlib.abc
import importlib.util
import json
import os
import sys
import time
import types
from pathlib import Path

LEAST_EPOCHS = 2


class KerasForAnmok(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers `import anmok` and all below it with Keras' modules of the same names."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "anmok":
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def create_module(self, spec):
        theirs = spec.name.replace("anmok", "keras", 1)
        module = types.ModuleType(spec.name)
        for source in (theirs, theirs.replace("keras.", "keras._legacy.", 1)):  # ImageDataGenerator is in the second
            try:
                module.__dict__.update(
                    {k: v for k, v in vars(importlib.import_module(source)).items() if k[:2] != "__"}
                )
            except ModuleNotFoundError:
                continue
        return module

    def exec_module(self, module):
        pass


def take_data_from_the_cache():
    """Keras' data sets out of anmok's cache: Keras would load other archives of the same images."""
    for name in ("mnist", "fashion_mnist", "cifar10"):
        importlib.import_module(f"keras.datasets.{name}").load_data = functools.partial(cached_images, name)
    importlib.import_module("keras.src.datasets.boston_housing").get_file = lambda path, **_: str(cached(path))


def cached(name):
    return Path(os.environ["ANMOK_HOME"]) / "datasets" / name


def cached_images(name, path=None):
    """The images of a data set, and their labels in the shapes that Keras gives them."""
    import numpy as np

    with np.load(cached(f"{name}.npz")) as arrays:
        x_train, y_train, x_test, y_test = (arrays[part] for part in ("x_train", "y_train", "x_test", "y_test"))
    if name == "cifar10":
        y_train, y_test = y_train.reshape(-1, 1), y_test.reshape(-1, 1)
    return (x_train, y_train), (x_test, y_test)


class Shortened:
    """Puts itself in the place of Model.fit: stops a long one within the budget and counts the rest of its epochs."""

    def __init__(self, library, budget):
        self.budget, self.counted = budget, 0.0
        callback = importlib.import_module(f"{library}.callbacks").Callback
        model = importlib.import_module(f"{library}.models").Model
        fit, outer = model.fit, self

        class Clock(callback):
            def on_train_begin(self, logs=None):
                self.ends = [time.perf_counter()]

            def on_epoch_end(self, epoch, logs=None):
                self.ends.append(time.perf_counter())
                if len(self.ends) > LEAST_EPOCHS and self.ends[-1] - self.ends[0] > outer.budget:
                    self.model.stop_training = True

        def fit_within_budget(model, *args, **options):
            clock = Clock()
            callbacks = options.pop("callbacks", None) or []
            history = fit(model, *args, callbacks=[*callbacks, clock], **options)
            done, wanted = len(clock.ends) - 1, options.get("epochs", 1)
            stopped_here = len(clock.ends) > LEAST_EPOCHS and clock.ends[-1] - clock.ends[0] > outer.budget
            if stopped_here and done < wanted:
                outer.counted += (wanted - done) * (clock.ends[-1] - clock.ends[1]) / (done - 1)
                history.epoch = list(range(wanted))
                for values in history.history.values():
                    values.extend([values[-1]] * (wanted - len(values)))
            return history

        model.fit = fit_within_budget


def main(path, folder, library, budget, seed, quick, extras):
    """Run the lesson; what libraries print goes to the errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.append(extras)
    if library == "keras":
        sys.meta_path.insert(0, KerasForAnmok())
        take_data_from_the_cache()
    spec = importlib.util.spec_from_file_location("lesson_file", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lesson_file"] = module
    spec.loader.exec_module(module)
    shortened = Shortened(library, float(budget))
    began = time.perf_counter()
    figures = module.lesson(int(seed), bool(int(quick)), Path(folder))
    seconds = time.perf_counter() - began + shortened.counted
    scaled = shortened.counted > 0
    figures = {name: float(value) for name, value in figures.items()}
    print(json.dumps({"seconds": round(seconds, 2), "scaled": scaled, "figures": figures}), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
