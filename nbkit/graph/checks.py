"""What the fields of a job mean to each other: keys, parents, cycles, declared names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from nbkit.graph.cycles import cycles
from nbkit.graph.findings import Finding, Loc, pointer
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.graph.reference_checks import check_references
from nbkit.graph.schedule_checks import check_schedules
from nbkit.graph.starting import check_starts
from nbkit.graph.task_checks import check_task
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbkit.graph.model import Task
    from nbkit.graph.run_graph import RunGraph

_TASK_KEY = re.compile(r"[\w-]{1,100}", re.ASCII)
_PARAMETER = re.compile(r"[\w.-]+", re.ASCII)
_COMPUTE = ("job_cluster_key", "existing_cluster_id", "new_cluster")


def check(graph: RunGraph, settings: dict[str, Any]) -> Iterator[Finding]:
    """Yield every problem between the fields of a job.

    Args:
        graph: the job, whose fields are valid each on its own.
        settings: the plain data that it was made from.
    """
    job = graph.job
    if not job.tasks:
        yield Finding(("tasks",), "the job has no tasks")
    yield from _named_twice(("tasks",), "task_key", [task.task_key for task in job.tasks])
    yield from _parameters(graph)
    yield from _named_twice(
        ("job_clusters",), "job_cluster_key", [c.job_cluster_key for c in job.job_clusters]
    )
    yield from _named_twice(
        ("environments",), "environment_key", [e.environment_key for e in job.environments]
    )
    yield from _starts(graph)
    yield from check_schedules(job)
    yield from check_starts(job)
    for number, task in enumerate(job.tasks):
        loc = ("tasks", number)
        yield from _task_key(task, loc)
        yield from _parents(task, graph, loc)
        yield from _declared(task, graph, loc)
        yield from check_task(task, loc)
        if each := FOR_EACH.of(task):
            inner = (*loc, FOR_EACH.name, "task")
            yield from _task_key(each.task, inner)
            yield from _declared(each.task, graph, inner)
    yield from _cycles(graph)
    yield from check_references(graph, settings)


def _named_twice(holder: Loc, field: str, names: Iterable[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in first:
            before = pointer((*holder, first[name]))
            yield Finding((*holder, number, field), f"{name} is already the {field} of {before}")
        first.setdefault(name, number)


def _parameters(graph: RunGraph) -> Iterator[Finding]:
    names = [parameter.name for parameter in graph.job.parameters]
    yield from _named_twice(("parameters",), "name", names)
    for number, name in enumerate(names):
        if not _PARAMETER.fullmatch(name):
            message = f"{name} may only have letters, digits, _, - and ."
            yield Finding(("parameters", number, "name"), message)


def _starts(graph: RunGraph) -> Iterator[Finding]:
    job = graph.job
    given = [
        name for name in ("schedule", "trigger", "continuous", "triggers") if getattr(job, name)
    ]
    for lonely in ("continuous", "triggers"):
        others = [name for name in given if name != lonely]
        if lonely in given and others:
            yield Finding((lonely,), f"cannot stand beside {' and '.join(others)}")
            return


def _task_key(task: Task, loc: Loc) -> Iterator[Finding]:
    if not _TASK_KEY.fullmatch(task.task_key):
        message = f"{task.task_key} may only have letters, digits, _ and -, at most 100 of them"
        yield Finding((*loc, "task_key"), message)


def _parents(task: Task, graph: RunGraph, loc: Loc) -> Iterator[Finding]:
    listed = Counter((parent.task_key, parent.outcome) for parent in task.depends_on)
    for number, parent in enumerate(task.depends_on):
        place = (*loc, "depends_on", number)
        key, outcome = parent.task_key, parent.outcome
        if key not in graph:
            outer = graph.iterating(key)
            near = f"; it runs inside {outer}: wait for {outer}" if outer else ""
            message = f"the job has no task {key}{near or hint(key, graph.keys)}"
            yield Finding((*place, "task_key"), message)
        elif outcome is not None and graph.task(key).kind != CONDITION.name:
            message = f"only If/else tasks have an outcome, and {key} is none"
            yield Finding((*place, "outcome"), message)
        if listed[key, outcome] > 1:
            listed[key, outcome] = 0
            yield Finding((*place, "task_key"), f"{key} is listed more than once", "warning")


def _declared(task: Task, graph: RunGraph, loc: Loc) -> Iterator[Finding]:
    job = graph.job
    declared = {
        "job_cluster_key": ("job_clusters", [c.job_cluster_key for c in job.job_clusters]),
        "environment_key": ("environments", [e.environment_key for e in job.environments]),
        "environment_variables_key": (
            "environment_variables",
            [e.environment_variables_key for e in job.environment_variables],
        ),
    }
    for field, (holder, names) in declared.items():
        name = getattr(task, field)
        if name is not None and name not in names:
            yield Finding((*loc, field), f"{holder} declares no {name}{hint(name, names)}")
    given = [field for field in _COMPUTE if getattr(task, field) is not None]
    if len(given) > 1:
        yield Finding((*loc, given[1]), f"only one of {', '.join(given)} can be given")


def _cycles(graph: RunGraph) -> Iterator[Finding]:
    number = {task.task_key: at for at, task in reversed(list(enumerate(graph.job.tasks)))}
    for cycle in cycles(graph):
        first, last = cycle[0], cycle[-1]
        parents = [parent.task_key for parent in graph.task(first).depends_on]
        loc = ("tasks", number[first], "depends_on", parents.index(last), "task_key")
        yield Finding(loc, f"the tasks wait for each other: {' → '.join((*cycle, first))}")
