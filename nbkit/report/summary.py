"""The end of a run in a few lines: the result, what failed and why, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from nbkit.report.state_looks import STYLES
from nbkit.report.tree import counted
from nbkit.report.wording import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.report.view import Iteration, RunView, TaskView

_FAILURES_SHOWN = 20
_ITERATIONS_SHOWN = 3


def headline(run: RunView) -> Text:
    """Return the one line that says how a run stands: since its last repair, if it has one."""
    span = run.repairs[-1] if run.repairs else run
    took = f" in {duration(span.milliseconds)}" if span.milliseconds is not None else ""
    repaired = f" (repair {len(run.repairs) - 1})" if len(run.repairs) > 1 else ""
    return Text.assemble(
        (f"{run.look.glyph} {run.name} {run.look.word}", STYLES[run.look.tone]),
        f"{took}, run {run.run_id}{repaired}: ",
        *counted(run.counts),
    )


def failures(run: RunView) -> Iterator[Text]:
    """Yield what failed: the error, and the cell of the output notebook it is in."""
    for task in run.failed[:_FAILURES_SHOWN]:
        yield from _failure(task.key, task)
        for one in task.failed[:_ITERATIONS_SHOWN]:
            yield from _failure(f"{task.key}[{one.index}] {one.input[:60]}", one)
        if len(task.failed) > _ITERATIONS_SHOWN:
            yield Text(
                f"      and {len(task.failed) - _ITERATIONS_SHOWN} more iterations that failed"
            )
    if len(run.failed) > _FAILURES_SHOWN:
        yield Text(f"  and {len(run.failed) - _FAILURES_SHOWN} more that failed")


def places(*, notebooks: str, report: str) -> Iterator[Text]:
    """Yield where the output notebooks and the report are, if they are anywhere."""
    if notebooks:
        yield Text.assemble(("  notebooks  ", "dim"), notebooks)
    if report:
        yield Text.assemble(("  report     ", "dim"), report)


def _failure(name: str, found: TaskView | Iteration) -> Iterator[Text]:
    bad = STYLES["bad"]
    yield Text.assemble(("  ✗ ", bad), (name, "bold"), "  ", (found.trouble.error, "red"))
    if found.notebook:
        place = f"cell {found.trouble.cell} of " if found.trouble.cell else "see "
        yield Text.assemble((f"      {place}", "dim"), found.notebook)
