"""Which value a parameter has: for this run over the job's default over the task's own.

Job parameters reach tasks that take parameters by name: notebooks, wheels without positional
arguments, SQL and Run Job. Tasks that take a list (Python scripts, jars) get only their own.
The older parameters of a run (`notebook_params` and the like) stand between the two: they go to
all tasks of a type, over the task's own, under those of the job.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.graph.kinds import KINDS
from nbkit.rules.references import Scope, as_text, resolve
from nbkit.rules.secrets import named, secret_places
from nbkit.rules.state import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.events import RunStarted
    from nbkit.graph.model import Job, Task
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.secrets import Places

OF_TASKS = tuple(
    dict.fromkeys(
        older
        for kind in KINDS.values()
        for older in (
            kind.named.older if kind.named else "",
            kind.listed.older if kind.listed else "",
            kind.older,
        )
        if older
    )
)
"""The older parameters of a run, by their names in `run-now` and in Run Job tasks."""


def named_by(task: Task) -> set[str]:
    """Return the names of the parameters that a task gives itself."""
    named = KINDS[task.kind].named
    return set(getattr(task.block, named.field)) if named and named.pushed else set()


def with_task_parameters(
    kind: str, block: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a task's settings with what a run gives to tasks of its type.

    Args:
        kind: the task's type.
        block: its settings.
        given: older parameters of the run; see `OF_TASKS`. Lists replace the task's own, named
            ones are added to them.
    """
    if not given:
        return block
    made, of = dict(block), KINDS[kind]
    if of.named and given.get(of.named.older):
        made[of.named.field] = {**block.get(of.named.field, {}), **given[of.named.older]}
    if of.listed and given.get(of.listed.older):
        made[of.listed.field] = given[of.listed.older]
    return {**made, **given.get(of.older, {})}


def undeclared(job: Job, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names in `given` that the job does not declare."""
    declared = {parameter.name for parameter in job.parameters}
    return tuple(name for name in given if name not in declared)


def with_parameters(
    graph: RunGraph,
    event: RunStarted,
    given: Mapping[str, str],
    secrets: Mapping[str, Places] | None = None,
) -> RunStarted:
    """Return the start of a run with its job parameters: those given over the defaults.

    Args:
        graph: the job.
        event: the start.
        given: for this run; they are data, in which nothing is looked for.
        secrets: where they have references to secrets, if an author of another job wrote them.

    Raises:
        NoValueError: a default refers to something that a job does not have when it starts.
    """
    state = RunState(
        run_id=event.run_id,
        job_id=event.job_id,
        run_name=event.run_name,
        trigger=event.trigger,
        trigger_info=event.trigger_info,
        started_at=event.at,
    )
    parameters, places = job_parameters(graph, state, given, secrets)
    return replace(event, parameters=parameters, secrets=places, overrides=tuple(given))


def job_parameters(
    graph: RunGraph,
    state: RunState,
    given: Mapping[str, str],
    secrets: Mapping[str, Places] | None = None,
) -> tuple[dict[str, str], dict[str, Places]]:
    """Return the job parameters of a run, and where they have secrets; see `with_parameters`.

    Only the defaults are an author's text. What is given may come out of data, and whoever gives
    it has resolved what was to be resolved.

    Raises:
        NoValueError: a default refers to something that a job does not have when it starts.
    """
    scope = Scope(graph, state)
    defaults = {
        parameter.name: parameter.default
        for parameter in graph.job.parameters
        if parameter.name not in given
    }
    found = {
        parameter.name: given.get(parameter.name, "") for parameter in graph.job.parameters
    } | dict(given)
    found |= {name: as_text(resolve(value, scope)) for name, value in defaults.items()}
    places = {name: secret_places(value, scope) for name, value in defaults.items()}
    return found, named({**(secrets or {}), **places})


def pushed_down(kind: str, block: dict[str, Any], job: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters by name that a task gets: job parameters over its own."""
    of = KINDS[kind]
    if of.named is None or not of.takes_names(block):
        return {}
    return {**block.get(of.named.field, {}), **job}


def secrets_of(
    kind: str, block: Mapping[str, Any], parameters: Mapping[str, str], scope: Scope
) -> dict[str, Places]:
    """Return where the parameters of an attempt have secrets that an author wrote.

    Args:
        kind: the task's type.
        block: its settings, as its author wrote them.
        parameters: what the attempt gets, as `pushed_down` says.
        scope: what references of the author's speak of.

    Raises:
        NoValueError: a reference has no value.
    """
    state, of = scope.state, KINDS[kind].named
    own = block.get(of.field, {}) if of else {}
    older = state.task_parameters.get(of.older, {}) if of else {}
    found: dict[str, Places] = {}
    for name in parameters:
        if name in state.parameters:
            found[name] = state.secrets.get(name, ())
        elif name in own and name not in older:
            found[name] = secret_places(own[name], scope)
    return named(found)
