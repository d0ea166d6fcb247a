"""Choose tasks of a graph, as `only` of run-now does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.graph.run_graph import RunGraph


def select(graph: RunGraph, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the tasks that are meant, in running order.

    Args:
        graph: the job.
        patterns: `t` for the task alone, `+t` with all it waits for, `t+` with all that wait
            for it, `+t+` for both.

    Raises:
        DefinitionError: a pattern names no task.
    """
    chosen: set[str] = set()
    problems: list[Problem] = []
    for pattern in patterns:
        key = pattern.strip().removeprefix("+").removesuffix("+")
        if key not in graph:
            problems.append(Problem("", f"the job has no task {key}{hint(key, graph.keys)}"))
            continue
        chosen.add(key)
        if pattern.strip().startswith("+"):
            chosen |= graph.ancestors(key)
        if pattern.strip().endswith("+"):
            chosen |= graph.descendants(key)
    if problems:
        raise DefinitionError(tuple(problems))
    return tuple(key for key in graph.keys if key in chosen)
