import os
import re
import subprocess
import sys

import pytest

from nbkit.errors import DriverLostError, SetupError
from nbkit.toolkit import session as sessions
from nbkit.toolkit.startup import bind, load_ipython_extension

NAMES = {
    *("spark", "sc", "sqlContext", "sql", "table", "udf"),
    *("dbutils", "display", "displayHTML", "getArgument"),
}


class FakeSpark:
    sparkContext = "the context"  # noqa: N815
    _jsparkSession = None  # noqa: N815

    def sql(self, query):
        return query


def spark_answers(monkeypatch):
    """Let the session attach to a stand-in; return the list of attachments."""
    attached = []

    def attach():
        attached.append(FakeSpark())
        return attached[-1]

    monkeypatch.setattr(sessions, "_attach", attach)
    monkeypatch.setattr(sessions, "_is_live", lambda _spark: True)
    return attached


def test_bind_puts_the_notebook_in_its_place(shell, context, tmp_path, monkeypatch):
    """In a job the kernel has the attempt's folder, variables, import path and names."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(os, "environ", os.environ.copy())
    bind(context | {"directory": str(folder), "env": {"NB_TEST": "1"}})
    assert os.getcwd() == str(folder)  # noqa: PTH109
    assert os.environ["NB_TEST"] == "1"
    assert sys.path[:2] == [str(folder), str(tmp_path)]
    assert set(shell.user_ns) >= NAMES


def test_extension_does_the_same(shell, tmp_path):
    """`%load_ext nbkit` gives a person's notebook the same names; twice is once."""
    (tmp_path / "nbkit.toml").touch()
    assert shell.run_cell("%load_ext nbkit").success
    load_ipython_extension(shell)
    assert set(shell.user_ns) >= NAMES
    assert len(shell.ast_transformers) == 2
    assert sys.path[0] == str(tmp_path)


def test_on_databricks_its_own_names_stay(shell, monkeypatch):
    """There `%load_ext nbkit` adds blocks that try again, and leaves `spark` and `dbutils` be."""
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    shell.user_ns.update(spark="theirs", dbutils="theirs")
    assert shell.run_cell("%load_ext nbkit").success
    load_ipython_extension(shell)
    assert shell.user_ns["spark"] == shell.user_ns["dbutils"] == "theirs"
    result = shell.run_cell(
        "import nbkit\n"
        "with nbkit.step('x', retries=1, on=ArithmeticError, wait=0) as step:\n"
        "    1 / (step.tries - 1)"
    )
    assert result.success


def test_bind_is_light():
    """Neither `import nbkit` nor `bind` imports Spark, pandas or pydantic."""
    code = (
        "import sys, nbkit; before = len(sys.modules); import nbkit.toolkit.startup;"
        "heavy = {'pyspark', 'pandas', 'pydantic', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_spark_attaches_at_the_first_mention(shell, context, monkeypatch):
    """Cells before the first that mentions Spark do not attach it; later ones reuse it."""
    attached = spark_answers(monkeypatch)
    bind(context)
    shell.run_cell("1 + 1  # spark")
    assert not attached
    assert shell.run_cell("sql('select 1')").result == "select 1"
    assert shell.user_ns["spark"] is attached[0]
    assert shell.user_ns["sc"] == "the context"
    shell.run_cell("spark.sql('select 2')")
    assert len(attached) == 1


def test_looking_at_the_placeholder_does_not_attach(shell, context, monkeypatch):
    """A front end that inspects `spark` does not start a driver."""
    attached = spark_answers(monkeypatch)
    bind(context)
    shell.display_formatter.format(shell.user_ns["spark"])
    assert not attached


def test_the_authors_spark_stays_the_authors(shell, context, monkeypatch):
    """A name that the author gave to something else is left alone."""
    spark_answers(monkeypatch)
    bind(context)
    shell.run_cell("sc = 'mine'")
    shell.run_cell("spark.sql('select 1')")
    assert shell.user_ns["sc"] == "mine"


def test_future_imports_stay_first(shell, context, monkeypatch):
    """Attaching goes behind `from __future__`, which Python wants first."""
    attached = spark_answers(monkeypatch)
    bind(context)
    result = shell.run_cell("from __future__ import annotations\nspark.sql('x')")
    assert result.success
    assert attached


@pytest.mark.parametrize("kind", [SetupError, DriverLostError])
def test_no_spark_is_one_clear_error(shell, context, messages, monkeypatch, kind):
    """Where Spark is not to be had, the cell fails so; of a lost driver the runner hears."""

    def attach(settings, conf, env):
        raise kind("no Spark", "Install Java 17.")

    monkeypatch.setattr("nbkit.spark.lease.attach", attach)
    bind(context)
    result = shell.run_cell("done = 1\nspark.range(1)")
    assert type(result.error_in_exec) is kind
    assert "done" not in shell.user_ns
    said = list(messages.new())
    lost = {"kind": "spark_lost", "message": "no Spark\nInstall Java 17."}
    assert said == ([lost] if kind is DriverLostError else [])


def test_tracebacks_end_in_the_notebook(shell, context, capsys):
    """An error raised inside nbkit shows the author's line and the message, not our lines."""
    bind(context)
    shell.run_cell("def f():\n    dbutils.fs.ls('dbfs:/no')\nf()")
    shown = capsys.readouterr().out
    assert "in f()" in re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert "No such file or directory dbfs:/no" in shown
    assert "fs.py" not in shown


def test_magics(shell, context, published, monkeypatch):
    """`%md` shows Markdown."""
    bind(context)
    shell.run_cell("%%md\n# Title")
    assert published[0]["text/markdown"] == "# Title"
