"""`papermill --engine nbkit` works without a job, as papermill's users expect."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from nbkit.kernels.outcome import NotebookFailed

pytestmark = pytest.mark.e2e


def test_command_line(write, tmp_path):
    """Parameters are injected and the notebook is written where papermill says."""
    path, output = write("print(x + 1)"), tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", path, output, "--engine", "nbkit", "-p", "x", "1"]
    done = subprocess.run([*command, "--log-output"], check=True, capture_output=True, text=True)
    notebook = nbformat.read(output, as_version=4)
    assert notebook.cells[0].metadata.tags == ["injected-parameters"]
    assert notebook.cells[1].outputs[0].text == "2\n"
    assert notebook.metadata.papermill.exception is None
    assert "Executing Cell 2" in done.stderr


def test_engine_can_be_imported_first():
    """Papermill loads the engine while it is being imported; either may come first."""
    code = "from nbkit.kernels.engine import NbkitEngine; import papermill"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_error(write, tmp_path):
    """A failing cell is papermill's own error, with its markers; later cells stay pending."""
    output = tmp_path / "out.ipynb"
    with pytest.raises(PapermillExecutionError, match="division by zero"):
        papermill.execute_notebook(
            write("1/0", "1"), output, engine_name="nbkit", progress_bar=False
        )
    notebook = nbformat.read(output, as_version=4)
    statuses = [c.metadata.papermill.status for c in notebook.cells if c.cell_type == "code"]
    assert statuses == ["failed", "pending"]
    assert "An Exception was encountered" in notebook.cells[0].source


def test_timeout(write, tmp_path):
    """A timeout fails, and the guilty cell says so: papermill calls every cell completed."""
    output = tmp_path / "out.ipynb"
    with pytest.raises(NotebookFailed, match="longer than its limit of 1 s"):
        papermill.execute_notebook(
            write("import time; time.sleep(60)", "1"),
            output,
            engine_name="nbkit",
            progress_bar=False,
            execution_timeout=1,
        )
    cells = nbformat.read(output, as_version=4).cells
    assert [cell.metadata.papermill.status for cell in cells] == ["failed", "pending"]


async def _inside_a_loop(path):
    return papermill.execute_notebook(path, None, engine_name="nbkit", progress_bar=False)


def test_inside_a_running_loop(write):
    """It works where an event loop runs already, as in a Jupyter cell."""
    import asyncio

    notebook = asyncio.run(_inside_a_loop(write("print('ok')")))
    assert notebook.cells[0].outputs[0].text == "ok\n"
