"""How rows fit the columns of a table: each value exactly, or not at all.

A column that the table lacks is added to it. Where types differ, a value is taken if the table's
type holds just that value; a table with Delta's type widening gets the wider type. What else comes
is refused before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.exact import exact_types, exact_values
from nbkit.pipelines.refresh import snapshots, tables
from nbkit.pipelines.resolve.cdc_columns import OURS, column
from nbkit.pipelines.resolve.names import quoted
from nbkit.pipelines.resolve.stand_ins import no_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

WIDENING = "delta.enableTypeWidening"
"""Property of a table whose columns may get wider types."""
READS_WIDER = "spark.databricks.delta.typeWidening.bypassStreamingTypeChangeCheck"
"""Lets a stream read a table with a type that was widened as it is now, old rows included."""
_IDENTITY = "delta.identity.start"
_OF_PIPELINE = "pipelines.enableTypeWidening"
_AUTOMATIC = "spark.databricks.delta.typeWidening.allowAutomaticWidening"


@dataclass(frozen=True, slots=True)
class Fit:
    """Rows as a table takes them.

    Attributes:
        rows: with the table's types, and its spelling of names.
        columns: what the table has then.
        grows: whether it has not yet.
        losses: by column, says of a row as it came whether its value would not be the same.
    """

    rows: DataFrame
    columns: StructType
    grows: bool
    losses: Mapping[str, Column]


def fit(
    rows: DataFrame, table: DataFrame, *, widens: bool, also: Mapping[str, str] | None = None
) -> Fit:
    """Return how rows fit a table.

    Args:
        rows: what comes.
        table: where it goes.
        widens: whether the table's types may be widened.
        also: nbkit's own columns that have to fit one of the table's: its name by theirs.

    Raises:
        UsageError: a column's type cannot become the table's.
    """
    from pyspark.sql.types import StructField, StructType

    have = {field.name.lower(): field for field in table.schema}
    columns = dict(have)
    picked: list[Column] = []
    losses: dict[str, Column] = {}
    for field in rows.schema:
        value, name = column(field.name), field.name
        wanted = (also or {}).get(name, name)
        if wanted.startswith(OURS):
            picked.append(value)
            continue
        known = have.get(wanted.lower())
        if known is None:
            columns[name.lower()] = StructField(name, field.dataType)
            picked.append(value)
            continue
        kind = exact_types.together(known.dataType, field.dataType, wanted, widens=widens)
        columns[wanted.lower()] = StructField(known.name, kind, known.nullable, known.metadata)
        spelled = known.name if wanted == name else name
        picked.append(exact_values.converted(value, field.dataType, kind).alias(spelled))
        lost = exact_values.loses(value, field.dataType, kind)
        if lost is not None:
            losses[name] = lost
    shape = StructType(list(columns.values()))
    grows = any(
        each.name.lower() not in have or have[each.name.lower()].dataType != each.dataType
        for each in shape
    )
    return Fit(rows.select(*picked), shape, grows, losses)


def widens(spark: SparkSession, key: str) -> bool:
    """Say whether the types of a table's columns may become wider: it says so, or its pipeline."""
    said = _properties(spark, key).get(WIDENING) or spark.conf.get(_OF_PIPELINE, "")
    return str(said).lower() == "true"


def grow(spark: SparkSession, key: str, columns: StructType) -> None:
    """Give a table columns, and types, that it has not yet: a commit without rows."""
    from pyspark.sql.types import StructType

    if widens(spark, key):
        _let_widen(spark, key)
    spark.conf.set(_AUTOMATIC, "always")  # the session is a flow's own
    given = StructType([each for each in columns if _IDENTITY not in (each.metadata or {})])
    writer = no_rows(spark, given).write.format("delta").mode("append")
    writer.option("mergeSchema", "true").saveAsTable(quoted(key))


def _let_widen(spark: SparkSession, key: str) -> None:
    """Let Delta widen the types of a table, where that was said of the whole pipeline."""
    if WIDENING not in _properties(spark, key):
        spark.sql(f"ALTER TABLE {quoted(key)} SET TBLPROPERTIES ('{WIDENING}' = 'true')")


def grown(rows: DataFrame, key: str) -> DataFrame:
    """Return rows that fit a table, which has all their columns then.

    Raises:
        UsageError: a value may not be the same there.
    """
    session = rows.sparkSession
    found = fit(rows, session.read.table(quoted(key)), widens=widens(session, key))
    if found.losses:
        names = ", ".join(found.losses)
        raise UsageError(f"the types of {names} are not the table's: cast them in the query")
    if found.grows:
        grow(session, key, found.columns)
    return found.rows


def in_types(rows: DataFrame, key: str) -> DataFrame:
    """Return a stream's rows with the types of a table, to which the writer adds what it lacks.

    A value that is another one there ends the query.

    Raises:
        UsageError: values would be changed by that.
    """
    spark = rows.sparkSession
    there = snapshots.columns_of(spark, key)
    if widens(spark, key):
        there = exact_types.widened(there, rows.schema)
        _let_widen(spark, key)
    exact_types.check(rows.schema, there, "its table", "or refresh the table in full")
    return exact_values.fitted(rows, there)


def check_losses(found: Mapping[str, Any], fitted: Fit, rows: DataFrame) -> None:
    """Refuse rows of which a value would not be the same in the table.

    Args:
        found: by column, an example of a value that does not fit; None where there is none.
        fitted: how they fit.
        rows: as they came.

    Raises:
        UsageError: it names the columns.
    """
    come = {field.name: field.dataType.simpleString() for field in rows.schema}
    wanted = {field.name.lower(): field.dataType.simpleString() for field in fitted.columns}
    said = [
        f"{name.removeprefix(OURS)} is {come[name]} and holds {example}, which the table's "
        f"{wanted.get(name.lower(), 'type')} has not"
        for name, example in found.items()
        if example is not None
    ]
    if said:
        raise UsageError(
            f"a value does not fit its column, and nothing was written: "
            f"{'; '.join(said)}; a full refresh begins with the new types, and {WIDENING} = true "
            "among the table's properties lets them grow"
        )


def _properties(spark: SparkSession, key: str) -> dict[str, str]:
    state = tables.state_of(spark, key)
    return dict(state.properties) if state is not None else {}
