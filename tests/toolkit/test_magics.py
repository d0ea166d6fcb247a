"""The magics that are neither SQL nor `%run`: other languages, files, packages."""

from __future__ import annotations

import sys

import pytest

from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.startup import bind


@pytest.fixture
def notebook(shell, context):
    bind(context)
    return shell


@pytest.mark.parametrize(
    ("magic", "language"), [("%r", "R"), ("%%r", "R"), ("%scala", "Scala"), ("%%scala", "Scala")]
)
def test_cells_in_other_languages_end_a_job(notebook, context, capsys, magic, language):
    """With a sentence; whoever wants them skipped says so, and the notebook goes on."""
    failed = notebook.run_cell(f"{magic}\nval x = 1")
    assert f"This cell is {language}; nbkit runs cells in Python" in str(failed.error_in_exec)
    capsys.readouterr()
    bind({**context, "skip_unsupported": True})
    assert notebook.run_cell(f"{magic}\nval x = 1").success
    assert capsys.readouterr().out == (
        f"nbkit: skipped this {language} cell; cells here are Python, SQL and shell\n"
    )


def test_markdown_of_the_sandbox_is_markdown(notebook, published):
    """`%md-sandbox` differs on Databricks by what its HTML may do."""
    assert notebook.run_cell("%md-sandbox\n<b>Hi</b>").success
    assert published[0]["text/markdown"] == "<b>Hi</b>"


def test_fs_calls_the_files_of_dbutils(notebook, published, capsys):
    """Words are arguments, `true` is True; a list is shown as a table, text is printed."""
    assert notebook.run_cell("%fs mkdirs dbfs:/there").success
    dbutils.fs.put("dbfs:/there/a file.txt", "hello")
    assert notebook.run_cell('%fs head "dbfs:/there/a file.txt"').success
    assert "hello" in capsys.readouterr().out
    assert notebook.run_cell("%fs\nls dbfs:/there").success
    assert "a file.txt" in published[-1]["text/html"]
    assert notebook.run_cell("%fs cp -r dbfs:/there dbfs:/here").success
    assert notebook.run_cell("%fs rm -r dbfs:/here").success
    assert notebook.run_cell("%fs rm dbfs:/there TRUE").success
    assert notebook.run_cell("%fs ls").success
    failed = notebook.run_cell("%fs cp /there")
    assert str(failed.error_in_exec) == (
        "`%fs cp` takes source, dest, recurse: missing a required argument: 'dest'"
    )
    for words, what in (("rm -f /there", "'-f'"), ("head -r /a", "'recurse'")):
        failed = notebook.run_cell(f"%fs {words}")
        assert what in str(failed.error_in_exec)
    failed = notebook.run_cell("%fs lss /there")
    assert "nearest: ls" in str(failed.error_in_exec)


def test_pip_is_this_pythons_and_its_failure_is_the_cells(notebook, capsys):
    """What pip says is in the output; a failure is one line."""
    assert notebook.run_cell("%pip --version").success
    assert f"python {sys.version_info.major}.{sys.version_info.minor}" in capsys.readouterr().out
    failed = notebook.run_cell("%pip install -q ./no-such-package-here.whl")
    assert type(failed.error_in_exec).__name__ == "PipError"
    assert "PipError: pip install -q ./no-such-package-here.whl ended with status" in (
        capsys.readouterr().out
    )


def test_pip_finds_files_of_databricks(notebook, capsys, tmp_path):
    """Wheels and requirements in volumes, DBFS and the workspace."""
    (tmp_path / "all.txt").write_text("# none\n")
    notebook.run_cell("dbutils.fs.put('/Volumes/a/b/c/more.txt', '# none')")
    capsys.readouterr()
    line = f"%pip install -q -r /Volumes/a/b/c/more.txt --requirement=/Workspace{tmp_path}/all.txt"
    assert notebook.run_cell(line).success, capsys.readouterr().out


@pytest.mark.parametrize("cell", ["dbutils.library.restartPython()", "%restart_python"])
def test_restarting_python_says_what_happens(notebook, capsys, cell):
    """Nothing does, in one sentence."""
    assert notebook.run_cell(cell).success
    assert "Python is not restarted here" in capsys.readouterr().out


def test_modules_find_the_notebooks_dbutils(notebook):
    """As code written for Databricks imports it, with no Spark and no workspace."""
    result = notebook.run_cell(
        "from pyspark.dbutils import DBUtils\n"
        "from databricks.sdk.runtime import dbutils as there, display as shown\n"
        "DBUtils(spark) is dbutils and there is dbutils and shown is display"
    )
    assert result.error_in_exec is None
    assert result.result is True
