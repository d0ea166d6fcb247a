"""A wrong name is answered with the one that was probably meant."""

from __future__ import annotations

import pytest

from nbkit.near import hint, nearest


@pytest.mark.parametrize(
    ("name", "names", "near"),
    [
        ("lod", ["load", "serve"], "load"),
        ("LOAD", ["load", "serve"], "load"),
        ("gold_2", ["gold_1", "silver"], "gold_1"),
        ("xyz", ["load", "serve"], None),
        ("load", [], None),
    ],
)
def test_the_nearest_name(name, names, near):
    """Case does not matter; what is too far is no suggestion."""
    assert nearest(name, names) == near


def test_a_hint_lists_few_names():
    """Without a near name the few there are help; many would not."""
    assert hint("lod", ["load"]) == "; nearest: load"
    assert hint("xyz", ["load", "serve"]) == "; known: load, serve"
    assert hint("xyz", [f"task{number}" for number in range(20)]) == ""
    assert hint("xyz", []) == ""
