"""A notebook's kernel is known before the run, or the nearest installed one is named."""

from __future__ import annotations

import pytest

from nbkit.kernels.kernelspecs import find_kernelspec_problem


@pytest.mark.parametrize("name", [None, "nbkit", "python3"])
def test_this_python(write, name):
    """No name and the usual names mean this Python."""
    assert find_kernelspec_problem(write("1", kernel=name)) is None


def test_unknown(write):
    """An unknown name is a problem that names the nearest kernel, or what there is."""
    assert "nearest: python3" in find_kernelspec_problem(write("1", kernel="pyton3"))
    assert "known: " in find_kernelspec_problem(write("1", kernel="zzz"))


def test_unreadable(tmp_path):
    """A file that is no notebook is a problem too."""
    (tmp_path / "x.ipynb").write_text("[]")
    assert "cannot be read" in find_kernelspec_problem(tmp_path / "x.ipynb")
