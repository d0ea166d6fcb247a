"""One output notebook as a page of its own: what is folded in JupyterLab is folded here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.report.compare import require_task
from nbkit.report.page import as_bytes, environment
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

    from nbkit.report.view import Record

ANCHOR = "papermill-error-cell"
"""Where the link to the failing cell leads, in the notebook and here."""


def notebook_of(record: Record, named: str) -> str:
    """Return the output notebook of a task, or of an iteration `KEY[NUMBER]`, as on record.

    Raises:
        UsageError: there is no such task, or it left no notebook.
    """
    key, number = named, None
    if found := re.fullmatch(r"(.*)\[(\d+)\]", named):
        key, number = found[1], int(found[2])
    require_task(key, record)
    unit = next(task for task in record["tasks"] if task["task_key"] == key)
    iterations = unit.get("iterations") or []
    if number is not None and number < len(iterations):
        unit = iterations[number]
    elif number is not None or iterations:
        raise UsageError(
            f"{key} has iterations: name one from {key}[0] to {key}[{len(iterations) - 1}]."
            if iterations
            else f"{key} has no iterations."
        )
    path = str(unit.get("output_notebook") or "")
    if not path:
        raise UsageError(f"{named} left no output notebook in run {record['run_id']}.")
    return path


def write_notebook_page(source: Path, path: Path) -> None:
    """Render the output notebook `source` to the page `path` beside it."""
    import nbformat

    page = render_notebook(nbformat.read(source, 4), title=source.as_posix(), source=source.name)
    write_atomically(path, as_bytes(page))


def render_notebook(notebook: NotebookNode, *, title: str, source: str) -> str:
    """Return a notebook as HTML that asks nothing of any server and runs no script.

    Args:
        notebook: an output notebook.
        title: of the page.
        source: a link to the notebook itself.
    """
    from jinja2 import PackageLoader
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]

    exporter = HTMLExporter(
        template_name="basic",
        template_file="cells.html.j2",
        extra_loaders=[PackageLoader("nbkit.report", "templates/nbconvert")],
    )
    body, _ = exporter.from_notebook_node(notebook)
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return (
        environment()
        .get_template("notebook.html.j2")
        .render(
            body=body,
            title=title,
            source=source,
            failed=ANCHOR if f'id="{ANCHOR}"' in body else "",
            light=light,
            dark=dark,
        )
    )
