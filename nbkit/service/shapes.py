"""A run's record as the Jobs API answers it, in its versions: pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nbkit.service.refusals import invalid, no_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PAGE = 100
"""Elements of an array that version 2.2 sends at a time."""
TASK_RUNS_PER_RUN = 1_000_000

_OURS = frozenset(
    {
        "attempts",
        "created",
        "failure",
        "iterations",
        "output",
        "output_notebook",
        "progress",
        "resolved_values",
        "submitted",
        "task_values",
    }
)
"""What records have and the API does not, or only where it is asked for."""
_FIRST_PAGE_ONLY = ("job_parameters", "job_clusters", "repair_history", "overriding_parameters")
_MANY_OUTPUTS = (
    "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the "
    "output of each individual task run instead."
)


def run_of(run_id: int) -> int:
    """Return the run that an id belongs to: its own, or that of a task run."""
    return run_id // TASK_RUNS_PER_RUN if run_id >= TASK_RUNS_PER_RUN else run_id


def whole_run(record: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return a run without its tasks and its history.

    Args:
        record: of the run.
        url: of the server.
    """
    run = {name: value for name, value in record.items() if name not in _OURS}
    for name in ("tasks", "repair_history"):
        run.pop(name, None)
    run_id = record["run_id"]
    if record.get("submitted"):
        run["run_type"] = "SUBMIT_RUN"
    return {
        **run,
        "start_time": record["start_time"] or record.get("created", 0),
        "number_in_job": run_id,
        "job_run_id": run_id,
        "run_page_url": page_of_run(url, run_id),
    }


def pages_of(url: str) -> str:
    """Return the address that the id of a run is appended to, for a page that shows it."""
    return f"{url}/nbkit/runs/"


def page_of_run(url: str, run_id: int, task_key: str = "") -> str:
    """Return where a person sees a run, or one of its tasks."""
    place = f"#{quote(task_key)}" if task_key else ""
    return f"{pages_of(url)}{run_id}{place}"


def task_run(
    record: Mapping[str, Any],
    unit: Mapping[str, Any],
    url: str,
    *,
    resolved: bool = False,
) -> dict[str, Any]:
    """Return a task, or an iteration of one, as an element of `tasks` or `iterations`.

    Args:
        record: of the run.
        unit: of the task.
        url: of the server.
        resolved: with the values that its references stood for.
    """
    found = {name: value for name, value in unit.items() if name not in _OURS}
    if resolved and "resolved_values" in unit:
        found["resolved_values"] = unit["resolved_values"]
    return {**found, "run_page_url": page_of_run(url, record["run_id"], unit["task_key"])}


def get_run(
    record: Mapping[str, Any],
    run_id: int,
    url: str,
    *,
    version: str = "2.2",
    page_token: str = "",
    history: bool = False,
    resolved: bool = False,
) -> dict[str, Any]:
    """Return the answer of `runs/get`.

    Args:
        record: of the run.
        run_id: that was asked for: of the run, of a task, of an attempt or of an iteration.
        url: of the server.
        version: of the API; only 2.2 sends arrays page by page.
        page_token: of a page; empty for the first.
        history: with what was repaired.
        resolved: with the values that references stood for.

    Raises:
        Refusal: the run has no such task run, or that is no page.
    """
    if run_id != record["run_id"]:
        return _get_task_run(record, run_id, url, version=version, page_token=page_token)
    run = whole_run(record, url)
    tasks = record["tasks"]
    start, end, token = _page(len(tasks), version, page_token)
    if history:
        run["repair_history"] = record["repair_history"]
    if start:
        for name in _FIRST_PAGE_ONLY:
            run.pop(name, None)
    run["tasks"] = [task_run(record, task, url, resolved=resolved) for task in tasks[start:end]]
    return run | ({"next_page_token": token} if token else {})


def _get_task_run(
    record: Mapping[str, Any], run_id: int, url: str, *, version: str, page_token: str
) -> dict[str, Any]:
    """Return a task run as a run of its own, which holds the task; a loop holds its iterations."""
    task, unit = unit_of(record, run_id)
    shown = task_run(record, {**task, **unit}, url)
    run = whole_run(record, url)
    of_task = (
        "attempt_number",
        "cleanup_duration",
        "end_time",
        "execution_duration",
        "original_attempt_run_id",
        "run_id",
        "run_page_url",
        "setup_duration",
        "start_time",
        "state",
        "status",
    )
    run |= {name: shown[name] for name in of_task if name in shown}
    run |= {"run_name": task["task_key"], "tasks": [shown], "job_run_id": record["run_id"]}
    iterations = task.get("iterations", [])
    if unit is task and iterations:
        start, end, token = _page(len(iterations), version, page_token)
        run["iterations"] = [_iteration(record, task, each, url) for each in iterations[start:end]]
        run |= {"next_page_token": token} if token else {}
    return run


def _iteration(
    record: Mapping[str, Any], task: Mapping[str, Any], unit: Mapping[str, Any], url: str
) -> dict[str, Any]:
    shown = task_run(record, {"task_key": task["task_key"], **unit}, url)
    shown["task_key"] = f"{task['task_key']}_iteration_{shown.pop('iteration')}"
    shown.pop("input", None)
    return shown


def unit_of(record: Mapping[str, Any], run_id: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the task that a task run is of, and the task, attempt or iteration that it is.

    Raises:
        Refusal: there is no such one in this run.
    """
    for task in record["tasks"]:
        for unit in _units(task):
            if unit.get("run_id") == run_id:
                return task, unit
    raise no_run(run_id)


def _units(task: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield task
    yield from task.get("attempts", [])
    for iteration in task.get("iterations", []):
        yield iteration
        yield from iteration.get("attempts", [])


def only_unit(
    record: Mapping[str, Any], run_id: int
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the one task of a run, or the one that a task run is of, like `unit_of`.

    Raises:
        Refusal: the run has several tasks, or no such one.
    """
    if run_id != record["run_id"]:
        return unit_of(record, run_id)
    if len(record["tasks"]) != 1:
        raise invalid(_MANY_OUTPUTS)
    return record["tasks"][0], record["tasks"][0]


def run_output(record: Mapping[str, Any], run_id: int, url: str, logs: str = "") -> dict[str, Any]:
    """Return the answer of `runs/get-output`.

    Args:
        record: of the run.
        run_id: of a task run, or of a run with a single task.
        url: of the server.
        logs: what a Python task printed.

    Raises:
        Refusal: the run has several tasks, or no such one.
    """
    task, unit = only_unit(record, run_id)
    own = int(unit.get("run_id") or 0)
    metadata = get_run(record, own, url) if own else get_run(record, record["run_id"], url)
    output = dict(unit.get("output", {}))
    sql = output.get("sql_output")
    if sql is not None:
        output["sql_output"] = {"query_output": sql.get("query_output", {})}
    if task.get("spark_python_task") or task.get("python_wheel_task"):
        output |= {"logs": logs, "logs_truncated": False}
    if "error" not in output and unit["state"].get("result_state") not in (None, "SUCCESS"):
        output["error"] = unit["state"]["state_message"]
    return {"metadata": metadata, **output}


def listed(
    records: Sequence[Mapping[str, Any]],
    url: str,
    *,
    version: str,
    expand: bool,
    next_token: str = "",
) -> dict[str, Any]:
    """Return the answer of `runs/list`.

    Args:
        records: of the runs.
        url: of the server.
        version: of the API.
        expand: with their tasks.
        next_token: of the page after this one; empty if there is none.
    """
    runs = []
    for record in records:
        run = whole_run(record, url)
        if expand:
            tasks = record["tasks"]
            shown = tasks[:PAGE] if version == "2.2" else tasks
            run["tasks"] = [task_run(record, task, url) for task in shown]
            if version == "2.2":
                run["has_more"] = len(tasks) > PAGE
        runs.append(run)
    found: dict[str, Any] = {"runs": runs} if runs else {}
    found["has_more"] = bool(next_token)
    return found | ({"next_page_token": next_token} if next_token else {})


def token_of(*numbers: int) -> str:
    """Return a page's token: where it starts."""
    text = f"nbkit:{'.'.join(map(str, numbers))}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def numbers_of(token: str, count: int) -> tuple[int, ...]:
    """Return where a page starts, as `count` numbers.

    Raises:
        Refusal: it is no token of ours.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        text = ""
    kind, _, rest = text.partition(":")
    numbers = rest.split(".")
    if kind == "nbkit" and len(numbers) == count and all(map(str.isdecimal, numbers)):
        return tuple(map(int, numbers))
    raise invalid("page_token is not one that this server gave.")


def place_of(token: str) -> int:
    """Return where a page starts, as one number.

    Raises:
        Refusal: it is no token of ours.
    """
    return numbers_of(token, 1)[0]


def _page(count: int, version: str, token: str) -> tuple[int, int, str]:
    """Return where a page of an array starts and ends, and the token of the next one."""
    if version != "2.2":
        return 0, count, ""
    start = place_of(token) if token else 0
    end = min(start + PAGE, count)
    return start, end, token_of(end) if end < count else ""
