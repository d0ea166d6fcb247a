"""Makes an output notebook easy to review: a header, and what is long or not the author's folded.

Folding is metadata that JupyterLab reads (`jupyter.source_hidden`, `scrolled`,
`jupyter.outputs_hidden`); nothing is taken away.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbformat.v4 import new_markdown_cell
from papermill.execute import ERROR_MARKER_TAG

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from nbkit.errors import Failure
    from nbkit.events import ResultState
    from nbkit.wire import Context

HEADER_TAG = "nbkit-header"
ANCHOR = "papermill-error-cell"
"""Where the link to the failing cell leads; papermill calls it so too."""

_WORDS = {
    "SUCCESS": "✓ succeeded",
    "FAILED": "✗ failed",
    "TIMEDOUT": "✗ timed out",
    "CANCELED": "■ cancelled",
}
_LONGEST_VALUE = 200
_SCROLLED_LINES, _HIDDEN_LINES = 40, 2000


def header(
    context: Context,
    path: Path | str,
    *,
    result: ResultState,
    seconds: float,
    failure: Failure | None,
) -> NotebookNode:
    """Return the cell that says what the notebook was run for and how it ended.

    It carries papermill's tag for markers too, so that it is dropped where the output notebook
    is run again.

    Args:
        context: what the kernel was told.
        path: of the output notebook; its links are relative to it.
        result: how it ended.
        seconds: how long it took.
        failure: why it failed; None if it did not.
    """
    facts = [
        f"## {_WORDS.get(result, result)}: {_text(context['task_key'])}",
        " · ".join(
            [
                f"job **{_text(context['job_name'])}**",
                f"run **{context['run_id']}**",
                f"attempt {context['attempt'] + 1}",
                f"{seconds:.1f} s",
                *_links(context, path),
            ]
        ),
    ]
    if failure is not None:
        lead = "**Failed:**" if failure.cell is None else f"**[Failed](#{ANCHOR}):**"
        facts.append(f"{lead} " + "  \n".join(map(_text, failure.message.splitlines())))
    if context["parameters"]:
        rows = (f"| {_text(name)} | {_code(value)} |" for name, value in _shown(context))
        facts.append("\n".join(["| Parameter | Value |", "|:--|:--|", *rows]))
    return new_markdown_cell(
        "\n\n".join(facts), metadata={"tags": [HEADER_TAG, ERROR_MARKER_TAG], "editable": False}
    )


_ESCAPES = {
    **{mark: f"\\{mark}" for mark in "`*_[]<>|#~"},
    "$": "&#36;",
    "\\": "&#92;",
    "&": "&amp;",
}
_BEGINS_A_LIST = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-=]+$)")


def _shown(context: Context) -> list[tuple[str, str]]:
    return list(context["parameters"].items())


def _links(context: Context, path: Path | str) -> list[str]:
    """Return links to the run's report and to the notebook that was run, where they are known."""
    if not isinstance(path, Path):
        return []
    links = []
    run = next((above for above in path.parents if above.name == str(context["run_id"])), None)
    if run is not None:
        links.append(f"[report]({_relative(run / 'report.html', path)})")
    source = Path(context["directory"]) / context["notebook_path"]
    if source.is_file():
        links.append(f"[notebook]({_relative(source, path)})")
    return links


def _relative(target: Path, path: Path) -> str:
    found = Path(os.path.relpath(target, path.parent)).as_posix()
    return f"<{found}>" if " " in found or "(" in found else found


def _text(value: str) -> str:
    r"""Return people's text as Markdown shows it: marks of its own, and formulas, are only text.

    What front ends look for before they read Markdown (`$`, `\begin`) stands as a character
    reference; a line that would begin a list or a heading does not.
    """
    kept = " ".join(value.split())
    marked = "".join(_ESCAPES.get(mark) or mark for mark in kept)
    return _BEGINS_A_LIST.sub(r"\1\\\2", marked)


def _code(value: str) -> str:
    short = value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
    kept = " ".join(short.replace("`", "'").replace("|", "\\|").split())
    return f"`{kept}`" if kept else ""


def fold(notebook: NotebookNode, guilty: NotebookNode | None = None) -> None:
    """Fold the injected parameters and long outputs; those of the `guilty` cell stay open."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
        lines = sum(map(_lines, cell.outputs))
        if cell is guilty or lines <= _SCROLLED_LINES:
            continue
        cell.metadata["scrolled"] = True
        if lines > _HIDDEN_LINES:
            cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True


def _lines(output: Any) -> int:
    """Return how many lines of text an output has."""
    text = output.get("text") or output.get("data", {}).get("text/plain") or ""
    return str(text).count("\n") + 1
