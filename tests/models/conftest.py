"""Number formats and hints of one test do not reach the next."""

import pytest

from anmok import mixed_precision, notices


@pytest.fixture(autouse=True)
def _afresh():
    before = mixed_precision.global_policy()
    notices.forget()
    yield
    mixed_precision.set_global_policy(before)


@pytest.fixture
def float32():
    mixed_precision.set_global_policy("float32")
