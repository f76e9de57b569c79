"""`anmok zoo` as a person meets it."""

import sys

import pytest

from anmok import cli, zoo


@pytest.fixture
def call(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["anmok", "zoo", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = "".join(capsys.readouterr())
        assert (end.value.code or 0) == code, output
        return output

    return run


def test_every_network_has_its_line_of_at_most_80_signs(call):
    lines = call().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[1 : 1 + len(zoo.NETWORKS)]] == list(zoo.NETWORKS)
    alexnet = next(line for line in lines if line.startswith("alexnet "))
    assert alexnet.split() == [
        "alexnet",
        "2012",
        "60,965,224",
        "724.4",
        "M",
        "227",
        "px",
        "67",
        "px",
        "40.7",
        "/",
        "18.2",
    ]


def test_a_network_is_shown_module_by_module_beside_its_paper(call):
    lines = call("GoogLeNet").splitlines()
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if line.startswith("inception_3a"))
    assert row.split() == ["inception_3a", "28x28x256", "163,696", "128,049,152", "28x28x256", "159K", "128M"]
    assert "total                      6,998,552  1,582,671,872" in "\n".join(lines)


def test_a_network_goes_by_the_lecture_s_names(call):
    assert "vgg-f" not in call("VGG-F") and "cnn-f: Chatfield" in call("VGG-F")
    assert "vgg-d: Simonyan" in call("vgg16")


def test_an_unknown_name_offers_the_nearest(call):
    assert "Unknown network 'resnet-51'. Did you mean 'resnet" in call("resnet-51", code=2)
