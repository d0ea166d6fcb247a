"""The README is short; what it names is checked with the documentation, what it runs is run."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    """A newcomer reads it to its end; what is longer is in the documentation."""
    assert len(README.splitlines()) <= 100
