"""Which datasets an update refreshes, how, and why: pure decisions over facts.

`decide` is asked when a dataset's turn comes, since what it says depends on what became of the
datasets before it. Refreshing a materialized view incrementally would be one more answer here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nbkit.pipelines.declare.declarations import Kind
    from nbkit.pipelines.resolve.graph import PipelineGraph

How = Literal["unchanged", "recompute", "incremental", "full"]
"""Leave it, replace all rows, add what is new, or begin anew with all there is."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks of an update.

    Attributes:
        refresh: names of datasets to refresh; None for all. `a+` is `a` with all that reads it,
            `+a` with all that it reads.
        full_refresh: names of datasets to begin anew.
        full_refresh_all: begin all of them anew.
    """

    refresh: tuple[str, ...] | None = None
    full_refresh: tuple[str, ...] = ()
    full_refresh_all: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a stored dataset when its turn comes.

    Attributes:
        kind: what it is.
        exists: whether its table is there.
        number: the version of its table, where there is one.
        definition: digest of its query as it is now.
        inputs: everything that it reads → what is there now; tables by version.
        unknown: what it reads besides, in words.
        generation: which life of a streaming table, or a sink, it is.
        streams: streaming tables that it streams from → which life of them it is.
        active: flows into it that may have something new to read; None where nobody has looked.
        last_definition, last_inputs, last_streams: the same at the last refresh.
        touched: whether somebody else has changed the table since.
        apart: whether the quarantine beside it is not of the same refresh.
        full: whether a full refresh is asked for.
        resettable: whether the author allows one.
    """

    kind: Kind
    exists: bool = True
    number: int | None = None
    definition: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    generation: str = ""
    streams: Mapping[str, str] = field(default_factory=dict)
    active: tuple[str, ...] | None = None
    last_definition: str = ""
    last_inputs: Mapping[str, str] = field(default_factory=dict)
    last_streams: Mapping[str, str] = field(default_factory=dict)
    touched: bool = False
    apart: bool = False
    full: bool = False
    resettable: bool = True


@dataclass(frozen=True, slots=True)
class Refresh:
    """A decision: how a dataset is refreshed, and why so."""

    how: How
    why: str


def decide(facts: Facts) -> Refresh:
    """Return how a dataset is refreshed."""
    if facts.kind == "materialized_view":
        return _decide_view(facts)
    if not facts.exists:
        sink = facts.kind == "sink"
        return Refresh(
            "full", f"{'nothing was written to it' if sink else 'it does not exist'} yet"
        )
    if facts.full and facts.resettable:
        return Refresh("full", "a full refresh was asked for")
    renewed = [
        name for name, life in facts.streams.items() if facts.last_streams.get(name, life) != life
    ]
    if renewed and facts.resettable:
        return Refresh("full", f"it streams from {renewed[0]}, which has begun anew")
    if facts.active == ():
        return Refresh("unchanged", "what it streams from has nothing new")
    kept = "; pipelines.reset.allowed keeps it from beginning anew" if facts.full else ""
    return Refresh("incremental", f"what is new is added{kept}")


def _decide_view(facts: Facts) -> Refresh:  # noqa: PLR0911 - a table of reasons, one by one
    if not facts.exists:
        return Refresh("recompute", "it does not exist yet")
    if facts.full:
        return Refresh("recompute", "a full refresh was asked for")
    if not facts.last_definition:
        return Refresh("recompute", "its last refresh left no record")
    if facts.definition != facts.last_definition:
        return Refresh("recompute", "its definition has changed")
    if facts.touched:
        return Refresh("recompute", "somebody else has changed its table")
    if facts.apart:
        return Refresh("recompute", "its quarantine is not of its last refresh")
    if facts.unknown:
        return Refresh("recompute", facts.unknown[0])
    for name, version in facts.inputs.items():
        if facts.last_inputs.get(name) != version:
            return Refresh("recompute", f"{name} has changed")
    return Refresh("unchanged", "neither its inputs nor its definition have changed")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which datasets an update is about, by their keys, and which of them begin anew."""

    refreshed: frozenset[str]
    full: frozenset[str]


def select(graph: PipelineGraph, request: Request) -> Selection:
    """Return what an update refreshes.

    Raises:
        DefinitionError: a name is none of the pipeline's datasets.
    """
    stored = frozenset(each.key for each in graph.stored())
    if request.full_refresh_all:
        return Selection(stored, stored)
    full = _chosen(graph, request.full_refresh, stored, "full_refresh")
    if request.refresh is None:
        return Selection(full if request.full_refresh else stored, full)
    return Selection(_chosen(graph, request.refresh, stored, "refresh") | full, full)


def _chosen(
    graph: PipelineGraph, wanted: Sequence[str], stored: Collection[str], option: str
) -> frozenset[str]:
    found: set[str] = set()
    problems = []
    for text in wanted:
        name = text.strip().removeprefix("+").removesuffix("+")
        key = graph.naming.key(name)
        if key not in stored or key is None:
            known = [each.dataset.name for each in graph.stored()]
            problems.append(Problem(option, f"there is no dataset {name}{hint(name, known)}"))
            continue
        found.add(key)
        if text.strip().endswith("+"):
            found |= graph.below(frozenset({key})) & set(stored)
        if text.strip().startswith("+"):
            found |= _above(graph, key)
    if problems:
        raise DefinitionError(tuple(problems), graph.spec.name)
    return frozenset(found)


def _above(graph: PipelineGraph, key: str) -> set[str]:
    reached = {key}
    waiting = [key]
    while waiting:
        for parent in graph.stored_parents(waiting.pop()):
            if parent in graph.datasets and parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    return reached
