"""What a pipeline's source code declares: datasets, flows, expectations, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import Column, DataFrame, SparkSession

    Condition = str | Column

Kind = Literal["table", "materialized_view", "streaming_table", "temporary_view", "sink"]
"""`table` is one of the next two: its query says which, by being streaming or not."""

Action = Literal["warn", "drop", "fail", "quarantine"]

Policy = Literal["auto", "incremental", "incremental_strict", "full"]
"""How a materialized view is refreshed: as is cheaper; incrementally where that is possible; so,
or not at all; always in full (`REFRESH POLICY` on Databricks)."""

POLICIES: tuple[Policy, ...] = get_args(Policy)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the sources something is declared.

    Attributes:
        file: as people read it.
        line: from 1; 0 if nobody knows.
        cell: id of the notebook's cell, where a frontend tells it.
        in_cell: whether `file` is no file, but names a cell of this kernel.
    """

    file: str
    line: int = 0
    cell: str = field(default="", compare=False)
    in_cell: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """Return it as people and editors read it."""
        line = f"{', line ' if self.in_cell else ':'}{self.line}" if self.line else ""
        return f"{self.file}{line}"


@dataclass(frozen=True, slots=True)
class Rule:
    """An expectation: a condition that every row should meet.

    Attributes:
        name: unique in its dataset.
        condition: over the dataset's columns: in SQL, or a PySpark column until it is resolved.
        action: what becomes of rows that do not meet it; `quarantine` is nbkit's own.
    """

    name: str
    condition: Any
    action: Action


@dataclass(frozen=True, slots=True)
class Dataset:
    """Something that flows write to, or that queries read.

    Attributes:
        name: as the author writes it.
        kind: what it is.
        place: where it is declared.
        comment: what people read about it in the catalog.
        properties: table properties.
        partition_by, cluster_by: columns.
        schema: a `StructType`, or DDL text; None for the query's own.
        path: folder of an external table; empty for a managed one.
        source_format: of a table (`delta`, or nothing) or a sink.
        options: of a sink.
        handler: of a sink: the function that takes each batch, instead of a format.
        rules: expectations, in the order in which they are written.
        ignored: keywords that mean something on Databricks only.
        policy: how a materialized view is refreshed.
        appends_only: whether only flows that append may write to it: `CREATE TABLE … FLOW`.
    """

    name: str
    kind: Kind
    place: Place
    comment: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    schema: Any = None
    path: str = ""
    source_format: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    handler: Callable[[DataFrame, int], object] | None = None
    rules: tuple[Rule, ...] = ()
    ignored: tuple[str, ...] = ()
    policy: Policy = "auto"
    appends_only: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """How rows of a change feed, or of snapshots, become rows of a table: AUTO CDC.

    Column expressions are PySpark columns or SQL text.

    Attributes:
        source: name of the change feed, or a query of it; for snapshots also a function of the
            last version.
        keys: columns that identify a row.
        sequence_by: orders the changes of one key; None for snapshots.
        scd_type: 1 keeps the newest row of each key, 2 every version of it.
        deletes, truncates: conditions on a change; None for never.
        columns, except_columns: which of the source's columns the table has; None for all.
        history, except_history: columns whose change begins a new version; None for all.
        ignore_nulls: whether a null in a change leaves the column as it was.
        null_columns, except_null_columns: the columns for which it does; None for all.
        snapshots: whether the source is snapshots, not changes.
    """

    source: Any
    keys: tuple[Any, ...]
    sequence_by: Any = None
    scd_type: Literal[1, 2] = 1
    deletes: Any = None
    truncates: Any = None
    columns: tuple[Any, ...] | None = None
    except_columns: tuple[Any, ...] | None = None
    history: tuple[Any, ...] | None = None
    except_history: tuple[Any, ...] | None = None
    ignore_nulls: bool = False
    null_columns: tuple[Any, ...] | None = None
    except_null_columns: tuple[Any, ...] | None = None
    snapshots: bool = False


@dataclass(frozen=True, slots=True)
class Replaces:
    """Which rows of a table make room for those of a flow: either `where`, or `using`.

    Attributes:
        where: a condition in SQL, or a PySpark column: the rows that meet it are computed anew.
        using: columns: the rows with the same values in them are replaced by those that come.
        sequence_by: a column that says which rows are newer; for `using`.
    """

    where: Any = None
    using: tuple[Any, ...] = ()
    sequence_by: Any = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A query that feeds a dataset.

    Attributes:
        name: unique in the pipeline; a dataset's own flow has its name.
        target: the dataset's name as the author writes it.
        place: where it is declared.
        query: returns the rows; None where `changes` says what to do.
        conf: Spark settings for this flow alone.
        once: whether it runs in the first update and in full refreshes only.
        changes: for AUTO CDC.
        replaces: which rows make room for the new ones; None to append.
        home: the session with what its source has defined; None for that of the process.
    """

    name: str
    target: str
    place: Place
    query: Callable[[], DataFrame] | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    changes: Changes | None = None
    replaces: Replaces | None = None
    home: SparkSession | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Declared:
    """Everything that the sources declare, in their order."""

    datasets: tuple[Dataset, ...] = ()
    flows: tuple[Flow, ...] = ()
