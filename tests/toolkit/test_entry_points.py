"""Entry points are found as Databricks finds them."""

from __future__ import annotations

import sys

import pytest

from nbkit.toolkit.entry_points import entry_point


def test_a_declared_entry_point_comes_first():
    """By name, whatever its group."""
    assert entry_point("pytest", "pytest").__name__.endswith("console_main")


def test_else_a_function_of_the_package(tmp_path, monkeypatch):
    """Also of one that is only a folder of the project."""
    (tmp_path / "my_etl.py").write_text("def main(): return 5")
    monkeypatch.syspath_prepend(tmp_path)

    assert entry_point("my-etl", "main")() == 5
    sys.modules.pop("my_etl", None)


@pytest.mark.parametrize(
    ("package", "name", "message"),
    [
        ("pytest", "pytset", "no entry point pytset; nearest: pytest"),
        ("no-such-package", "main", "no-such-package is not installed"),
    ],
)
def test_what_is_not_there_is_said(package, name, message):
    """With the nearest name."""
    with pytest.raises(LookupError, match=message):
        entry_point(package, name)
