"""Databricks' paths in plain Python and in what PySpark is given."""

# The functions that notebooks use are what is tested.
# ruff: noqa: PTH103, PTH104, PTH110, PTH112, PTH116, PTH123, PTH208

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from IPython.core import interactiveshell
from pyspark import cloudpickle

from nbkit import serving as attempt
from nbkit.dialect.sql_paths import path_edits
from nbkit.dialect.tokens import edited
from nbkit.replaced import put
from nbkit.toolkit import import_paths, python_files


@pytest.fixture
def files(context, tmp_path) -> Path:
    """The folder of `dbfs:/`."""
    attempt.serve(context)
    put(python_files.REPLACED)
    return tmp_path / ".nbkit" / "files"


def test_python_uses_volumes_as_folders(files):
    """`open`, `os`, `pathlib`, `shutil` and pandas find `/Volumes`, `/dbfs` and `/Workspace`."""
    folder = "/Volumes/main/raw/landing"
    os.makedirs(folder)
    with open(f"{folder}/a.txt", "w") as file:
        file.write("hello")
    assert (files / "Volumes/main/raw/landing/a.txt").read_text() == "hello"
    assert os.path.exists(f"/dbfs{folder}/a.txt")
    assert Path(folder, "a.txt").read_text() == "hello"
    assert Path(f"/Workspace{files}{folder}/a.txt").read_text() == "hello"
    assert [path.name for path in Path(folder).iterdir()] == os.listdir(folder) == ["a.txt"]
    pd.DataFrame({"x": [1, 2]}).to_csv(f"{folder}/t.csv", index=False)
    assert list(pd.read_csv(f"{folder}/t.csv")["x"]) == [1, 2]
    pd.DataFrame({"x": [1, 2]}).to_parquet(f"{folder}/t.parquet")
    assert list(pd.read_parquet(f"{folder}/t.parquet")["x"]) == [1, 2]
    os.makedirs(f"{folder}/parts")
    shutil.move(f"{folder}/t.parquet", f"{folder}/parts")
    assert list(pd.read_parquet(f"{folder}/parts")["x"]) == [1, 2]
    shutil.copy(f"{folder}/t.csv", f"{folder}/u.csv")
    os.rename(f"{folder}/u.csv", "/dbfs/v.csv")
    assert (files / "v.csv").is_file()
    assert [found for found, _, _ in os.walk("/Volumes/main")][-1] == f"{folder}/parts"
    shutil.rmtree(folder)
    assert not os.path.isdir(folder)
    with pytest.raises(FileNotFoundError):
        open("/dbfs/no")  # noqa: SIM115


def test_a_repositorys_own_path_is_the_projects(files, tmp_path, capsys):
    """Read, written and imported from; that it is so is said once."""
    there = "/Workspace/Users/me@example.com/shop"
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "of_the_shop.py").write_text("PRICE = 7")
    with open(f"{there}/lib/a.txt", "w") as file:
        file.write("hello")
    assert (tmp_path / "lib" / "a.txt").read_text() == "hello"
    assert sorted(os.listdir(f"{there}/lib")) == ["a.txt", "of_the_shop.py"]
    hooks = sys.path_hooks.copy()
    import_paths.offer()
    import_paths.offer()
    assert len(sys.path_hooks) == len(hooks) + 1
    sys.path.append(f"{there}/lib")
    try:
        found = importlib.import_module("of_the_shop")
        assert (found.PRICE, found.__file__) == (7, str(tmp_path / "lib" / "of_the_shop.py"))
    finally:
        sys.path.remove(f"{there}/lib")
        sys.path_hooks[:] = hooks
        sys.modules.pop("of_the_shop", None)
    assert capsys.readouterr().out == f"nbkit: {there} is this project's folder here\n"
    with pytest.raises(FileNotFoundError, match=re.escape(f"{there}/no")):
        open(f"{there}/no/a.txt")  # noqa: SIM115


def test_other_files_are_left_alone(files, tmp_path):
    """Every other path, number or keyword reaches Python's own functions as it was given."""
    (tmp_path / "x").write_text("1")
    with open(file=tmp_path / "x") as file:
        assert os.stat(file.fileno()).st_size == 1
    assert python_files.real_path(b"/dbfs/x") == b"/dbfs/x"
    before = open
    put(python_files.REPLACED)
    assert open is before


@pytest.mark.parametrize(
    ("given", "spark"),
    [
        ("SELECT * FROM delta.`/Volumes/a/b/c`", "SELECT * FROM delta.`dbfs:/Volumes/a/b/c`"),
        ("CREATE TABLE t LOCATION '/dbfs/t'", "CREATE TABLE t LOCATION 'dbfs:/t'"),
        (
            'CREATE TABLE t USING csv OPTIONS (path "/Volumes/a/b/c", x "/")',
            'CREATE TABLE t USING csv OPTIONS (path "dbfs:/Volumes/a/b/c", x "/")',
        ),
        (
            "CREATE VIEW v USING csv OPTIONS ('path' = '/dbfs/x')",
            "CREATE VIEW v USING csv OPTIONS ('path' = 'dbfs:/x')",
        ),
        ("LOAD DATA INPATH '/dbfs/x' INTO TABLE t", "LOAD DATA INPATH 'dbfs:/x' INTO TABLE t"),
        ("DESCRIBE HISTORY '/dbfs/x'", "DESCRIBE HISTORY 'dbfs:/x'"),
        ("VACUUM '/dbfs/x' RETAIN 1 HOURS", "VACUUM 'dbfs:/x' RETAIN 1 HOURS"),
        ("SELECT '/Volumes/a/b/c' AS path -- LOCATION '/dbfs/x'", None),
        ("SELECT 'LOCATION ''/dbfs/x'' '", None),
        ("SELECT a.`/b` / 2", None),
        ("SELECT 1", None),
    ],
)
def test_sql_names_paths_after_keywords_and_in_backticks(given, spark, files):
    """Text that is no path stays as it is."""
    assert edited(given, path_edits(given)) == (spark or given)


READS = """
def first_line(path):
    import os
    with open(path) as file:
        return file.readline() if os.path.exists(path) else ""
"""
THERE = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(sys.argv[1]))"


def test_functions_that_open_files_reach_other_processes(files, tmp_path):
    """As in a worker of Spark: what a cell calls `open` is sent by its name, not as it is here."""
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    names = {"__name__": "__main__", "open": interactiveshell._modified_open}
    exec(READS, names)
    there = subprocess.run(
        [sys.executable, "-c", THERE, tmp_path / "a.txt"],
        input=cloudpickle.dumps(names["first_line"]),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert there.stdout.strip() == b"one"
