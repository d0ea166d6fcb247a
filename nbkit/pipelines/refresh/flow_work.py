"""What a kind of flow works with: one flow whose query was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


@dataclass(frozen=True, slots=True)
class FlowWork:
    """One flow that is run.

    Attributes:
        found: the streaming table, or the sink.
        flow: what feeds it.
        live: answers its query.
        rows: of the query; None for changes.
        place: its folder of state in this life of the table; a stream's checkpoint.
        generation: the life of the table.
        finished: waits for the end of a stream, and raises what it failed with.
    """

    found: AnalysedDataset
    flow: AnalysedFlow
    live: LiveInputs
    rows: DataFrame | None
    place: HadoopFolder
    generation: str
    finished: Callable[[Any], None]

    @property
    def application(self) -> str:
        """The name that a flow without checkpoint has in the log of its table."""
        return application_of(self.place)

    @property
    def queried(self) -> DataFrame:
        """The rows of the query of a flow that has one."""
        assert self.rows is not None
        return self.rows


def application_of(place: HadoopFolder) -> str:
    """Return the name that the transactions of a flow without checkpoint have in a table's log."""
    *_, generation, name = str(place).split("/")
    return f"{generation}-{name}"
