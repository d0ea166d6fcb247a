"""How often is tried what is tried at random."""

from __future__ import annotations

import importlib
import sys

import pytest
from hypothesis import settings
from proving import rounds


@pytest.fixture
def profile():
    """Ask for a profile, as `--hypothesis-profile` does."""
    before = settings.get_current_profile_name()
    yield settings.load_profile
    settings.load_profile(before)


@pytest.mark.parametrize(("asked", "tried"), [("ci", 3), ("prove", 100)])
def test_the_profile_that_was_asked_for_stays(profile, monkeypatch, asked, tried):
    """Also when a test imports `conftest`, which pytest has under another name."""
    monkeypatch.delitem(sys.modules, "conftest", raising=False)
    profile(asked)
    importlib.import_module("conftest")
    assert rounds(3, 100) == tried
