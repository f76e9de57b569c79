"""`anmok augment` as a person meets it."""

import re
import sys

import cv2
import numpy as np
import pytest

from anmok import cli


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["anmok", "augment", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = "".join(capsys.readouterr())
        assert (end.value.code or 0) == code, output
        return output

    return run


@pytest.fixture
def picture(tmp_path):
    pixels = cv2.resize(np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8), (80, 60))
    path = tmp_path / "꽃.png"
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


def read(path):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)


def test_the_sheet_holds_the_original_and_16_draws(call, picture, tmp_path):
    output = call(picture, "--preset", "none", "--size", 60)
    assert str(tmp_path / "꽃-none.png") in re.sub(r"\s*\n\s*", "", output)
    sheet, original = read(tmp_path / "꽃-none.png"), read(picture)
    found = cv2.matchTemplate(sheet, original, cv2.TM_SQDIFF_NORMED)
    assert (found < 1e-4).sum() == 16  # of the preset that changes nothing, each draw is the original


def test_the_seed_makes_the_sheet(call, picture, tmp_path):
    for seed, name in ((0, "a"), (0, "b"), (1, "c")):
        call(picture, "--preset", "photos", "--seed", seed, "--out", tmp_path / f"{name}.png")
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == again and first != other


@pytest.mark.parametrize(
    "words, said",
    [
        (["꽃.png", "--preset", "photo"], "Unknown preset 'photo'. Did you mean 'photos'? Known: autoaugment, course,"),
        (["none.png"], "There is no image at none.png."),
        (["꽃.png", "--out", "sheet.jpg"], "expected a file name that ends in .png, got 'sheet.jpg'."),
        (["꽃.png", "--out", "nowhere/sheet.png"], "There is no folder nowhere to write sheet.png to."),
    ],
)
def test_wrong_words_get_one_sentence_and_write_nothing(call, picture, tmp_path, words, said):
    output = call(*words, code=2)
    assert output.startswith("anmok: ") and said in output.replace("\n", " ")
    assert list(tmp_path.iterdir()) == [picture]
