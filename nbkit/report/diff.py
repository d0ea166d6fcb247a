"""Two runs compared, their output notebooks too: as a document, in a terminal and as a page."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from nbkit.report.compare import compare
from nbkit.report.notebook_diff import notebook_changes
from nbkit.report.page import as_bytes, environment, link_from
from nbkit.report.state_looks import STYLES
from nbkit.report.wording import duration
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from nbkit.report.compare import Difference, NotebookPair, RunDiff, TaskDiff
    from nbkit.report.notebook_diff import CellChange
    from nbkit.report.view import Record, RunView

_NOTEBOOKS_READ = 50
"""Notebooks of one task that are compared: a For each task can have thousands."""
_LINES_SHOWN = 12
_SECTIONS = ("facts", "parameters", "values", "rows", "expectations", "iterations")
NOT_COMPARED = "Not compared, as one of the runs was not to run them"
TITLES = {
    "facts": "",
    "parameters": "Parameters",
    "values": "Task values",
    "rows": "Rows",
    "expectations": "Expectations",
    "iterations": "Iterations",
}


def diff_runs(before: Record, after: Record, root: Path, only: str | None = None) -> RunDiff:
    """Compare two runs and the output notebooks of their tasks.

    Args:
        before: the record of one run.
        after: the record of the other.
        root: the project root, which the paths of output notebooks are relative to.
        only: the one task to compare; None for all.
    """
    found = compare(before, after, only)
    return replace(found, tasks=tuple(_with_cells(task, root) for task in found.tasks))


def _with_cells(task: TaskDiff, root: Path) -> TaskDiff:
    read = (
        replace(pair, cells=_cells(pair, root))
        for pair in task.notebooks[:_NOTEBOOKS_READ]
        if pair.before != pair.after
    )
    notebooks = tuple(pair for pair in read if pair.cells)
    change = "changed" if notebooks and task.change == "same" else task.change
    return replace(task, notebooks=notebooks, change=change)


def _cells(pair: NotebookPair, root: Path) -> tuple[CellChange, ...]:
    """Return what changed in a pair of notebooks; nothing if one of them is gone."""
    import nbformat

    before, after = root / pair.before, root / pair.after
    if not (before.is_file() and after.is_file()):
        return ()
    return notebook_changes(nbformat.read(before, 4), nbformat.read(after, 4))


def as_document(found: RunDiff) -> dict[str, Any]:
    """Return a comparison as one JSON document."""
    return {
        "before": _run(found.before),
        "after": _run(found.after),
        "parameters": [asdict(each) for each in found.parameters],
        "tasks": [
            {
                "task_key": task.key,
                "change": task.change,
                "duration": {"before": task.durations[0], "after": task.durations[1]},
                **{name: [asdict(each) for each in getattr(task, name)] for name in _SECTIONS},
                "notebooks": [asdict(pair) for pair in task.notebooks],
            }
            for task in found.tasks
        ],
        "left_out": list(found.left_out),
    }


def _run(run: RunView) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "run_name": run.name,
        "state": run.look.word,
        "start_time": run.started,
        "duration": run.worked,
    }


def print_diff(found: RunDiff, console: Console) -> None:
    """Show a comparison in a terminal: what changed, task by task."""
    for mark, run in (("-", found.before), ("+", found.after)):
        style = STYLES[run.look.tone]
        took = f" in {duration(run.worked)}" if run.worked is not None else ""
        state = (f"{run.look.glyph} {run.look.word}", style)
        console.print(Text.assemble(f"{mark} run {run.run_id} of {run.name} ", state, took))
    for each in found.parameters:
        console.print(_difference(each, "  "))
    for task in found.changed:
        console.print(Text(""))
        for line in _task_lines(task):
            console.print(line)
    same = len(found.tasks) - len(found.changed)
    console.print(Text(""))
    if not found.changed:
        console.print(Text("Nothing changed but how long it took.", style=STYLES["good"]))
    elif same:
        console.print(Text(f"{same} more {'task' if same == 1 else 'tasks'} without a change."))
    if found.left_out:
        console.print(Text(f"{NOT_COMPARED}: {', '.join(found.left_out)}.", style="dim"))


def _task_lines(task: TaskDiff) -> Iterator[Text]:
    took = " → ".join(duration(part) or "–" for part in task.durations)  # noqa: RUF001 - none
    yield Text.assemble((task.key, "bold"), f"  {task.change}", (f"  {took}", "dim"))
    for section in _SECTIONS:
        differences: tuple[Difference, ...] = getattr(task, section)
        if differences and TITLES[section]:
            yield Text(f"  {TITLES[section]}", style="dim")
        for each in differences:
            yield _difference(each, "    " if TITLES[section] else "  ")
    for pair in task.notebooks:
        yield Text.assemble(("  Notebook ", "dim"), pair.name)
        for cell in pair.cells:
            yield Text(f"    cell {cell.number}, {cell.kind}, {cell.change}", style="bold")
            for what, lines in (("", cell.source), ("output ", cell.outputs)):
                for line in lines[:_LINES_SHOWN]:
                    yield Text(f"      {what}{line}", style=_line_style(line))
                if len(lines) > _LINES_SHOWN:
                    yield Text(f"      … {len(lines) - _LINES_SHOWN} more lines", style="dim")


def _difference(each: Difference, indent: str) -> Text:
    absent = ("absent", "dim")
    return Text.assemble(
        f"{indent}{each.name}: ",
        (each.before, "red") if each.before is not None else absent,
        " → ",
        (each.after, "green") if each.after is not None else absent,
    )


def _line_style(line: str) -> str:
    return {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")


def write_diff(found: RunDiff, path: Path, root: Path) -> None:
    """Write a comparison as a page of its own; its links are relative to it."""
    template = environment().get_template("diff.html.j2")
    page = template.render(
        diff=found,
        sections=_SECTIONS,
        titles=TITLES,
        not_compared=NOT_COMPARED,
        link=link_from(path.parent, root),
    )
    write_atomically(path, as_bytes(page))
