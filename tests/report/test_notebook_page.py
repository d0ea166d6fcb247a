from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from nbkit.errors import UsageError
from nbkit.report.notebook_page import notebook_of, render_notebook
from nbkit.rules.record import record


def test_a_notebook_is_rendered_folded_and_without_scripts():
    """The injected cell and long outputs are folded; the failing cell is one click away."""
    evil = "<script>alert(1)</script>"
    html = render_notebook(
        new_notebook(
            cells=[
                new_code_cell(
                    "month = 1",
                    metadata={
                        "tags": ["injected-parameters"],
                        "jupyter": {"source_hidden": True},
                    },
                ),
                new_code_cell(
                    "print(n)",
                    metadata={"scrolled": True},
                    outputs=[new_output("stream", text="1\n" * 99)],
                ),
                new_markdown_cell('<span id="papermill-error-cell">**Failed here:**</span>'),
                new_code_cell("1/0", outputs=[new_output("stream", text=evil)]),
            ]
        ),
        title="runs/1/a/0.ipynb",
        source="0.ipynb",
    )
    assert html.count("<details") == 2
    assert "<summary>Injected parameters</summary>" in html
    assert "<summary>Long output</summary>" in html
    assert 'href="#papermill-error-cell"' in html
    assert evil not in html
    assert "default-src 'none'" in html
    assert "https://" not in html


def test_a_task_or_an_iteration_names_its_notebook(flights):
    document = record(flights.graph, flights.state)
    assert notebook_of(document, "clean") == "runs/12/clean/1.ipynb"
    assert notebook_of(document, "ingest[3]") == "runs/12/ingest/3/1.ipynb"
    for name, message in (
        ("claen", "nearest: clean"),
        ("ingest", r"ingest\[0\] to ingest\[4\]"),
        ("ingest[9]", r"ingest\[0\] to ingest\[4\]"),
        ("clean[0]", "no iterations"),
        ("serve", "left no output notebook"),
    ):
        with pytest.raises(UsageError, match=message):
            notebook_of(document, name)
