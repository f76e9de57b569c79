"""docs/architectures.md is what tools/architectures.py makes."""

import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("architectures", ROOT / "tools" / "architectures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(tool):
    return tool.PAGE.read_text(encoding="utf-8")


AGAIN = "run `python tools/architectures.py` and commit docs/architectures.md"


@pytest.mark.parametrize("title", ["LeNet-5 (1998)", "GoogLeNet (2014)", "Inception modules (2014)"])
def test_the_page_has_the_section_as_it_is_made_now(tool, page, title):
    assert tool.section(title) in page, AGAIN


def test_the_page_has_the_facts_of_every_network_and_remarks_on_every_paper(tool, page):
    assert tool._overview() in page and page.startswith(tool.OPENING), AGAIN
    assert list(tool.REMARKS) == list(tool.SECTIONS)
    for remarks in tool.REMARKS.values():
        assert all(f"* {remark}\n" in page for remark in remarks), AGAIN


@pytest.mark.slow
def test_the_whole_page_is_made_anew(tool, page):
    assert tool.text() == page, AGAIN
