"""One attempt to bring a view up to date by what has changed: what is read, and since when.

What is proved is proved again here, about the query as it will run. Whatever does not fit ends the
attempt before anything is written; then all rows are replaced.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.errors import NbkitError
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.refresh import by_changes, plan_parts, snapshots
from nbkit.pipelines.refresh.partial_writes import Target
from nbkit.pipelines.refresh.pinned import pinned
from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.source_changes import change_between
from nbkit.pipelines.resolve.identity import identity_of
from nbkit.pipelines.resolve.query_plan import delta_files, leaves, read_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.refresh.pinned import Pinned
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.refresh.source_changes import SourceChange
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.resolve.identity import Identity


_LENIENT = ("spark.sql.files.ignoreMissingFiles", "spark.sql.files.ignoreCorruptFiles")
"""Settings by which changes whose files are gone would be passed over in silence."""


class NotThisTimeError(NbkitError):
    """A view is not brought up to date by what has changed, this time.

    Attributes:
        refusal: why.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Changed:
    """An input whose rows are others than at the last refresh.

    Attributes:
        log: Delta's log of it.
        first: the first version that is new.
        last: the version that is read.
        told: what its log tells of the commits in between.
        feed: whether it has a change feed.
    """

    log: Any
    first: int
    last: int
    told: SourceChange
    feed: bool

    def rows(self, session: Any) -> DataFrame:
        """Return what has changed: rows with what became of them in `_change_type`.

        Without a change feed only rows that were added can be told, from their files.
        """
        from pyspark.sql import DataFrame

        jvm = session._jvm  # noqa: SLF001 - Delta has no Python API for tables without a feed
        reader = getattr(jvm.org.apache.spark.sql.delta.commands.cdc, "CDCReader$")
        nothing = jvm.scala.Option.empty()
        java = session._jsparkSession  # noqa: SLF001
        asked = (self.log, self.first, self.last, java, nothing, nothing, not self.feed, nothing)
        return DataFrame(getattr(reader, "MODULE$").changesToBatchDF(*asked), session)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A view's query, at the versions that it is brought up to.

    Attributes:
        work: the view.
        live: what answers its query.
        read: the versions that are read.
        rows: its rows, with the declared columns.
        query: as proofs look at it.
        changed: by name: the inputs that have changed.
        digest: of what the query means as it runs.
        refresh: a name for what is made here.
    """

    work: Work
    live: LiveInputs
    read: Pinned
    rows: DataFrame
    query: Query
    changed: Mapping[str, Changed]
    digest: str
    refresh: str = field(default_factory=lambda: uuid.uuid4().hex)

    def changes(self, name: str) -> DataFrame:
        """Return what has changed in an input."""
        return self.changed[name].rows(self.live.session)

    def record(self) -> dict[str, Any]:
        """Return what the refresh notes in its commit."""
        facts = self.work.facts
        return {
            **(self.work.state.record if self.work.state else {}),
            "definition": facts.definition,
            "inputs": self.read.of(facts.inputs),
            "number": self.number,
            "query": self.digest,
            "refresh": self.refresh,
        }

    @property
    def target(self) -> Target:
        """The view's table, for what is made here."""
        assert self.work.state is not None
        return Target(self.work.state.path, self.record(), self.number)

    @property
    def number(self) -> int:
        """The version of the table that the refresh makes."""
        return 0 if self.work.facts.number is None else self.work.facts.number + 1


@contextmanager
def attempted(work: Work) -> Iterator[Attempt]:
    """Make a view's query, and look what has changed since its last refresh.

    Raises:
        NotThisTimeError: it cannot be told, or the query is another one than it was.
    """
    live = work.live(work.found.flows[0].flow)
    try:
        made = live.frame(work.found.flows[0].flow)
        identity = identity_of(made)
        _check(work, identity)
        for lenient in _LENIENT:
            live.session.conf.set(lenient, "false")
        read = pinned(made)
        rows = work.shaped(read.rows, work.found)
        by = work.found.dataset.partition_by
        query = plan_parts.query_of(rows, work.facts.places, made, partition_by=by)
        changed = _changed(work, read, made)
        yield Attempt(work, live, read, rows, query, changed, identity.digest)
    finally:
        live.close()


def _check(work: Work, identity: Identity) -> None:
    """See that a query, as it runs, is one that can go by what has changed.

    Raises:
        NotThisTimeError: it is not.
    """
    if identity.collated:
        said = "it has text under a collation, of which different values may be equal"
        raise NotThisTimeError(Refusal(said, "EXPRESSION_NOT_INCREMENTALIZABLE"))
    if identity.unknown:
        raise NotThisTimeError(Refusal(identity.unknown[0], "EXPRESSION_NOT_DETERMINISTIC"))
    noted = work.state.record.get("query") if work.state else None
    if noted != identity.digest:
        said = "its query is another one than at its last refresh"
        raise NotThisTimeError(Refusal(said, "QUERY_CHANGED"))


def _check_files(work: Work, leaf: Any) -> None:
    """See that files which are no Delta table are those of the last refresh."""
    where, version = read_by(leaf) or ("", "")
    if work.facts.last_inputs.get(where, "") != version:
        raise NotThisTimeError(by_changes.rewritten(where))


def _changed(work: Work, read: Pinned, made: DataFrame) -> dict[str, Changed]:
    """Return the inputs that have changed since the last refresh."""
    found: dict[str, Changed] = {}
    facts = work.facts
    for leaf in leaves(plan_parts.plan_of(made)):
        files = delta_files(leaf)
        if files is None or files.isTimeTravelQuery():
            _check_files(work, leaf)
            continue
        path = str(files.path())
        if not files.partitionFilters().isEmpty():
            raise NotThisTimeError(Refusal(f"it reads some partitions of {path} by their folder"))
        name = facts.places.get(path, path)
        before, now = facts.last_inputs.get(name, ""), read.versions.get(path, "")
        if name in found or before == now:
            continue
        log = files.deltaLog()
        folder = HadoopFolder(work.spark, str(log.logPath()))
        told = change_between(folder, before, now)
        if told.kind == "none":
            continue
        if told.kind == "unknown":
            raise NotThisTimeError(by_changes.rewritten(name))
        feed = snapshots.has_feed(files.getSnapshot())
        first, last = (int(each.rpartition(":")[2]) for each in (before, now))
        found[name] = Changed(log, first + 1, last, told, feed)
    return found
