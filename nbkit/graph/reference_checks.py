"""Every `{{…}}` in the parameters of a job and its tasks, checked where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.graph.findings import Finding, Loc
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.graph.reference_problems import problems
from nbkit.graph.references import malformed, references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.run_graph import RunGraph


def check_references(graph: RunGraph, settings: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the references of a job.

    Args:
        graph: the job.
        settings: the plain data that it was made from.
    """
    for number, parameter in enumerate(graph.job.parameters):
        loc: Loc = ("parameters", number, "default")
        yield from _in_text(parameter.default, loc, graph, None)
    for number, task in enumerate(graph.job.tasks):
        for kind in task.kinds:
            loc = ("tasks", number, kind)
            block = settings["tasks"][number][kind]
            for at, text in _texts(block, loc):
                yield from _in_text(text, at, graph, task.task_key)
        named = KINDS[task.kind].named if task.kind else None
        if named is not None and named.pushed:
            loc = ("tasks", number, task.kind, named.field)
            yield from _shadowed(getattr(task.block, named.field), loc, graph)


def _texts(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        if "{{" in value:
            yield loc, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, (*loc, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*loc, position))


def _in_text(text: str, loc: Loc, graph: RunGraph, task_key: str | None) -> Iterator[Finding]:
    iterates = loc[2:4] == (FOR_EACH.name, "task")
    for reference in references(text):
        for problem in problems(reference, graph, task_key, iterates=iterates):
            yield Finding(loc, problem.message, problem.severity)
    for braces in malformed(text):
        yield Finding(loc, f"{braces} is no reference and stays as it is", "warning")


def _shadowed(parameters: dict[str, str], loc: Loc, graph: RunGraph) -> Iterator[Finding]:
    declared = {parameter.name for parameter in graph.job.parameters}
    for name, value in parameters.items():
        same = [r.path for r in references(value)] == [("job", "parameters", name)]
        if name in declared and not same:
            message = f"the job parameter {name} wins over this one"
            yield Finding((*loc, name), message, "warning")
