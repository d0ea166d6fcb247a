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

    def run(self, source, *, silent=False):
        self.outputs = []
        self.reply = self.client.execute_interactive(
            source, silent=silent, timeout=120, output_hook=self.outputs.append
        )["content"]
        return self.reply

    def shown(self, mime):
        data = [output["content"].get("data", {}) for output in self.outputs]
        return [found[mime] for found in data if mime in found]

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


@pytest.fixture
def interactive(tmp_path):
    """A person's notebook, with the kernel "Python (nbkit)", in a project of its own."""
    (tmp_path / "nbkit.toml").write_text("[spark]\nmemory = '1g'\n")
    yield from notebook_of("nbkit", tmp_path)


@pytest.fixture
def attempt(tmp_path, context):
    """A notebook that a job runs, in an ordinary kernel."""
    (tmp_path / "nbkit.toml").write_text("[spark]\nmemory = '1g'\n")
    for notebook in notebook_of("python3", tmp_path):
        notebook.bind(context)
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
    assert interactive.text() == "1\n"
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
    assert attempt.shown(wire.MIME) == [{"kind": "exit", "value": "{'rows': 3}"}]
    assert attempt.error()["traceback"] == ["Notebook exited: {'rows': 3}"]


@pytest.mark.e2e
def test_exit_by_hand(interactive):
    """In a person's notebook exit is one quiet line and no message."""
    interactive.run("import nbkit; nbkit.exit('done')")
    assert interactive.error()["traceback"] == ["Notebook exited: done"]
    assert interactive.shown(wire.MIME) == []


@pytest.mark.e2e
def test_task_values_in_a_job(attempt):
    """Task values of other tasks are there; own ones travel as typed messages."""
    attempt.run("print(dbutils.jobs.taskValues.get('load', 'rows'), dbutils.widgets.get('day'))")
    assert attempt.text() == "5 2013-01-01\n"
    attempt.run("dbutils.jobs.taskValues.set(key='share', value=0.5)")
    assert attempt.shown(wire.MIME) == [{"kind": "task_value", "key": "share", "value": 0.5}]
