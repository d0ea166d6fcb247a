"""Which datasets an update refreshes, how, and why: pure decisions over facts.

`decide` is asked when a dataset's turn comes, since what it says depends on what became of the
datasets before it. It chooses among the ways in `strategies`, each of which says what it offers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from nbkit.pipelines.declare.declarations import Kind, Policy
    from nbkit.pipelines.refresh.planning_codes import Code
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.refresh.source_changes import SourceChange
    from nbkit.pipelines.resolve.graph import PipelineGraph


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


class NotIncrementalError(UsageError):
    """A view whose policy is INCREMENTAL STRICT cannot be refreshed that way; it is as it was."""


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
        changes: of inputs that have another version than at the last refresh: what became of them.
        touched: whether somebody else has changed the table since.
        apart: whether the quarantine beside it is not of the same refresh.
        full: whether a full refresh is asked for.
        resettable: whether the author allows one.
        rows: in the table at the last refresh; None if nobody has counted.
        full_seconds: how long it took to replace all rows the last time; None if it is not known.
        policy: which ways its author lets it be refreshed by.
        places: by folder: what inputs are called that are not called as their folder.
        query: of a view, as proofs look at it; None where nobody has looked.
        rules: what is done about rows that fail its expectations.
        rules_look_around: whether one of these looks at other rows too, or at other tables.
        counted_views: views with expectations of their own that it reads.
        size: bytes of its table; None where nobody has looked.
        read: bytes of all tables that it reads; None where nobody has looked.
        others: by way: seconds that it took the last time, and bytes of changes that were read.
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
    changes: Mapping[str, SourceChange] = field(default_factory=dict)
    touched: bool = False
    apart: bool = False
    full: bool = False
    resettable: bool = True
    rows: int | None = None
    full_seconds: float | None = None
    policy: Policy = "auto"
    places: Mapping[str, str] = field(default_factory=dict)
    query: Query | None = None
    rules: frozenset[str] = frozenset()
    rules_look_around: bool = False
    counted_views: tuple[str, ...] = ()
    size: int | None = None
    read: int | None = None
    others: Mapping[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def changed(self) -> dict[str, SourceChange]:
        """What has changed since the last refresh, by name."""
        return {name: each for name, each in self.changes.items() if each.kind != "none"}


@dataclass(frozen=True, slots=True)
class Offer:
    """That a way of refreshing fits the facts.

    Attributes:
        why: in words, what speaks for it.
        cost: about how many seconds it takes; of the ways that fit, the cheapest is taken.
    """

    why: str
    cost: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """That a way of refreshing does not fit the facts.

    Attributes:
        why: in words, as the rest of a sentence about the dataset: `it has a LIMIT`.
        code: what Databricks calls that in its planning information; empty where it has no name.
        remedy: how to write the query so that it fits, in words; empty where nobody knows.
    """

    why: str
    code: Code = ""
    remedy: str = ""


class Way(Protocol):
    """A way of refreshing, as far as a decision needs it; see `strategies`."""

    @property
    def name(self) -> str:
        """Return what records and events call it."""
        ...

    @property
    def words(self) -> str:
        """Return what people read of it."""
        ...

    @property
    def technique(self) -> str:
        """Return what Databricks' planning information calls it; empty for none of a view."""
        ...

    @property
    def incremental(self) -> bool:
        """Return whether it brings a view up to date by what has changed."""
        ...

    @property
    def offer(self) -> Callable[[Facts], Offer | Refusal]:
        """Return what says whether it fits."""
        ...


@dataclass(frozen=True, slots=True)
class Refresh:
    """A decision: how a dataset is refreshed, and why so.

    Attributes:
        how: name of the way that was taken.
        why: in words.
        words: what people read of the way.
        said: by name, what every way has said.
    """

    how: str
    why: str
    words: str = ""
    said: Mapping[str, Offer | Refusal] = field(default_factory=dict)

    @property
    def refused(self) -> Mapping[str, str]:
        """By name, why the others were not taken."""
        return {name: about.why for name, about in self.said.items() if name != self.how}


def decide(facts: Facts, ways: Sequence[Way]) -> Refresh:
    """Return how a dataset is refreshed: by the cheapest way that fits, and that its policy allows.

    Raises:
        NotIncrementalError: the policy allows no way that fits.
        LookupError: none fits, which is a mistake in the ways.
    """
    said = {way.name: way.offer(facts) for way in ways}
    fits = [way for way in ways if isinstance(said[way.name], Offer)]
    if not fits:
        raise LookupError(f"no way to refresh a {facts.kind}: {said}")
    way = min(_allowed(facts, fits, said), key=lambda each: _cost(said[each.name]))
    return Refresh(way.name, said[way.name].why, way.words, said)


def _allowed(
    facts: Facts, fits: Sequence[Way], said: Mapping[str, Offer | Refusal]
) -> Sequence[Way]:
    """Return the ways that fit and that the policy of a view allows."""
    if facts.policy == "auto" or facts.kind != "materialized_view":
        return fits
    if facts.policy == "full":
        return [each for each in fits if each.technique == COMPLETE] or fits
    wanted = [each for each in fits if each.incremental or each.technique == NOTHING]
    if wanted or facts.policy == "incremental" or not facts.exists or facts.full:
        return wanted or fits
    reasons = dict.fromkeys(about.why for about in said.values() if isinstance(about, Refusal))
    raise NotIncrementalError(
        f"its refresh policy is INCREMENTAL STRICT, and that is not possible: {'; '.join(reasons)}"
    )


def _cost(said: Offer | Refusal) -> float:
    return said.cost if isinstance(said, Offer) else float("inf")


COMPLETE = "COMPLETE_RECOMPUTE"
"""What Databricks calls replacing all rows."""

NOTHING = "NO_OP"
"""What Databricks calls leaving a view as it is."""


def why_not_left(facts: Facts) -> str | None:  # noqa: PLR0911 - a table of reasons, one by one
    """Return why the rows of a materialized view may be others by now; None if they are not."""
    if not facts.exists:
        return "it does not exist yet"
    if facts.full:
        return "a full refresh was asked for"
    if not facts.last_definition:
        return "its last refresh left no record"
    if facts.unknown:
        return facts.unknown[0]
    if facts.definition != facts.last_definition:
        return "its definition has changed"
    if facts.touched:
        return "somebody else has changed its table"
    if facts.apart:
        return "its quarantine is not of its last refresh"
    for name, version in facts.inputs.items():
        quiet = name in facts.changes and facts.changes[name].kind == "none"
        if facts.last_inputs.get(name) != version and not quiet:
            return f"{name} has changed"
    return None


def why_anew(facts: Facts) -> str | None:
    """Return why a streaming table, or a sink, begins anew; None if it goes on where it was."""
    if not facts.exists:
        sink = facts.kind == "sink"
        return f"{'nothing was written to it' if sink else 'it does not exist'} yet"
    if facts.full and facts.resettable:
        return "a full refresh was asked for"
    renewed = [
        name for name, life in facts.streams.items() if facts.last_streams.get(name, life) != life
    ]
    if renewed and facts.resettable:
        return f"it streams from {renewed[0]}, which has begun anew"
    return None


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
