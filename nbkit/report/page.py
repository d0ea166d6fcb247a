"""The HTML report of one run: one file that opens from disk and asks nothing of any server."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nbkit.report import wording
from nbkit.report.compare import fared
from nbkit.report.documents import run_document, task_documents
from nbkit.report.drawing import draw
from nbkit.report.front_end import hash_of, script
from nbkit.report.timeline import timeline
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.graph.run_graph import RunGraph
    from nbkit.report.view import Record
    from nbkit.rules.state import RunState

NAME = "report.html"
ITERATIONS_SHOWN = 200


def write_report(graph: RunGraph, state: RunState, path: Path, *, root: Path) -> None:
    """Write the report of a run to `path`.

    Args:
        graph: the run's graph.
        state: the run, over or not.
        path: where to write, such as `runs/12/report.html`.
        root: the project root; output notebooks are named relative to it.
    """
    page = render_report(record(graph, state), folder=path.parent, root=root)
    write_atomically(path, as_bytes(page))


def render_report(run_record: Record, *, folder: Path, root: Path) -> str:
    """Return the report of a run as HTML; its links are relative to `folder`.

    It reads well without its script, which adds pan, zoom and the waiting times.
    """
    run = run_view(run_record)
    anchors = {task.key: f"task-{index}" for index, task in enumerate(run.tasks)}
    fields = ("key", "look", "started", "ended", "attempts", "ready", "critical")
    tasks = {
        key: {name: task[name] for name in fields} for key, task in task_documents(run).items()
    }
    return environment().get_template("report.html.j2").render(
        run=run,
        drawing=draw(run),
        timeline=timeline(run),
        link=link_from(folder, root),
        anchors=anchors,
        iterations_shown=ITERATIONS_SHOWN,
        **live({"anchors": anchors, "run": run_document(run), "tasks": tasks}),
    )  # fmt: skip


def live(data: object) -> dict[str, Markup]:
    """Return what `base.html.j2` takes for a page with the front end: script, hash and data."""
    text = script("page")
    # no HTML in the data can end the element that holds it
    safe = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return {
        "script": Markup(text),  # noqa: S704 - our own source
        "script_hash": Markup(hash_of(text)),  # noqa: S704 - base64
        "data": Markup(safe),  # noqa: S704 - no tag is left in it
    }


def link_from(folder: Path, root: Path) -> Callable[[str], str]:
    """Return what makes links from pages in `folder` to files named relative to `root`."""

    def link(named: str) -> str:
        return quote(Path(os.path.relpath(root / named, folder)).as_posix())

    return link


def as_bytes(page: str) -> bytes:
    """Return a page as it is stored; a value in it may hold half a surrogate pair."""
    return page.encode("utf-8", "replace")


@cache
def environment() -> Environment:
    """Return the templates; whatever they show is escaped."""
    found = Environment(
        loader=PackageLoader("nbkit.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.globals.update(
        script="", script_hash="", data="", connect=False
    )  # of pages that need none
    found.filters.update(
        duration=wording.duration, moment=wording.moment, iso=wording.iso, fared=fared
    )
    return found
