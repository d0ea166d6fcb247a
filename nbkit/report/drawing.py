"""The graph of a run as boxes and curves, ready for the SVG template."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from nbkit.report.layout import layout
from nbkit.report.wording import duration
from nbkit.spark.work_now import in_short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.report.state_looks import StateLook
    from nbkit.report.view import RunView, TaskView

BOX_HEIGHT = 64
_NARROWEST, _WIDEST = 158, 230
_CHARACTER = 7.4
_PADDING = 34
_ALONG, _ACROSS = 54, 22
_MARGIN = 12
_PAGE = 1250
"""Flow from left to right while it fits into a page this wide, from top to bottom else."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A task in the picture; `stop` is its place in the page's list of tasks."""

    task: TaskView
    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    state: str

    @property
    def look(self) -> StateLook:
        """How its state looks."""
        return self.task.look

    @property
    def hexagon(self) -> str:
        """The outline of an If/else: pointed where the flow comes in and goes out."""
        left, right, tip = self.x, self.x + self.width, 14
        top, middle, bottom = self.y, self.y + self.height / 2, self.y + self.height
        corners = (
            (left, middle),
            (left + tip, top),
            (right - tip, top),
            (right, middle),
            (right - tip, bottom),
            (left + tip, bottom),
        )
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency in the picture; `idle` if its condition went the other way."""

    path: str
    outcome: str
    label_x: float
    label_y: float
    idle: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def draw(run: RunView) -> Drawing:
    """Draw the graph of a run."""
    tasks = {task.key: task for task in run.tasks}
    parents = {
        task.key: list(dict.fromkeys(key for key, _ in task.depends_on if key in tasks))
        for task in run.tasks
    }
    plan = layout(parents)
    longest = max((len(key) for key in tasks), default=0)
    width = min(max(longest * _CHARACTER + _PADDING, _NARROWEST), _WIDEST)
    sideways = plan.layers * (width + _ALONG) - _ALONG <= _PAGE
    size = (width, float(BOX_HEIGHT))

    def corner(at: Point) -> Point:
        layer, place = at
        if sideways:
            return layer * (width + _ALONG) + _MARGIN, place * (BOX_HEIGHT + _ACROSS) + _MARGIN
        return place * (width + _ACROSS) + _MARGIN, layer * (BOX_HEIGHT + _ALONG) + _MARGIN

    boxes = tuple(_box(task, corner(plan.nodes[task.key]), size) for task in run.tasks)
    edges = tuple(
        _edge(
            [corner(at) for at in plan.edges[parent, task.key]],
            size,
            outcome=outcome,
            idle=bool(outcome and tasks[parent].outcome and outcome != tasks[parent].outcome),
            sideways=sideways,
        )
        for task in run.tasks
        for parent, outcome in task.depends_on
        if parent in tasks
    )
    return Drawing(
        width=max((box.x + box.width for box in boxes), default=0) + _MARGIN + 6,
        height=max((box.y + box.height for box in boxes), default=0) + _MARGIN + 6,
        boxes=boxes,
        edges=edges,
    )


def line_of(task: TaskView) -> str:
    """Return what a task is, and how far: its kind with the count, the outcome or the cell.

    Where Spark works for its cell, what Spark does is there instead: a box has room for one.
    """
    if task.iterations:
        done = sum(amount for look, amount in task.counts if look.tone == "good")
        return f"{task.kind} · {done} of {len(task.iterations)}"
    cell, cells = task.progress
    if task.spark:
        return in_short(task.spark)
    if cells:
        return f"{task.kind} · cell {cell} of {cells}"
    return f"{task.kind} · {task.outcome}" if task.outcome else task.kind


def _box(task: TaskView, corner: Point, size: Point) -> Box:
    room = int((size[0] - _PADDING + 8) / _CHARACTER)
    label = task.key if len(task.key) <= room else f"{task.key[: room - 1]}…"
    took = duration(task.milliseconds or None)
    state = f"{task.look.glyph} {task.look.word}" + (f" · {took}" if took else "")
    return Box(task, *corner, *size, kind=line_of(task), label=label, state=state)


def _edge(
    corners: Sequence[Point], size: Point, *, outcome: str, idle: bool, sideways: bool
) -> Edge:
    """Return a curve that leaves the first box, runs straight past others, enters the last."""
    ends = [(_port(corner, size, sideways, out=False), _port(corner, size, sideways, out=True))
            for corner in corners]  # fmt: skip
    parts = [f"M{ends[0][1][0]:.1f},{ends[0][1][1]:.1f}"]
    for (_, start), (enter, leave) in pairwise(ends):
        parts.append(_curve(start, enter, sideways=sideways))
        if leave is not ends[-1][1]:
            parts.append(f"L{leave[0]:.1f},{leave[1]:.1f}")
    start, end = ends[0][1], ends[1][0]
    return Edge(
        path="".join(parts),
        outcome=outcome,
        label_x=(start[0] + end[0]) / 2,
        label_y=(start[1] + end[1]) / 2,
        idle=idle,
    )


def _port(corner: Point, size: Point, sideways: bool, *, out: bool) -> Point:
    x, y = corner
    width, height = size
    if sideways:
        return x + (width if out else 0), y + height / 2
    return x + width / 2, y + (height if out else 0)


def _curve(start: Point, end: Point, *, sideways: bool) -> str:
    (x1, y1), (x2, y2) = start, end
    if sideways:
        middle = (x1 + x2) / 2
        return f"C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    middle = (y1 + y2) / 2
    return f"C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} {x2:.1f},{y2:.1f}"
