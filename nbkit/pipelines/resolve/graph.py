"""A pipeline that was analysed: what depends on what, and what each dataset is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbkit.errors import Problem
    from nbkit.pipelines.declare.declarations import Dataset, Flow, Kind
    from nbkit.pipelines.declare.spec import Spec
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.resolve.names import Naming

STORED = frozenset({"materialized_view", "streaming_table"})
"""Kinds of datasets that are tables."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a query depends on, besides its own text.

    Attributes:
        datasets: keys of the pipeline's datasets that it reads, views and what they read included.
        streams: those of them that it reads as streams.
        tables: Delta tables outside of the pipeline → their identity and version.
        unknown: what else it depends on, in words; then nobody knows whether it has changed.
    """

    datasets: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysedFlow:
    """A flow whose query was resolved.

    Attributes:
        flow: as declared.
        target: key of what it writes to.
        streaming: whether its query is.
        inputs: what it reads.
        definition: a digest of the resolved query: the same as long as it means the same.
        frame: the resolved query itself, over stand-ins: it is asked, and never run.
    """

    flow: Flow
    target: str
    streaming: bool
    inputs: Inputs
    definition: str
    frame: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnalysedDataset:
    """A dataset with its columns.

    Attributes:
        key: `schema.name` in lower case; what the graph knows it by.
        dataset: as declared.
        kind: what it is, now that its query is known.
        columns: a `StructType`; None for a sink.
        flows: what feeds it.
        written: its whole name as people have it; the key unless it lies in a catalog.
    """

    key: str
    dataset: Dataset
    kind: Kind
    columns: Any
    flows: tuple[AnalysedFlow, ...]
    written: str

    @property
    def parents(self) -> tuple[str, ...]:
        """Keys of the datasets that have to be there first."""
        found = (key for flow in self.flows for key in flow.inputs.datasets if key != self.key)
        return tuple(dict.fromkeys(found))

    @property
    def name(self) -> str:
        """What people call it: views have no schema."""
        if self.kind in {"temporary_view", "sink"}:
            return self.key.partition(".")[2]
        return self.written


@dataclass(frozen=True, slots=True)
class BrokenDataset:
    """A dataset that could not be resolved.

    Attributes:
        key: `schema.name` in lower case.
        dataset: as declared.
        reason: what is wrong with it, or which of those that it reads is broken.
        parents: keys of the datasets that it was seen to read.
    """

    key: str
    dataset: Dataset
    reason: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineGraph:
    """A pipeline, resolved.

    Attributes:
        spec: its settings.
        naming: where names without a schema belong.
        datasets: by key, each after all that it reads.
        problems: what is wrong; with an error among them, nothing can run.
        schemas: where updates keep the schemas of files, if there is such a place yet.
        broken: by key, what could not be resolved.
    """

    spec: Spec
    naming: Naming
    datasets: Mapping[str, AnalysedDataset]
    problems: tuple[Problem, ...] = ()
    schemas: HadoopFolder | None = None
    broken: Mapping[str, BrokenDataset] = field(default_factory=dict)

    @property
    def runnable(self) -> bool:
        """Whether nothing is wrong with it."""
        return not any(problem.severity == "error" for problem in self.problems)

    def stored(self) -> Iterator[AnalysedDataset]:
        """Yield what is refreshed: tables and sinks, in order."""
        yield from (each for each in self.datasets.values() if each.kind != "temporary_view")

    def stored_parents(self, key: str) -> tuple[str, ...]:
        """Return the tables that a dataset reads, through views too."""
        found: dict[str, None] = {}
        for parent in self.datasets[key].parents:
            known = self.datasets.get(parent)
            if known is not None and known.kind == "temporary_view":
                found.update(dict.fromkeys(self.stored_parents(parent)))
            else:
                found.setdefault(parent)
        return tuple(each for each in found if each != key)

    def below(self, keys: frozenset[str]) -> frozenset[str]:
        """Return everything that reads one of `keys`, directly or not."""
        reached = set(keys)
        for each in self.datasets.values():  # parents come first
            if reached.intersection(each.parents):
                reached.add(each.key)
        return frozenset(reached - keys)
