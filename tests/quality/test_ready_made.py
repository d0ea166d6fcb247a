"""To add a ready-made check, write one function: here is one, and it is everywhere."""

from __future__ import annotations

import inspect

import pytest

from nbkit import quality
from nbkit.errors import DefinitionError
from nbkit.quality.expectation import Expectation
from nbkit.quality.ready_made import READY_MADE, ready_made
from nbkit.quality.rules import build


@pytest.fixture
def even():
    before = dict(READY_MADE)

    @ready_made
    def even(column: str, *, action: str = "warn", name: str = "") -> Expectation:
        """Expect an even number."""
        return Expectation(name or f"{column}_even", f"{column} % 2 = 0", action)

    yield even
    READY_MADE.clear()
    READY_MADE.update(before)


def test_a_function_is_all_that_it_takes(even):
    """A file of rules may name it at once, and says what it takes."""
    made = build({"check": "even", "column": "id", "action": "drop", "tags": ["numbers"]})
    assert (made.name, made.action, made.tags) == ("id_even", "drop", ("numbers",))
    with pytest.raises(DefinitionError, match="nearest: column"):
        build({"check": "even", "colum": "id"})


@pytest.mark.parametrize("name", READY_MADE)
def test_each_is_exported_and_says_what_it_does(name):
    """`nbkit.quality` has it, with a docstring and an action to choose."""
    made = READY_MADE[name]
    assert getattr(quality, name) is made
    assert name in quality.__all__
    assert inspect.getdoc(made)
    assert "action" in inspect.signature(made).parameters
