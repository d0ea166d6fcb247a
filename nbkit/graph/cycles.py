"""Tasks that wait for themselves."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.graph.run_graph import RunGraph

_MOST = 20


def cycles(graph: RunGraph) -> list[tuple[str, ...]]:
    """Return the cycles of a graph, each in running order from its first defined member.

    Cycles that share their closing step with another are left out, and so are those beyond
    the twentieth: mending the others comes first.
    """
    waits_for = {
        key: {parent.task_key: None for parent in graph.parents(key)} for key in graph.cyclic
    }
    found: list[tuple[str, ...]] = []
    while len(found) < _MOST:
        try:
            TopologicalSorter(waits_for).prepare()
        except CycleError as error:
            members: list[str] = error.args[1][:-1]
            start = min(range(len(members)), key=lambda at: graph.cyclic.index(members[at]))
            cycle = (*members[start:], *members[:start])
            del waits_for[cycle[0]][cycle[-1]]
            found.append(cycle)
        else:
            break
    return found
