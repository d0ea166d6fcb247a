"""An update, and a pipeline's graph, as people see them: HTML for notebooks, text elsewhere."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

from nbkit.counted import kept_out, kept_out_by
from nbkit.counted import rows as rows_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbkit.errors import Problem
    from nbkit.pipelines.refresh.progress import DatasetProgress
    from nbkit.pipelines.resolve.graph import AnalysedDataset, BrokenDataset, PipelineGraph
    from nbkit.pipelines.tell.explained import Explained

_WARNING = "var(--jp-warn-color1, #b26a00)"
_COLOURS = {  # the theme's, where there is one
    "COMPLETED": "var(--jp-success-color1, #2e7d32)",
    "FAILED": "var(--jp-error-color1, #c62828)",
    "RETRYING": _WARNING,
    "RUNNING": "var(--jp-info-color1, #1565c0)",
    "SKIPPED": _WARNING,
    "STOPPED": _WARNING,
}
_QUIET = "var(--jp-ui-font-color2, #607d8b)"
_LINES = "#90a4ae"
_LEFT = "text-align:left;white-space:nowrap"
_BOX_WIDTH, _BOX_HEIGHT, _ACROSS, _DOWN = 240, 52, 285, 68
_WORDS = 40
"""Characters of a reason that fit into a box."""
_KINDS = {
    "materialized_view": "materialized view",
    "streaming_table": "streaming table",
    "temporary_view": "view",
}


class Shown:
    """Something that a notebook shows as HTML, and everything else as text."""

    def __init__(self, html: str, text: str) -> None:
        self._html = html
        self._text = text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        """Return the text."""
        return self._text


def progress_shown(progress: Iterable[DatasetProgress]) -> Shown:
    """Return the table of an update: a line for each dataset."""
    lines = [each for each in progress if each.state != "EXCLUDED"]
    rows = "".join(
        f"<tr><td style='{_LEFT}'>{escape(each.name)}</td>"
        f"<td style='{_LEFT}'>{_KINDS.get(each.kind, each.kind)}</td>"
        f"<td style='{_LEFT};color:{_COLOURS.get(each.state, 'inherit')}'>{each.state}</td>"
        f"<td style='text-align:right'>{_count(each.rows)}</td>"
        f"<td style='text-align:right'>{_count(each.dropped)}{_aside(each)}</td>"
        f"<td style='text-align:right'>{_seconds(each)}</td>"
        f"<td style='text-align:left'>{escape(each.message)}{_rates(each)}</td></tr>"
        for each in lines
    )
    numbers = {"rows", "kept out", "seconds"}
    head = "".join(
        f"<th style='text-align:{'right' if name in numbers else 'left'}'>{name}</th>"
        for name in ("dataset", "kind", "state", "rows", "kept out", "seconds", "how")
    )
    html = f"<table class='nbkit-update'><tr>{head}</tr>{rows}</table>"
    return Shown(html, "\n".join(map(progress_line, lines)))


def progress_line(each: DatasetProgress) -> str:
    """Return a dataset of an update on one line."""
    rows = "" if each.rows is None else f" {rows_in_words(each.rows)}"
    out = kept_out(each.dropped, each.quarantined, f"{each.name}_quarantine")
    dropped = f", {out}" if out else ""
    seconds = f" in {_seconds(each)} s" if each.ended_at else ""
    message = f": {each.message}" if each.message else ""
    return f"{each.state:9} {each.name}{rows}{dropped}{seconds}{message}"


def explained_shown(told: Iterable[Explained]) -> Shown:
    """Return how an update would refresh each dataset: what a person reads, line by line."""
    text = "\n".join(line for each in told for line in each.lines())
    return Shown(f"<pre>{escape(text)}</pre>", text)


def graph_shown(graph: PipelineGraph, progress: Mapping[str, DatasetProgress]) -> Shown:
    """Return the drawing of a pipeline, with what the last update counted.

    A dataset that is broken is drawn in red; its title says why.
    """
    drawn: list[AnalysedDataset | BrokenDataset] = [*graph.datasets.values()]
    drawn += graph.broken.values()
    places = _places(drawn)
    across, down = (max((place[at] for place in places.values()), default=10) for at in (0, 1))
    width, height = across + _BOX_WIDTH + 10, down + _DOWN + 10
    lines = [
        _line(places[parent], places[each.key])
        for each in drawn
        for parent in each.parents
        if parent in places
    ]
    boxes = [
        _box(each, places[each.key], progress.get(each.key)) for each in graph.datasets.values()
    ]
    boxes += [_broken_box(each, places[each.key]) for each in graph.broken.values()]
    html = (
        f"<div style='overflow-x:auto'><svg xmlns='http://www.w3.org/2000/svg' "
        f"viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        f"style='max-width:100%;min-width:{width * 6 // 7}px;height:auto' "
        f"role='img' aria-label='graph of the pipeline {escape(graph.spec.name)}' "
        f"font-family='sans-serif' font-size='12'>{''.join(lines)}{''.join(boxes)}</svg></div>"
        f"{problems_html(graph.problems)}"
    )
    text = [
        f"{each.name} ({_KINDS.get(each.kind, each.kind)})"
        + (f" ← {', '.join(each.parents)}" if each.parents else "")
        for each in graph.datasets.values()
    ]
    text += [f"{each.dataset.name} (broken: {each.reason})" for each in graph.broken.values()]
    return Shown(html, "\n".join([*text, *(str(problem) for problem in graph.problems)]))


def _places(drawn: Iterable[AnalysedDataset | BrokenDataset]) -> dict[str, tuple[int, int]]:
    """Return where each box is: in a column to the right of all that it reads."""
    parents = {each.key: each.parents for each in drawn}

    depths: dict[str, int] = {}

    def depth(key: str) -> int:
        if key not in depths:
            depths[key] = 0  # what waits for itself is drawn too
            depths[key] = 1 + max(map(depth, set(parents[key]) & set(parents)), default=-1)
        return depths[key]

    places: dict[str, tuple[int, int]] = {}
    used: dict[int, int] = {}
    for key in parents:
        level = depth(key)
        places[key] = (10 + level * _ACROSS, 10 + used.get(level, 0) * _DOWN)
        used[level] = used.get(level, 0) + 1
    return places


def problems_html(problems: Iterable[Problem]) -> str:
    """Return what is wrong with a pipeline, as a list."""
    items = "".join(f"<li>{escape(each.severity)}: {escape(str(each))}</li>" for each in problems)
    return f"<ul>{items}</ul>" if items else ""


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT // 2
    if x2 - x1 < _ACROSS:
        middle = (x1 + x2) // 2
        path = f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"
    else:  # below the boxes between them
        below, turn = start[1] + (_BOX_HEIGHT + _DOWN) // 2, (_ACROSS - _BOX_WIDTH) // 2
        path = (
            f"M{x1},{y1} C{x1 + turn},{y1} {x1},{below} {x1 + turn},{below} H{x2 - turn} "
            f"C{x2},{below} {x2 - turn},{y2} {x2},{y2}"
        )
    return f"<path d='{path}' fill='none' stroke='{_LINES}' stroke-width='1.5'/>"


def _box(found: AnalysedDataset, place: tuple[int, int], last: DatasetProgress | None) -> str:
    x, y = place
    colour = _COLOURS.get(last.state, _LINES) if last else _LINES
    counted = "" if last is None or last.rows is None else f" · {rows_in_words(last.rows)}"
    rate = _share(last)
    dashes = " stroke-dasharray='4'" if found.kind == "temporary_view" else ""
    below = escape(f"{_KINDS.get(found.kind, found.kind)}{counted}{rate}")
    title = (str(found.dataset.place), last.message if last else "")
    return (
        f"<g><title>{escape(chr(10).join(filter(None, title)))}</title>"
        f"<rect x='{x}' y='{y}' width='{_BOX_WIDTH}' height='{_BOX_HEIGHT}' rx='6' "
        f"fill='none' style='stroke:{colour}' stroke-width='1.5'{dashes}/>"
        f"<text x='{x + 10}' y='{y + 21}' fill='currentColor'>{escape(found.name)}</text>"
        f"<text x='{x + 10}' y='{y + 39}' style='fill:{_QUIET}' font-size='10'>{below}</text></g>"
    )


def _broken_box(found: BrokenDataset, place: tuple[int, int]) -> str:
    x, y = place
    colour, reason = _COLOURS["FAILED"], found.reason.partition("\n")[0]
    told = reason if len(reason) <= _WORDS else f"{reason[:_WORDS]}…"
    return (
        f"<g><title>{escape(f'{found.dataset.place}: {reason}')}</title>"
        f"<rect x='{x}' y='{y}' width='{_BOX_WIDTH}' height='{_BOX_HEIGHT}' rx='6' "
        f"fill='none' style='stroke:{colour}' stroke-width='1.5'/>"
        f"<text x='{x + 10}' y='{y + 21}' style='fill:{colour}'>{escape(found.dataset.name)}</text>"
        f"<text x='{x + 10}' y='{y + 39}' style='fill:{colour}' font-size='10'>{escape(told)}"
        "</text></g>"
    )


def _share(last: DatasetProgress | None) -> str:
    results = [result for outcome in (last.outcomes if last else ()) for result in outcome.results]
    if not results:
        return ""
    worst = max(result.rate for result in results)
    return f" · {1 - worst:.1%} ok"


def _rates(each: DatasetProgress) -> str:
    results = [result for outcome in each.outcomes for result in outcome.results]
    lines = [
        f"<br><small>{escape(result.name)}: {result.passed:,} passed, {result.failed:,} failed"
        f"{f', {result.dropped:,} {kept_out_by(result.action)}' if result.dropped else ''}</small>"
        for result in results
    ]
    return "".join(lines)


def _aside(each: DatasetProgress) -> str:
    """Return where the rows are that were quarantined."""
    if not each.quarantined:
        return ""
    told = kept_out(each.quarantined, each.quarantined, f"{each.name}_quarantine")
    return f"<br><small>{escape(told)}</small>"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _seconds(each: DatasetProgress) -> str:
    if each.ended_at:
        return f"{(each.ended_at - each.started_at) / 1000:.1f}"
    going_on = each.started_at and each.state in {"RUNNING", "RETRYING"}
    return f"{time.time() - each.started_at / 1000:.0f} …" if going_on else ""
