from __future__ import annotations

from types import SimpleNamespace

import pytest
from kernels.conftest import context
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.iorw import load_notebook_node

from nbkit.errors import Failure
from nbkit.kernels.record import AttemptRecord
from nbkit.kernels.review import fold, header


@pytest.fixture
def made(tmp_path):
    """A header for an attempt of run 7, whose notebook exists."""
    (tmp_path / "nb.ipynb").touch()
    about = context(tmp_path, month="1", odd="a`b|c\n<i>")

    def make(failure=None, result="SUCCESS"):
        path = tmp_path / "runs/7/task/0.ipynb"
        return header(about, path, result=result, seconds=2.25, failure=failure)

    return make


def test_the_header_says_what_ran_and_how_it_ended(made):
    source = made().source
    assert source.startswith("## ✓ succeeded: task")
    assert "job **job** · run **7** · attempt 1 · 2.2 s" in source
    assert "[report](../report.html)" in source
    assert "[notebook](../../../nb.ipynb)" in source
    assert "| month | `1` |" in source
    assert "| odd | `a'b\\|c <i>` |" in source


def test_a_failure_is_one_click_away(made):
    """With a guilty cell the header links to it; without one it says why all the same."""
    told = made(Failure("cell_error", "boom", "ValueError", cell=2), "FAILED").source
    assert "## ✗ failed" in told
    assert "**[Failed](#papermill-error-cell):** boom" in told
    assert "**Failed:** gone" in made(Failure("kernel_died", "gone"), "FAILED").source


def test_long_outputs_and_injected_parameters_are_folded():
    """But never what the failing cell has to say."""
    long = [new_output("stream", text="x\n" * 3000)]
    cells = [
        new_code_cell("m = 1", metadata={"tags": ["injected-parameters"]}),
        new_code_cell("short", outputs=[new_output("stream", text="x\n")]),
        new_code_cell("long", outputs=[new_output("stream", text="x\n" * 60)]),
        new_code_cell("endless", outputs=long),
        new_code_cell("guilty", outputs=long),
    ]
    notebook = new_notebook(cells=cells)
    fold(notebook, cells[-1])
    assert [dict(cell.metadata) for cell in notebook.cells] == [
        {"tags": ["injected-parameters"], "jupyter": {"source_hidden": True}},
        {},
        {"scrolled": True},
        {"scrolled": True, "jupyter": {"outputs_hidden": True}},
        {},
    ]


def test_a_failure_knows_its_cell_in_both_notebooks(tmp_path):
    """In the output, past what was put in there, and in the notebook as it was written."""
    injected = new_code_cell("day = 2", metadata={"tags": ["injected-parameters"]})
    cells = [new_code_cell("day = 1"), injected, new_code_cell("1"), new_code_cell("boom")]
    notebook = load_notebook_node(new_notebook(cells=cells))
    attempt = SimpleNamespace(output=None, context=context(tmp_path), alone=False)
    record = AttemptRecord(notebook, attempt, progress_bar=False)
    record.notebook_start()
    failure = record.finish(Failure("cell_error", "boom", "NameError", cell=3))
    assert record.nb.cells[failure.cell].source == "boom"
    assert failure.written == 2
