"""`nbkit.job(…)`: a job in a notebook, to look at, to run and to watch.

The run goes on in a process of its own; the widget only follows the ledger. So closing the tab
or restarting the kernel loses nothing, and a run that was begun elsewhere shows here too.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbkit.app import history
from nbkit.app.code_files import code_files, notebook_places
from nbkit.app.following import Follower, latest_run
from nbkit.app.launching import Launched, launch_repair, launch_run
from nbkit.app.loading import load
from nbkit.app.parameters import again
from nbkit.app.work_board import with_work
from nbkit.errors import NbkitError
from nbkit.ledger.store import Ledger
from nbkit.report.compare import comparable
from nbkit.report.diff import diff_runs, write_diff
from nbkit.report.documents import run_document, task_documents
from nbkit.report.front_end import script, style
from nbkit.report.rows import kept_row, matrix_of
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.rules.references import as_text
from nbkit.rules.state import RunState
from nbkit.settings import Settings
from nbkit.toolkit.live import hear_every_page
from nbkit.ui.picture import graph_svg, picture_html, picture_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbkit.app.definition import Definition
    from nbkit.app.following import Seen
    from nbkit.graph.run_graph import RunGraph
    from nbkit.report.view import RunView

_LIVE_SECONDS, _IDLE_SECONDS = 0.2, 1.5
"""Between two looks at the ledger; a page gets at most five updates a second."""
_RUNS_SHOWN = 100
MIME = "application/vnd.nbkit.job+json"
"""Names a widget to nbkit's extension of JupyterLab: live, or the picture where it is gone."""


def job(
    path: str | Path = "job.json",
    *,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> JobWidget:
    """Show a job: its graph, its parameters, its latest run; run, watch, cancel and repair it.

    Args:
        path: a job file, or `FILE:job_key` for one job of a bundle.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.

    Raises:
        NbkitError: the job is invalid.
    """
    given = {name: as_text(value) for name, value in (variables or {}).items()}
    definition = load(path, target=target, variables=given)
    return JobWidget(definition, Settings.of(definition.path.parent))


class JobWidget(anywidget.AnyWidget):
    """The dashboard of one job.

    Attributes:
        dashboard: all that the front end shows; changed in place, so that a page that is opened
            later gets it as it is, while open pages are sent what changed.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    page_style = traitlets.Unicode().tag(sync=True)
    dashboard = traitlets.Dict().tag(sync=True)

    def __init__(self, definition: Definition, settings: Settings) -> None:
        self._definition = definition
        self._settings = settings
        self._job_id = definition.job_id(settings.root)
        self._ledger: Ledger | None = None  # opened by the first look at it
        self._follower: Follower | None = None
        self._launched: Launched | None = None
        self._shown = False
        self._starting = False  # launched, and not yet seen to go on
        self._message = ""
        self._pinned = 0  # an earlier run that a person wants to see
        self._closed = threading.Event()
        self._due = threading.Event()
        self._run = _not_run(definition.graph)
        self._drawn = definition.graph
        super().__init__(
            _esm=script("widget"), page_style=style(), dashboard=self._document(definition.graph)
        )
        hear_every_page(self)
        self._display = f"nbkit-job-{self.model_id}"
        self.on_msg(self._heard)
        self._follow_latest()
        self._pictured = (0, 0)
        self._turn()
        self._shown = True
        self._thread = threading.Thread(target=self._watch, name="nbkit-job", daemon=True)
        self._thread.start()

    @property
    def run_id(self) -> int:
        """The run that is shown; 0 for none yet."""
        return int(self.dashboard["run"]["id"])

    def close(self) -> None:
        """Stop following; a run goes on."""
        self._closed.set()
        self._due.set()
        super().close()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._bundle(), raw=True, display_id=self._display)

    def _bundle(self) -> dict[str, Any]:
        """Return the widget, and for where there are none the run as a picture."""
        word = self._run.look.word if self._run.run_id else "not run yet"
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {
            MIME: {"model_id": self.model_id},
            "application/vnd.jupyter.widget-view+json": view,
            "text/html": picture_html(self._run),
            "image/svg+xml": picture_svg(self._run),
            "text/plain": f"{self._run.name}: {word}",
        }

    def _document(self, graph: RunGraph) -> dict[str, Any]:
        root = self._settings.root
        folder = Path(os.path.relpath(root, Path.cwd())).as_posix()
        defaults = [[each.name, each.default] for each in graph.job.parameters]
        report = os.path.relpath(self._settings.runs_directory / "RUN" / "report.html", root)
        return {
            "job": {
                "name": graph.job.name,
                "parameters": defaults,
                "folder": "" if folder == "." else f"{folder}/",
                "files": [os.path.relpath(each, root) for each in code_files(self._definition)],
                "report": report,
                "notebooks": notebook_places(self._definition, root),
            },
            "graph": graph_svg(_not_run(graph)),
            "run": run_document(self._run),
            "tasks": task_documents(self._run),
            "status": self._status(live=False),
        }

    def _status(self, *, live: bool) -> dict[str, Any]:
        starting = self._starting
        message = self._message or ("Starting …" if starting else "")
        known = {"live": live, "starting": starting, "message": message}
        return {**known, "alone": False, "pinned": bool(self._pinned)}

    def _watch(self) -> None:
        while not self._closed.is_set():
            status = self.dashboard["status"]
            busy = status["live"] or status["starting"]
            self._due.wait(_LIVE_SECONDS if busy else _IDLE_SECONDS)
            self._due.clear()
            if not self._closed.is_set():
                self._turn()
        if self._ledger is not None:
            self._ledger.close()

    def _turn(self) -> None:
        """Look once, and send what changed."""
        try:
            self._reap()
            self._follow_latest()
            seen = self._follower.look() if self._follower else None
            self._show(seen)
        except NbkitError as error:
            self._message = str(error)
            self._show(None)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise it to
            self._message = f"The run cannot be followed: {type(error).__name__}: {error}"
            self._show(None)

    def _reap(self) -> None:
        launched = self._launched
        if launched is not None and launched.over:
            self._message = launched.complaint()
            self._launched, self._starting = None, False

    def _follow_latest(self) -> None:
        if self._ledger is None:
            self._ledger = Ledger(self._settings.ledger_url, reading=True)
        name = self._definition.graph.job.name
        latest = self._pinned or latest_run(self._job_id, name, self._ledger)
        if latest is None:  # it may not be there yet
            self._ledger.close()
            self._ledger = None
            return
        if self._follower and self._follower.run_id == latest:
            return
        self._follower = Follower(latest, self._ledger, self._settings)

    def _show(self, seen: Seen | None) -> None:
        known = self.dashboard
        live = known["status"]["live"] if seen is None else seen.live
        self._starting = self._starting and not live
        change: dict[str, Any] = {}
        if seen is not None:
            self._run = run_view(with_work(record(seen.graph, seen.state), seen.works))
            document = run_document(self._run)
            tasks = task_documents(self._run)
            graph = known["graph"]
            if seen.graph is not self._drawn:  # the job may have changed since the last run
                self._drawn, graph = seen.graph, graph_svg(_not_run(seen.graph))
            if graph != known["graph"]:
                change = {"graph": graph, "job": known["job"], "tasks": tasks}
            elif changed := {
                key: task for key, task in tasks.items() if known["tasks"].get(key) != task
            }:
                change["tasks"] = changed
            if document != known["run"]:
                change["run"] = document
            known.update(graph=graph, run=document, tasks=tasks)
        status = self._status(live=live)
        if status != known["status"]:
            change["status"] = known["status"] = status
        if change and self.comm is not None:
            self.send({"kind": "change", **change})
        over = (self._run.run_id, self._run.ended)
        if not live and over != self._pictured:
            self._pictured = over
            self._keep_picture()

    def _keep_picture(self) -> None:
        """Let the saved notebook show how the run ended, if it shows the widget yet."""
        if not self._shown:
            return
        from IPython.display import update_display

        update_display(self._bundle(), raw=True, display_id=self._display)

    def _heard(self, _widget: Any, action: dict[str, Any], _buffers: Any) -> None:
        """Do what a person asked for on the page."""
        try:
            self._message = self._act(action) or ""
        except NbkitError as error:
            self._message = str(error)
        self._due.set()

    def _act(self, action: dict[str, Any]) -> str | None:
        kind, parameters = action["kind"], action.get("parameters") or {}
        if kind == "history":
            threading.Thread(target=self._send_history, daemon=True).start()
        elif kind == "run":
            self._begin(parameters, action.get("only"))
        elif kind == "run_again":
            self._begin(again(history.recorded(self.run_id, self._settings)))
        elif kind == "repair":
            self._starting = True
            self._launched = launch_repair(self.run_id, self._settings, parameters=parameters)
        elif kind == "show":
            self._pinned = int(action["run_id"])
        elif kind == "compare":
            return self._compare(action.get("before"), action.get("run_id") or self.run_id)
        elif kind == "cancel":
            return history.cancel(self.run_id, self._settings)
        return None

    def _begin(self, parameters: Mapping[str, str], only: Sequence[str] | None = None) -> None:
        self._starting, self._pinned = True, 0
        source, settings = self._definition.source, self._settings
        self._launched = launch_run(source, settings, parameters=parameters, only=only)

    def _compare(self, before: int | None, after: int) -> str | None:
        """Write what changed between two runs, and open it; or say that there is none before."""
        read = partial(history.recorded, settings=self._settings)
        if before is None:
            name = self._definition.graph.job.name
            listed = history.runs(self._settings, job_name=name, limit=_RUNS_SHOWN)
            mine = (run["run_id"] for run in listed if run["job_id"] == self._job_id)
            before = comparable(read(after), (run_id for run_id in mine if run_id < after), read)
        if before is None:
            return "There is no run before this one to compare it with."
        root, page = self._settings.root, self._folder(after) / f"diff-{before}.html"
        found = diff_runs(read(before), read(after), root)
        write_diff(found, page, root)
        self.send({"kind": "open", "path": os.path.relpath(page, root)})
        return None

    def _send_history(self) -> None:
        name = self._definition.graph.job.name
        listed = history.runs(self._settings, job_name=name, limit=_RUNS_SHOWN)
        rows = []
        for run in listed:
            if run["job_id"] == self._job_id:
                row = kept_row(run, self._folder(run["run_id"]), self._reader(run["run_id"]))
                report = self.dashboard["job"]["report"].replace("RUN", str(run["run_id"]))
                rows.append({**row, "report": report})
        self.send({"kind": "history", "history": matrix_of(rows)})

    def _folder(self, run_id: int) -> Path:
        return self._settings.runs_directory / str(run_id)

    def _reader(self, run_id: int) -> Callable[[], dict[str, Any]]:
        return partial(history.recorded, run_id, self._settings)


def _not_run(graph: RunGraph) -> RunView:
    """Return a job as a run of which nothing has happened."""
    fresh = record(graph, RunState.fresh(graph))
    for task in fresh["tasks"]:
        task["state"]["life_cycle_state"] = "BLOCKED"
    return run_view({**fresh, "run_name": graph.job.name})
