"""AUTO CDC: which columns of the changes become columns of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Changes

START, END = "__START_AT", "__END_AT"
"""What SCD type 2 adds: from when a version was the newest one, and until when."""


def read_changes(spark: SparkSession, changes: Changes) -> DataFrame:
    """Return the changes as a stream, or the present snapshot.

    Raises:
        UsageError: a function of snapshots has none to begin with.
    """
    if not changes.snapshots:
        return spark.readStream.table(changes.source)
    if isinstance(changes.source, str):
        return spark.read.table(changes.source)
    found = changes.source(None)
    if found is None:
        raise UsageError("the function of snapshots returns none; declare the table's schema")
    return found[0]


def cdc_columns(spark: SparkSession, changes: Changes) -> DataFrame:
    """Return changes as the table will have them: its columns, and for type 2 their validity.

    It stands for what is made of the changes, and is never run: it says which columns there are,
    and what each of them comes from.

    Raises:
        UsageError: a column that is named does not exist.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    source = read_changes(spark, changes)
    sequence = None if changes.sequence_by is None else expression(changes.sequence_by)
    names_of(source, changes.history or changes.except_history or ())
    rows = source
    for condition in (changes.deletes, changes.truncates):
        if condition is not None:
            rows = rows.where(~expression(condition))
    if sequence is not None:
        rows = rows.sort(sequence)
    rows = rows.dropDuplicates(names_of(source, changes.keys))
    columns = [F.col(f"`{name}`") for name in kept(source, changes)]
    if changes.scd_type == 1:
        return rows.select(*columns)
    when = F.when(F.lit(False), sequence if sequence is not None else _when(changes))
    return rows.select(*columns, when.alias(START), when.alias(END))


def kept(source: DataFrame, changes: Changes) -> list[str]:
    """Return the names of the columns that a table takes from its changes."""
    if changes.columns is not None:
        return names_of(source, changes.columns)
    left_out = {name.lower() for name in names_of(source, changes.except_columns or ())}
    return [name for name in source.columns if name.lower() not in left_out]


def tracked(columns: Sequence[str], changes: Changes) -> list[str]:
    """Return the columns whose change begins a new version."""
    keys = {name_of(key).lower() for key in changes.keys}
    if changes.history is not None:
        wanted = {name_of(each).lower() for each in changes.history}
        return [name for name in columns if name.lower() in wanted]
    others = {name_of(each).lower() for each in changes.except_history or ()}
    return [name for name in columns if name.lower() not in others | keys]


def filled(columns: Sequence[str], changes: Changes) -> list[str]:
    """Return the columns that a null in a change leaves as they were."""
    if not changes.ignore_nulls:
        return []
    keys = {name_of(key).lower() for key in changes.keys}
    others = {name_of(each).lower() for each in changes.except_null_columns or ()} | keys
    if changes.null_columns is None:
        return [name for name in columns if name.lower() not in others]
    wanted = {name_of(each).lower() for each in changes.null_columns}
    return [name for name in columns if name.lower() in wanted - keys]


def names_of(source: DataFrame, columns: Sequence[Any]) -> list[str]:
    """Return the names of columns, as the source spells them.

    Raises:
        UsageError: there is no such column.
    """
    known = {name.lower(): name for name in source.columns}
    found = []
    for column in columns:
        name = name_of(column)
        if name.lower() not in known:
            raise UsageError(f"the changes have no column {name}{hint(name, source.columns)}")
        found.append(known[name.lower()])
    return found


def name_of(column: Any) -> str:
    """Return the name of a column that is given as text or as a PySpark column."""
    if isinstance(column, str):
        return column.strip("`")
    return str(column._jc.toString()).strip("`")  # noqa: SLF001 - PySpark has no other way


def expression(given: Any) -> Column:
    """Return a PySpark column of what is given as one, or as SQL text."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.expr(given) if isinstance(given, str) else given


def _when(changes: Changes) -> Column:
    """Return what orders snapshots: their version, or the time of the update."""
    from pyspark.sql import functions as F  # noqa: N812

    if isinstance(changes.source, str):
        return F.current_timestamp()
    found = changes.source(None)
    version = found[1] if found else 0
    return F.lit(version)
