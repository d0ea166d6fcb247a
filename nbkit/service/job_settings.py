"""Settings of jobs as the Jobs API gives them back, and takes changes of them: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.service.refusals import invalid
from nbkit.service.shapes import PAGE, numbers_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
    "parameters": "name",
}
"""Arrays whose elements are known by a name: they are merged by it, and sent page by page."""
_ONLY_EXPANDED = ("tasks", "job_clusters")
_DEFAULTS: Mapping[str, Any] = {
    "email_notifications": {},
    "webhook_notifications": {},
    "timeout_seconds": 0,
    "max_concurrent_runs": 1,
    "format": "MULTI_TASK",
}
_OF_TASKS: Mapping[str, Any] = {
    "run_if": "ALL_SUCCESS",
    "timeout_seconds": 0,
    "email_notifications": {},
    "webhook_notifications": {},
}
_WITH_SOURCE = ("notebook_task", "spark_python_task")


def with_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with what the API fills in."""
    made = {**_DEFAULTS, **settings}
    if "tasks" in made:
        made["tasks"] = [_task(task) for task in made["tasks"]]
    return made


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    made = {**_OF_TASKS, **task}
    for name in _WITH_SOURCE:
        if isinstance(made.get(name), dict):
            made[name] = {"source": "WORKSPACE", **made[name]}
    return made


def page_of(
    settings: Mapping[str, Any], version: str, token: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a page of settings, and what says whether there is another.

    Args:
        settings: with all their elements.
        version: of the API; only 2.2 sends arrays page by page.
        token: of the page; empty for the first.
    """
    if version != "2.2":
        return dict(settings), {}
    (start,) = numbers_of(token, 1) if token else (0,)
    end = start + PAGE
    made = {name: value for name, value in settings.items() if name in _KEYS or not start}
    for name in _KEYS:
        if name in made:
            made[name] = made[name][start:end]
    longest = max((len(settings.get(name, ())) for name in _KEYS), default=0)
    return made, {"next_page_token": token_of(end)} if longest > end else {}


def in_list(settings: Mapping[str, Any], version: str, *, expand: bool) -> dict[str, Any]:
    """Return settings as `jobs/list` has them: the first elements, and tasks if asked for."""
    made, _ = page_of(settings, version, "")
    return made if expand else {k: v for k, v in made.items() if k not in _ONLY_EXPANDED}


def has_more(settings: Mapping[str, Any]) -> bool:
    """Say whether a list does not show all elements."""
    return any(len(settings.get(name, ())) > PAGE for name in _KEYS)


def updated(
    settings: Mapping[str, Any], new: Mapping[str, Any], remove: Sequence[str]
) -> dict[str, Any]:
    """Return settings after `jobs/update`: fields replaced, arrays merged by name, some removed.

    Args:
        settings: as they are.
        new: fields to replace.
        remove: names of fields, or such as `tasks/ingest` for one element.

    Raises:
        Refusal: what is to be removed cannot be.
    """
    made = dict(settings)
    for path in remove:
        _remove(made, path)
    for name, value in new.items():
        if name in _KEYS and isinstance(value, list) and isinstance(made.get(name), list):
            made[name] = _merged(made[name], value, _KEYS[name])
        else:
            made[name] = value
    return made


def _merged(before: Sequence[Any], new: Sequence[Any], key: str) -> list[Any]:
    named = {each.get(key): each for each in new if isinstance(each, dict)}
    kept = [named.pop(each.get(key), each) for each in before]
    return [*kept, *named.values()]


def _remove(settings: dict[str, Any], path: str) -> None:
    name, slash, element = path.partition("/")
    if not slash:
        settings.pop(name, None)
        return
    if name not in _KEYS or "/" in element:
        raise invalid(f"{path} cannot be removed: name a field, or an element such as tasks/KEY.")
    found = settings.get(name, [])
    left = [each for each in found if each.get(_KEYS[name]) != element]
    if len(left) == len(found):
        raise invalid(f"There is no {path} to remove.")
    settings[name] = left


def after_reset(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings after `jobs/reset`: the new ones, run as whom the former were."""
    kept = {"run_as": before["run_as"]} if "run_as" in before and "run_as" not in new else {}
    return {"name": "Untitled", **kept, **new}
