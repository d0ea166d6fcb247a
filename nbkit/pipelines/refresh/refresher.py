"""Refresh one dataset, as the plan has decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.refresh import (
    by_changes,
    full_times,
    plan_parts,
    quarantine,
    sinks,
    snapshots,
    tables,
)
from nbkit.pipelines.refresh.attempt import NotThisTimeError
from nbkit.pipelines.refresh.failures import message_of
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.plan import (
    Facts,
    NotIncrementalError,
    Refusal,
    decide,
    why_not_left,
)
from nbkit.pipelines.refresh.quarantine import Quarantine
from nbkit.pipelines.refresh.source_changes import change_between
from nbkit.pipelines.refresh.strategies import ways
from nbkit.pipelines.refresh.streams import Streams
from nbkit.pipelines.refresh.tables import TableState
from nbkit.pipelines.refresh.work import Work
from nbkit.pipelines.resolve.rules import look_around
from nbkit.quality.splitting import aborted_by
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession

    from nbkit.pipelines.refresh.plan import Refresh
    from nbkit.pipelines.refresh.sinks import SinkState
    from nbkit.pipelines.refresh.source_changes import SourceChange
    from nbkit.pipelines.refresh.written import Written
    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph


class ExpectationViolatedError(UsageError):
    """A row failed an expectation that lets none pass; the target is as it was."""


class Refresher:
    """Refreshes datasets of one pipeline, each in a thread of its own.

    Args:
        graph: the pipeline.
        spark: the session that its queries are made in.
        storage: where it keeps checkpoints and schemas.
    """

    def __init__(self, graph: PipelineGraph, spark: SparkSession, storage: HadoopFolder) -> None:
        self._graph = graph
        self._spark = spark
        self._storage = storage
        self._owner = graph.spec.name
        stored = [each.key for each in graph.stored() if each.kind != "sink"]
        beside = [quarantine.key_of(key) for key in stored]
        self._known = tables.catalogued(spark, [*stored, *beside])
        self.streams = Streams(storage)
        self._ways = ways()
        self._tracked = Settings.of(graph.spec.root).pipelines.track_changes

    def decided(self, found: AnalysedDataset, *, full: bool) -> tuple[Refresh, Facts]:
        """Return how a dataset is to be refreshed, with the facts of this moment.

        Raises:
            UsageError: its table, or its quarantine, belongs to somebody else.
        """
        state: TableState | SinkState | None
        if found.kind == "sink":
            state = sinks.state_of(self.streams.folder(found.key))
        else:
            state = self._state(found.key)
            tables.check_owner(found.key, state, self._owner)
            quarantine.check_is_none(found.key, state)
            self._beside(found).check()
        facts = self._facts(found, state, full=full)
        if found.kind == "materialized_view" and why_not_left(facts):
            facts = self._more(found, facts)
        return decide(facts, tuple(self._ways.values())), facts

    def _more(self, found: AnalysedDataset, facts: Facts) -> Facts:
        """Add what helps to choose a way for a view that has to be refreshed."""
        last = full_times.of(self._storage, found.key)
        rules = [each.predicate for each in expectations_of(found.dataset.rules)]
        facts = replace(
            facts,
            rows=last.rows,
            full_seconds=last.seconds,
            others=last.others,
            rules_look_around=look_around(rules, found.flows[0].frame),
        )
        if by_changes.why_not(facts):
            return facts
        folders = {name: folder for folder, name in facts.places.items()}
        sizes = {
            name: snapshots.size_at(self._spark, folders.get(name, name))
            for name, version in facts.inputs.items()
            if ":" in version and not name.endswith(f"@{version}")  # a Delta table as it is now
        }
        counted = all(name in sizes or name.endswith(f"@{at}") for name, at in facts.inputs.items())
        changes = {
            name: replace(change, size=sizes.get(name)) for name, change in facts.changes.items()
        }
        facts = replace(
            facts,
            changes=changes,
            size=snapshots.size_of(self._spark, found.key, self._known.get(found.key)),
            read=sum(sizes.values()) if counted else None,
        )
        if by_changes.too_little(facts):  # nobody asks for its plan, which takes time to read
            return facts
        frame, folders_of = found.flows[0].frame, found.dataset.partition_by
        return replace(
            facts, query=plan_parts.query_of(frame, facts.places, partition_by=folders_of)
        )

    def refresh(self, found: AnalysedDataset, how: Refresh, facts: Facts) -> Written:
        """Bring a dataset up to date.

        Raises:
            ExpectationViolatedError: a row failed an expectation that lets none pass.
            Exception: whatever the query, or Spark, raises.
        """
        way, expectations = self._ways[how.how], expectations_of(found.dataset.rules)
        try:
            return way.carry_out(self._work(found, facts))
        except Exception as error:
            broken = aborted_by(error, expectations)
            if broken is None and way.incremental:
                return self._instead(found, how, facts, error)
            if broken is None:
                raise
            raise ExpectationViolatedError(
                f"{found.name}: a row fails the expectation {broken.name!r} ({broken.rule}); "
                "nothing of it was written"
            ) from error

    def _instead(
        self, found: AnalysedDataset, how: Refresh, facts: Facts, error: Exception
    ) -> Written:
        """Replace all rows of a view, after a way that goes by what has changed did not work.

        Raises:
            NotIncrementalError: the view's policy does not let that be done.
        """
        refused = error.refusal if isinstance(error, NotThisTimeError) else None
        refused = refused or Refusal(message_of(error))
        if facts.policy == "incremental_strict":
            said = "its refresh policy is INCREMENTAL STRICT, and that did not work"
            raise NotIncrementalError(f"{said}: {refused.why}") from error
        others = [way for way in self._ways.values() if not way.incremental]
        _, now = self.decided(found, full=facts.full)
        again = decide(now, others)
        why = f"{how.words}: not this time, since {refused.why}"
        written = self.refresh(found, again, now)
        every = {**how.said, **again.said, how.how: refused}
        written.instead = replace(again, why=why, said=every)
        return written

    def _work(self, found: AnalysedDataset, facts: Facts) -> Work:
        return Work(
            found,
            facts,
            self._graph,
            self._spark,
            self._storage,
            self.streams,
            None if found.kind == "sink" else self._state(found.key),
            lambda: self._beside(found),
            self._tracked,
        )

    def _facts(
        self, found: AnalysedDataset, state: TableState | SinkState | None, *, full: bool
    ) -> Facts:
        parents = {key: self._state(key) for key in self._graph.stored_parents(found.key)}
        views = [*self._flows_with_views(found.key)]
        unknown = dict.fromkeys(why for flow in views for why in flow.inputs.unknown)
        versions = {key: parent.version for key, parent in parents.items() if parent is not None}
        inputs = dict(versions)
        for flow in views:
            inputs |= flow.inputs.tables
        streams = {key for flow in views for key in flow.inputs.streams}
        lives = {
            key: parent.generation
            for key, parent in parents.items()
            if parent is not None and key in streams and parent.generation
        }
        record: Mapping[str, Any] = state.record if state else {}
        number = state.number if isinstance(state, TableState) else None
        last_inputs = record.get("inputs", {})
        changes = {} if full else self._changes(inputs, last_inputs, parents)
        rules = expectations_of(found.dataset.rules)
        allowed = str(found.dataset.properties.get("pipelines.reset.allowed", "true")).lower()
        return Facts(
            found.kind,
            exists=state is not None,
            number=number,
            definition=found.flows[0].definition if found.flows else "",
            inputs=inputs,
            unknown=tuple(unknown),
            generation=state.generation if state else "",
            streams=lives,
            active=None if state is None or full else self._active(found, state, versions),
            last_definition=record.get("definition", ""),
            last_inputs=last_inputs,
            last_streams=record.get("streams", {}),
            changes=changes,
            touched=number != record.get("number", number),
            apart=found.kind == "materialized_view" and self._beside(found).is_apart(record),
            full=full,
            resettable=allowed != "false",
            policy=found.dataset.policy,
            places={parent.path: key for key, parent in parents.items() if parent is not None},
            rules=frozenset(each.action for each in rules),
            counted_views=tuple(self._counted_views(found.key)),
        )

    def _changes(
        self,
        inputs: Mapping[str, str],
        last: Mapping[str, str],
        parents: Mapping[str, TableState | None],
    ) -> dict[str, SourceChange]:
        """Return what became of the inputs that have another version than at the last refresh."""
        found = {}
        for name, version in inputs.items():
            if name in last and last[name] != version:
                parent = parents.get(name)
                path = parent.path if parent else name
                folder = HadoopFolder(self._spark, f"{path}/_delta_log")
                change = change_between(folder, last[name], version)
                if change.kind == "changed":
                    change = replace(change, feed=snapshots.has_feed_at(self._spark, path))
                found[name] = change
        return found

    def _counted_views(self, key: str) -> Iterator[str]:
        """Yield the views with expectations that a dataset reads."""
        for parent in self._graph.datasets[key].parents:
            known = self._graph.datasets.get(parent)
            if known is not None and known.kind == "temporary_view":
                if known.dataset.rules:
                    yield known.name
                yield from self._counted_views(parent)

    def _active(
        self,
        found: AnalysedDataset,
        state: TableState | SinkState,
        versions: Mapping[str, str],
    ) -> tuple[str, ...] | None:
        """Return the flows into a streaming table, or a sink, that may have something to add."""
        if found.kind == "materialized_view":
            return None
        return tuple(
            each.flow.name
            for each in found.flows
            if not self.streams.is_idle(found, each, state.generation, versions)
        )

    def _flows_with_views(self, key: str) -> Iterator[Any]:
        """Yield the flows of a dataset, and those of the views that they read."""
        for flow in self._graph.datasets[key].flows:
            yield flow
            for parent in flow.inputs.datasets:
                known = self._graph.datasets.get(parent)
                if known is not None and known.kind == "temporary_view" and parent != key:
                    yield from self._flows_with_views(parent)

    def _state(self, key: str) -> TableState | None:
        return tables.state_of(self._spark, key, self._known.get(key))

    def _beside(self, found: AnalysedDataset) -> Quarantine:
        key = quarantine.key_of(found.key)
        looked = quarantine.is_wanted(found.dataset) or key in self._known
        state = self._state(key) if looked else None
        return Quarantine(self._spark, found, self._owner, state)
