from pathlib import Path

import cv2
import numpy as np

from anmok.runs import inputs

GREY = {"names": ["a"], "shape": [8, 8, 1], "border": 5.0}


def write(path, image):
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def test_files_are_fitted_and_bad_ones_named(tmp_path):
    light = write(tmp_path / "light.png", np.full((16, 16, 3), 250, np.uint8))
    ready, refused = inputs.read([light, tmp_path / "none.png"], classes=GREY)
    assert inputs.stack(ready).shape == (1, 8, 8, 1) and (ready[0].pixels == 250).all()
    assert len(refused) == 1 and "none.png" in str(refused[0])
    colour, _ = inputs.read([light], classes=GREY | {"shape": [4, 4, 3]})
    assert colour[0].pixels.shape == (4, 4, 3)


def test_the_hint_to_invert_comes_when_it_helps(tmp_path):
    light = write(tmp_path / "light.png", np.full((16, 16, 3), 250, np.uint8))
    ready, _ = inputs.read([light], classes=GREY)
    assert inputs.hint(ready, classes=GREY) == (
        "light.png: the images this network learned from have a darker background. Try --invert."
    )
    inverted, _ = inputs.read([light], classes=GREY, invert=True)
    assert (inverted[0].pixels == 5).all()
    assert inputs.hint(inverted, classes=GREY) is None
    dark = [inputs.Picture(Path("dark.png"), np.zeros((8, 8, 1), np.uint8))]
    assert "lighter background" in inputs.hint(dark, classes=GREY | {"border": 250.0})
    # Photographs have borders of every kind.
    assert inputs.hint(dark, classes=GREY | {"border": 150.0}) is None
