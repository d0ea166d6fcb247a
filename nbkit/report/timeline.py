"""When each attempt ran, as bars ready for the SVG template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbkit.report.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbkit.report.state_looks import StateLook
    from nbkit.report.view import AttemptView, RunView, TaskView

WIDTH = 1200
LABEL = 220
_RIGHT = 130
_PLOT = WIDTH - LABEL - _RIGHT
ROW = 26
TOP = 30
_LEAST = 2.5
_TICKS = 8
_STEPS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(1000 * step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)),
    *(3_600_000 * step for step in (2, 3, 6, 12, 24, 48, 96, 168)),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt, or the wait before its retry."""

    x: float
    width: float
    kind: Literal["attempt", "wait"]
    look: StateLook
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A task's bars."""

    task: TaskView
    y: float
    label: str
    bars: tuple[Bar, ...]
    note: str
    note_x: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole chart: rows by their start, ticks as (x, text), repairs as (x, text)."""

    height: float
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    breaks: tuple[tuple[float, str], ...]
    not_run: int


def timeline(run: RunView) -> Timeline:
    """Draw when the tasks of a run ran.

    The time between a run's end and its repair is left out: the axis counts time at work.
    """
    spans = episodes(run)
    total = max(sum(end - start for start, end in spans), 1)

    def at(moment: int) -> float:
        before = 0
        for start, end in spans:
            if moment <= end:
                before += max(moment - start, 0)
                break
            before += end - start
        return LABEL + _PLOT * before / total

    ran = sorted((task for task in run.tasks if _first(task)), key=_first)
    rows = tuple(_row(task, TOP + ROW * index, at, spans) for index, task in enumerate(ran))
    step = next((step for step in _STEPS if total / step <= _TICKS), total)
    return Timeline(
        height=TOP + ROW * len(rows) + 8,
        rows=rows,
        ticks=tuple(
            (LABEL + _PLOT * elapsed / total, _elapsed(elapsed))
            for elapsed in range(0, total + 1, step)
        ),
        breaks=tuple(
            (at(start), f"repair {index}") for index, (start, _) in enumerate(spans) if index
        ),
        not_run=len(run.tasks) - len(rows),
    )


def episodes(run: RunView) -> list[tuple[int, int]]:
    """Return when the run was at work: once, and once more for each repair.

    A part without an end, going on or lost, ends with the last thing known of it.
    """
    known = [
        moment
        for task in run.tasks
        for span in (task, *task.attempts)
        for moment in (span.started, span.ended)
        if moment
    ]
    starts = [entry.started for entry in run.repairs] or [run.started or min(known, default=0)]
    ends = [entry.ended for entry in run.repairs[:-1]] + [run.ended]
    borders = [*starts[1:], max([*known, *starts])]
    return [
        (start, end or max((at for at in known if start <= at <= border), default=start))
        for start, end, border in zip(starts, ends, borders, strict=True)
    ]


def _first(task: TaskView) -> int:
    """Return when a task first ran, before any repair."""
    return task.attempts[0].started if task.attempts else task.started


def _row(
    task: TaskView, y: float, at: Callable[[int], float], spans: Sequence[tuple[int, int]]
) -> Row:
    bars: list[Bar] = []
    pieces: Sequence[AttemptView | TaskView] = task.attempts or (task,)
    for index, piece in enumerate(pieces):
        end = piece.ended or spans[-1][1]
        if index and (before := pieces[index - 1]).ended and _together(before.ended, piece, spans):
            bars.append(_bar("wait", before.ended, piece.started, at, before))
        bars.append(_bar("attempt", piece.started, end, at, piece, number=index + 1))
    amount = len(task.attempts)
    note = f"{task.look.glyph} {duration(task.milliseconds)}"
    if amount > 1:
        note += f" · {amount} attempts"
    last = max(bar.x + bar.width for bar in bars)
    room = 30
    label = task.key if len(task.key) <= room else f"{task.key[: room - 1]}…"
    return Row(task, y, label, tuple(bars), note, last + 6)


def _together(before: int, piece: AttemptView | TaskView, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether an attempt follows the one before as a retry, not in a later repair."""
    return any(start <= before and piece.started <= end for start, end in spans)


def _bar(
    kind: Literal["attempt", "wait"],
    start: int,
    end: int,
    at: Callable[[int], float],
    piece: AttemptView | TaskView,
    *,
    number: int = 0,
) -> Bar:
    what = "waiting for retry" if kind == "wait" else f"attempt {number}: {piece.look.word}"
    x = at(start)
    return Bar(
        x=x,
        width=max(at(end) - x, _LEAST if kind == "attempt" else 0),
        kind=kind,
        look=piece.look,
        title=f"{what}, {duration(end - start)}",
    )


def _elapsed(milliseconds: int) -> str:
    return duration(milliseconds).replace(".0", "")
