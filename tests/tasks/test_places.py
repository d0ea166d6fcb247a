"""Where notebooks are found, and where their outputs go."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbkit.events import Unit
from nbkit.tasks.places import (
    find_notebook,
    folder_name,
    missing_notebook,
    output_path,
    relative,
)


@pytest.mark.parametrize("named", ["clean", "clean.ipynb", "./clean", "gold/../clean.ipynb"])
def test_notebooks_are_found_beside_the_job_with_or_without_suffix(tmp_path, named):
    """Databricks names notebooks without a suffix, bundles with one."""
    (tmp_path / "gold").mkdir()
    (tmp_path / "clean.ipynb").write_text("{}")

    assert find_notebook(tmp_path, named) == (tmp_path / "clean.ipynb").resolve()


def test_absolute_paths_are_taken_as_they_are(tmp_path):
    """A path from the root is not relative to the job."""
    (tmp_path / "a.ipynb").write_text("{}")

    assert find_notebook(Path("elsewhere"), str(tmp_path / "a")) == tmp_path / "a.ipynb"


def test_a_repositorys_own_path_is_the_projects(tmp_path):
    """As it is called in a workspace, where the job's file lies deeper."""
    (tmp_path / "nbkit.toml").touch()
    (tmp_path / "jobs").mkdir()
    (tmp_path / "clean.ipynb").write_text("{}")
    for named in ("/Workspace/Users/me@example.com/shop/clean", "/Repos/me/shop/clean.ipynb"):
        found = find_notebook(tmp_path / "jobs", named)
        assert found == (tmp_path / "clean.ipynb").resolve()
    assert find_notebook(tmp_path / "jobs", "/Workspace/Users/me/clean") is None


def test_a_dot_in_a_name_is_no_suffix(tmp_path):
    """`report.v2` means `report.v2.ipynb`."""
    (tmp_path / "report.v2.ipynb").write_text("{}")

    assert find_notebook(tmp_path, "report.v2") == tmp_path / "report.v2.ipynb"


def test_source_notebooks_are_found_by_name(tmp_path):
    """An `.ipynb` comes first; a module of that name is no notebook."""
    (tmp_path / "clean.py").write_text("x = 1\n")
    assert find_notebook(tmp_path, "clean") is None
    assert "known: table" in missing_notebook_beside(tmp_path, "table.sql", "zzz")
    assert find_notebook(tmp_path, "table") == tmp_path / "table.sql"

    (tmp_path / "clean.py").write_text("# Databricks notebook source\n")
    assert find_notebook(tmp_path, "clean") == tmp_path / "clean.py"
    (tmp_path / "clean.ipynb").write_text("{}")
    assert find_notebook(tmp_path, "clean") == tmp_path / "clean.ipynb"
    assert find_notebook(tmp_path, "clean.py") == tmp_path / "clean.py"


def missing_notebook_beside(folder, other, named):
    (folder / other).write_text("-- Databricks notebook source\n")
    return missing_notebook(folder, named)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("claen", "no notebook claen in .*; nearest: clean"),
        ("claen.ipynb", "nearest: clean"),
        ("Clean", "nearest: clean"),
        ("zzz", "; known: clean, serve"),
        ("nowhere/clean", "the folder .*nowhere does not exist"),
    ],
)
def test_a_missing_notebook_is_named_with_the_nearest(tmp_path, named, message):
    """A folder of that name is no notebook either."""
    (tmp_path / "clean.ipynb").write_text("{}")
    (tmp_path / "serve.ipynb").write_text("{}")
    (tmp_path / "folder.ipynb").mkdir()

    assert find_notebook(tmp_path, named) is None
    assert find_notebook(tmp_path, "folder") is None
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(missing_notebook(tmp_path, named))


def test_outputs_are_kept_by_run_task_iteration_and_attempt():
    """A retry never overwrites what an earlier attempt left."""
    runs = Path("runs")

    assert output_path(runs, 7, Unit("a"), 0) == Path("runs/7/a/0.ipynb")
    assert output_path(runs, 7, Unit("each", 3), 1) == Path("runs/7/each/3/1.ipynb")


@pytest.mark.parametrize("key", ["clean", "clean-2", "Clean_v1.2", "größe"])
def test_ordinary_keys_name_their_folder(key):
    """People find outputs by task key."""
    assert folder_name(key) == key


@pytest.mark.parametrize("key", ["a/b", "../../etc", "..", ".", "lock", "a b", "x" * 300, "a\0b"])
def test_other_keys_get_a_safe_name(key):
    """No task writes outside of its run's folder or over the run's own files."""
    name = folder_name(key)

    assert name != key
    assert name not in {".", ".."}
    assert not set(name) & set("/\\\0 ")
    assert len(name) < 120


def test_keys_that_differ_have_folders_that_differ():
    """Also when what made them differ had to go."""
    assert len({folder_name(key) for key in ("a/b", "a b", "a_b", "a//b")}) == 4


def test_outputs_are_shown_from_the_project_root(tmp_path):
    """So a record can be read after the project was moved."""
    assert relative(tmp_path / "runs/1/a/0.ipynb", tmp_path) == "runs/1/a/0.ipynb"
    assert relative(Path("/elsewhere/0.ipynb"), tmp_path) == "/elsewhere/0.ipynb"
