"""A notebook as its toolbar asks for it: its parameters for a form, and the schedules it has."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import deployed_jobs
from nbkit.app.asked_parameters import widgets_in, with_inline
from nbkit.graph.quartz import Quartz
from nbkit.graph.schedule_checks import zone_of
from nbkit.kernels.kernelspecs import read_notebook
from nbkit.kernels.outcome import NotebookFailed
from nbkit.ledger.database import is_there
from nbkit.parameters_cell import TAG
from nbkit.service.below import below
from nbkit.service.refusals import invalid
from nbkit.tasks.places import find_notebook
from nbkit.toolkit.declared_parameters import declared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.ledger.deployed import DeployedJob
    from nbkit.service.project import Project

_SHOWN_TIMES = 5
_WITH_CHOICES = ("dropdown", "combobox", "multiselect")
_KINDS = ("text", *_WITH_CHOICES)
_DEFAULT, _CHOICES = 1, 2
"""Places of the arguments of a widget, behind its name."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A parameter that a notebook asks for: how its default and its choices read as text."""

    name: str
    kind: str
    default: str
    help: str = ""
    choices: tuple[str, ...] = ()


def notebook_document(project: Project, path: str) -> dict[str, Any]:
    """Return what a form needs to run a notebook as a job, or to schedule it.

    Args:
        project: that is served.
        path: as JupyterLab names it.

    Raises:
        Refusal: it is no notebook of the project, or cannot be read.
    """
    place = notebook_at(project, path)
    try:
        asked: dict[str, _Asked] = {}
        for each in _asked_by(place):
            asked.setdefault(each.name, each)
    except NotebookFailed as failed:
        raise invalid(str(failed)) from None
    return {
        "notebook": place.relative_to(project.settings.root).as_posix(),
        "parameters": [
            {
                "name": each.name,
                "kind": each.kind,
                "default": each.default,
                "help": each.help,
                "choices": list(each.choices),
            }
            for each in asked.values()
        ],
        "schedules": [_schedule(job) for job in _scheduled(project, place)],
    }


def notebook_at(project: Project, path: str) -> Path:
    """Return the place of a notebook of the project that JupyterLab names.

    Raises:
        Refusal: it is none.
    """
    place = below((project.home or project.settings.root).resolve(), path).resolve()
    if not place.is_relative_to(project.settings.root):
        root = project.settings.root
        raise invalid(f"{path} is outside of the project that this server serves, {root}.")
    if not place.is_file():
        raise invalid(f"There is no file {path}.")
    return place


def upcoming(expression: str, zone: str) -> dict[str, Any]:
    """Return the next times of a schedule in epoch milliseconds, or what is wrong with it."""
    try:
        found, where = Quartz.parse(expression), zone_of(zone)
    except ValueError as error:
        return {"next": [], "problem": str(error)}
    moments: list[int] = []
    moment: datetime | None = datetime.now(UTC)
    while len(moments) < _SHOWN_TIMES and moment is not None:
        moment = found.after(moment, where)
        if moment is not None:
            moments.append(int(moment.timestamp() * 1000))
    return {"next": moments, "problem": "" if moments else f"{expression} never fires"}


def _asked_by(place: Path) -> Iterator[_Asked]:
    """Yield what the parameters cell declares, then the widgets that cells make, in order."""
    for here in with_inline(place):
        for cell in read_notebook(here).cells:
            if cell.cell_type != "code":
                continue
            if TAG in cell.metadata.get("tags", ()) and here == place:
                for each in declared(cell.source):
                    choices = tuple(map(_text, each.choices))
                    yield _Asked(each.name, each.kind, _text(each.default), each.help, choices)
            yield from _widgets(cell.source)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else repr(value)


def _widgets(source: str) -> Iterator[_Asked]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # with magics in it only the names can be told
        yield from (_Asked(name, "str", "") for name in sorted(widgets_in(source)))
        return
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)):
        made = call.func
        if not isinstance(made, ast.Attribute) or made.attr not in _KINDS:
            continue
        if not ast.unparse(made.value).endswith("dbutils.widgets"):
            continue
        name, default = _argument(call, 0, "name"), _argument(call, _DEFAULT, "defaultValue")
        choices = _argument(call, _CHOICES, "choices") if made.attr == "dropdown" else None
        if isinstance(name, str):
            listed = tuple(map(_text, choices)) if isinstance(choices, list | tuple) else ()
            kind = "choice" if listed else "str"
            label = _argument(call, 3 if made.attr in _WITH_CHOICES else 2, "label")
            yield _Asked(name, kind, _text(default), _text(label), listed)


def _argument(call: ast.Call, place: int, name: str) -> Any:
    """Return an argument that is a literal; None for what is none, or is not given."""
    named = next((each.value for each in call.keywords if each.arg == name), None)
    given = call.args[place] if place < len(call.args) else named
    try:
        return None if given is None else ast.literal_eval(given)
    except ValueError:
        return None


def _scheduled(project: Project, place: Path) -> list[DeployedJob]:
    """Return the deployed jobs without a file that run this notebook and nothing else."""
    settings = project.settings
    if not is_there(settings.ledger_url):
        return []
    found = []
    for job in deployed_jobs(settings=settings):
        tasks = job.settings.get("tasks") or []
        if job.source or len(tasks) != 1 or "notebook_task" not in tasks[0]:
            continue
        named = str(tasks[0]["notebook_task"].get("notebook_path", ""))
        if find_notebook(settings.root, named) == place:
            found.append(job)
    return found


def _schedule(job: DeployedJob) -> dict[str, Any]:
    cron = job.settings.get("schedule") or {}
    return {
        "id": job.job_id,
        "name": job.name,
        "expression": str(cron.get("quartz_cron_expression", "")),
        "zone": str(cron.get("timezone_id", "")),
        "paused": job.paused,
        "parameters": {
            str(each.get("name")): str(each.get("default", ""))
            for each in job.settings.get("parameters") or []
        },
    }
