"""The toolkit in real kernels, as JupyterLab and the runner start them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from nbkit import wire
from nbkit.errors import UsageError
from nbkit.toolkit import kernelspec

ROOT = Path(__file__).parents[2]


class Notebook:
    """Runs cells in a kernel and keeps what the last one answered."""

    def __init__(self, client):
        self.client = client
        self.outputs = []
        self.messages = None

    def run(self, source, *, silent=False):
        self.outputs = []
        self.reply = self.client.execute_interactive(
            source, silent=silent, timeout=120, output_hook=self.outputs.append
        )["content"]
        return self.reply

    def shown(self, mime):
        data = [output["content"].get("data", {}) for output in self.outputs]
        return [found[mime] for found in data if mime in found]

    def said(self):
        """What the runner was told, but for what Spark was doing in passing."""
        return [said for said in self.messages.new() if said["kind"] != "spark_work"]

    def text(self):
        streams = [o["content"]["text"] for o in self.outputs if o["msg_type"] == "stream"]
        return "".join(streams + self.shown("text/plain"))

    def error(self):
        return next(o["content"] for o in self.outputs if o["msg_type"] == "error")

    def bind(self, context):
        reply = self.run(f"from nbkit.toolkit.startup import bind; bind({context!r})", silent=True)
        assert reply["status"] == "ok", self.outputs


def notebook_of(kernel_name, folder):
    manager, client = start_new_kernel(kernel_name=kernel_name, cwd=str(folder))
    yield Notebook(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """One project for all, whose driver stays warm from test to test."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text("[spark]\nmemory = '1g'\ngrace_seconds = 10\n")
    return folder


@pytest.fixture
def interactive(project):
    """A person's notebook, with the kernel "Python (nbkit)"."""
    yield from notebook_of("nbkit", project)


@pytest.fixture
def attempt(project, context, messages):
    """A notebook that a job runs, in an ordinary kernel."""
    conf = {"spark.sql.shuffle.partitions": "3"}
    mine = {"project": str(project), "directory": str(project), "spark_conf": conf}
    for notebook in notebook_of("python3", project):
        notebook.messages = messages
        notebook.bind(context | mine)
        yield notebook


def test_the_packaged_kernelspec_is_the_installed_one():
    """`pip install nbkit` and `nbkit kernel install` add the same kernel."""
    packaged = json.loads(
        (ROOT / "data/share/jupyter/kernels/nbkit/kernel.json").read_text("utf-8")
    )
    installed = kernelspec.specification()
    assert packaged.pop("argv")[1:] == installed.pop("argv")[1:]
    assert packaged == installed


def test_install_and_remove(monkeypatch, tmp_path):
    """The kernel can be added for one user, and taken away once."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setattr("jupyter_core.paths.ENV_JUPYTER_PATH", [])
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [])
    where = kernelspec.install_kernelspec(user=True)
    assert json.loads((where / "kernel.json").read_text())["display_name"] == "Python (nbkit)"
    assert kernelspec.remove_kernelspec() == where
    with pytest.raises(UsageError, match="no kernel named nbkit"):
        kernelspec.remove_kernelspec()


@pytest.mark.e2e
def test_interactive_kernel_has_the_names(interactive):
    """In the kernel "Python (nbkit)" everything is there without an import, and is quiet."""
    interactive.run("dbutils.widgets.text('a', '1'); print(getArgument('a'))")
    assert interactive.text().startswith("1\n")  # the bar of widgets follows
    interactive.run("{'spark', 'sc', 'sql'} <= set(globals())")
    assert interactive.text() == "True"
    interactive.run("import pandas as pd; display(pd.DataFrame({'a': [1]}))")
    assert "int64" in interactive.shown("text/html")[0]
    interactive.run("import sys; 'pyspark' in sys.modules")
    assert interactive.text() == "False"


@pytest.mark.e2e
def test_exit_in_a_job(attempt):
    """Exit says its value to the runner, fails the cell by name and shows one line."""
    reply = attempt.run("dbutils.notebook.exit({'rows': 3})")
    assert (reply["status"], reply["ename"]) == ("error", wire.NOTEBOOK_EXIT)
    assert attempt.said() == [{"kind": "exit", "value": "{'rows': 3}"}]
    assert attempt.error()["traceback"] == ["Notebook exited: {'rows': 3}"]


@pytest.mark.e2e
def test_exit_by_hand(interactive):
    """In a person's notebook exit is one quiet line, no error in red; what follows does not run."""
    reply = interactive.run("import nbkit; nbkit.exit('done')")
    assert (reply["status"], reply["ename"], reply["evalue"]) == ("error", "NotebookExit", "done")
    assert interactive.text() == "Notebook exited: done\n"
    assert "error" not in [output["msg_type"] for output in interactive.outputs]


@pytest.mark.e2e
def test_task_values_in_a_job(attempt):
    """Task values of other tasks are there; own ones travel as typed messages."""
    attempt.run("print(dbutils.jobs.taskValues.get('load', 'rows'), dbutils.widgets.get('day'))")
    assert attempt.text() == "5 2013-01-01\n"
    attempt.run("dbutils.jobs.taskValues.set(key='share', value=0.5)")
    assert attempt.said() == [{"kind": "task_value", "key": "share", "value": 0.5}]


@pytest.mark.e2e
def test_spark_in_a_job(attempt):
    """A cell that mentions Spark gets the attempt's session, told once; results are displayed."""
    attempt.run("import pyspark.sql.functions as F")
    (said,) = attempt.said()
    assert said["kind"] == "spark_attached"
    assert said["session"]
    attempt.run("spark.conf.get('spark.sql.shuffle.partitions')")
    assert attempt.text() == "'3'"
    attempt.run("display(spark.range(2_000).withColumn('tag', F.lit('<b>')))")
    assert "bigint" in attempt.shown("text/html")[0]
    assert "first 20 rows; the table has more" in attempt.text()
    attempt.run("SparkSession = __import__('pyspark').sql.SparkSession")
    attempt.run("print(SparkSession.builder.master('local').getOrCreate() is spark)")
    assert attempt.text() == "True\n"
    attempt.run("%sql select 1 as one")
    assert attempt.text() == "one\n1\n(1 row)"
    attempt.run("spark.sql('select * from nowhere')")
    assert [output["msg_type"] for output in attempt.outputs].count("error") == 1
    assert attempt.text() == ""
    assert "captured.py" not in "".join(attempt.reply["traceback"])


@pytest.mark.e2e
def test_imported_module_gets_the_leased_session(attempt, project):
    """`getOrCreate` in a module that the notebook imports is the notebook's session."""
    (project / "rows.py").write_text(
        "from pyspark.sql import SparkSession\n"
        "session = SparkSession.builder.appName('x').getOrCreate()\n"
    )
    attempt.run("import rows")
    assert [said["kind"] for said in attempt.said()] == ["spark_attached"]
    attempt.run("print(rows.session is spark, spark.range(3).count())")
    assert attempt.text() == "True 3\n"


@pytest.mark.e2e
def test_a_lost_driver_is_one_clear_error(attempt):
    """Losing the driver fails the cell by that name; the next cell gets a new driver."""
    attempt.run("import os; os.kill(sc._jvm.ProcessHandle.current().pid(), 9)")
    reply = attempt.run("spark.range(1).count()")
    assert reply["ename"] == attempt.error()["ename"] == "DriverLostError"
    assert [said["kind"] for said in attempt.said()] == ["spark_attached", "spark_lost"]
    assert "py4j/" not in "".join(reply["traceback"])
    attempt.run("spark.range(4).count()")
    assert attempt.text().endswith("4")
