"""What an update would do with each dataset, and why: decided as in an update, and nothing done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import NbkitError
from nbkit.pipelines.refresh.plan import NOTHING, Offer
from nbkit.pipelines.refresh.refresher import Refresher
from nbkit.pipelines.refresh.strategies import ways
from nbkit.pipelines.tell.planning import planning_information

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.plan import Refresh, Refusal, Selection
    from nbkit.pipelines.refresh.strategies import Strategy
    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph


@dataclass(frozen=True, slots=True)
class Way:
    """What a way of refreshing has said of a dataset.

    Attributes:
        how: what records and events call it.
        words: what people read of it.
        technique: what Databricks calls it.
        fits: whether the dataset can be refreshed so.
        why: in words.
        seconds: about how long it would take; None where it does not fit.
        code: what Databricks calls what stands in its way.
        remedy: how to write the query so that it fits.
    """

    how: str
    words: str
    technique: str
    fits: bool
    why: str
    seconds: float | None = None
    code: str = ""
    remedy: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON; what there is nothing to say of is left out."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value not in {None, ""}}


@dataclass(frozen=True, slots=True)
class Explained:
    """What would become of a dataset.

    Attributes:
        name: what people call it.
        type: such as `materialized_view`.
        how: name of the way that it would be refreshed in; empty where it could not be.
        words: what people read of the way.
        why: in words; what it would fail with, where it could not be refreshed.
        seconds: about how long it would take; None where nobody knows.
        policy: its refresh policy.
        after: names of datasets that it reads, and that are refreshed before: what becomes of them
            decides anew.
        ways: what the others have said.
        planning_information: as the event log would have it; None for what is no view.
    """

    name: str
    type: str
    how: str
    words: str
    why: str
    seconds: float | None = None
    policy: str = "auto"
    after: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    planning_information: dict[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        told["after"] = list(self.after)
        told["ways"] = [each.as_data() for each in self.ways]
        return {name: value for name, value in told.items() if value is not None}

    def lines(self) -> Iterator[str]:
        """Yield what a person reads of it, the first line without indentation."""
        kind = self.type.replace("_", " ")
        if not self.how:
            yield f"{self.name} ({kind}): it could not be refreshed: {self.why}"
            return
        takes = "" if self.seconds is None else f", about {_seconds(self.seconds)}"
        yield f"{self.name} ({kind}): {self.words}{takes}: {self.why}"
        if self.policy != "auto":
            yield f"    its refresh policy is {self.policy.replace('_', ' ').upper()}"
        if self.after:
            names = ", ".join(self.after)
            yield (
                f"    as of now: {names}, which it reads, is refreshed before"
                if len(self.after) == 1
                else f"    as of now: {names}, which it reads, are refreshed before"
            )
        for each in self.ways:
            if each.fits:
                yield f"    {each.words}: it would take about {_seconds(each.seconds or 0)}"
                continue
            code = f" ({each.code})" if each.code else ""
            yield f"    not {each.words}: {each.why}{code}"
            if each.remedy:
                yield f"        {each.remedy}"


def explained(
    graph: PipelineGraph, spark: SparkSession, storage: HadoopFolder, selection: Selection
) -> tuple[Explained, ...]:
    """Return what an update would do with each dataset that it is about.

    Args:
        graph: the pipeline, free of errors.
        spark: the session.
        storage: where the pipeline keeps checkpoints and schemas.
        selection: what the update is about.
    """
    refresher = Refresher(graph, spark, storage)
    changing: set[str] = set()
    told = []
    for found in graph.stored():
        if found.key not in selection.refreshed:
            continue
        above = [key for key in graph.stored_parents(found.key) if key in changing]
        after = tuple(graph.naming.written(key) for key in above)
        each = _explained(refresher, graph, found, after, full=found.key in selection.full)
        told.append(each)
        if after or each.how != "unchanged":
            changing.add(found.key)
    return tuple(told)


def _explained(
    refresher: Refresher,
    graph: PipelineGraph,
    found: AnalysedDataset,
    after: tuple[str, ...],
    *,
    full: bool,
) -> Explained:
    kind, policy = found.kind, found.dataset.policy
    try:
        decision, facts = refresher.decided(found, full=full)
    except NbkitError as error:
        return Explained(found.name, kind, "", "", str(error), policy=policy, after=after)
    chosen = decision.said.get(decision.how)
    named = {key: graph.naming.written(key) for key in graph.datasets}
    planned = None
    if found.kind == "materialized_view":
        planned = planning_information(decision, facts, lambda name: named.get(name, name))
    return Explained(
        found.name,
        kind,
        decision.how,
        decision.words,
        decision.why,
        chosen.cost if isinstance(chosen, Offer) else None,
        policy,
        after,
        tuple(_others(decision, of_view=found.kind == "materialized_view")),
        planned,
    )


def _others(decision: Refresh, *, of_view: bool) -> Iterator[Way]:
    """Yield what the ways that were not taken have said, as far as they are of such a dataset."""
    for name, way in ways().items():
        said = decision.said.get(name)
        if said is None or name == decision.how or bool(way.technique) != of_view:
            continue
        if way.technique != NOTHING or not of_view:
            yield _said(way, said)


def _said(way: Strategy, said: Offer | Refusal) -> Way:
    if isinstance(said, Offer):
        return Way(way.name, way.words, way.technique, True, said.why, said.cost)
    return Way(
        way.name, way.words, way.technique, False, said.why, code=said.code, remedy=said.remedy
    )


def _seconds(number: float) -> str:
    return f"{number:.1f} s" if number < 10 else f"{number:,.0f} s"  # noqa: PLR2004
