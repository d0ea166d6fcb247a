"""Whether flows whose rows replace others can do so, and what their conditions mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.dialect.tokens import Edit, edited, starts, tokens
from nbkit.errors import UsageError
from nbkit.pipelines.resolve.cdc_columns import names_of, sequence_of
from nbkit.pipelines.resolve.stand_ins import no_rows
from nbkit.pipelines.scala import java_class

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Dataset, Kind, Replaces
    from nbkit.pipelines.resolve.graph import AnalysedFlow


def check_replacing(dataset: Dataset, kind: Kind, flows: Sequence[AnalysedFlow]) -> None:
    """Check the flows of a dataset that replace rows.

    Raises:
        UsageError: one cannot.
    """
    for each in flows:
        replaces = each.flow.replaces
        if replaces is None:
            continue
        name = each.flow.name
        if kind != "streaming_table":
            raise UsageError(f"flow {name} replaces rows: its target is a streaming table")
        if replaces.using:
            _check_using(dataset, each, replaces)
            continue
        if len(flows) > 1:
            said = "REPLACE WHERE takes whatever meets its condition out of its table"
            raise UsageError(f"{said}: {dataset.name} cannot have other flows beside {name}")
        if each.streaming:
            raise UsageError(f"flow {name} is a stream: REPLACE WHERE computes rows anew")
        if any(rule.action == "quarantine" for rule in dataset.rules):
            raise UsageError(f"{dataset.name}: rows that are replaced have no quarantine")
        _check_condition(replaces.where, each.frame)


def _check_using(dataset: Dataset, each: AnalysedFlow, replaces: Replaces) -> None:
    from pyspark.sql.types import MapType, VariantType

    if not each.streaming:
        raise UsageError(f"flow {each.flow.name} is not a stream: REPLACE USING takes nothing else")
    if dataset.rules:
        raise UsageError(f"{dataset.name}: put its expectations on the view that it reads")
    names = names_of(each.frame, replaces.using)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"REPLACE USING names column {twice} twice")
    for name in names:
        kind = each.frame.schema[name].dataType
        if isinstance(kind, MapType | VariantType):
            said = f"nothing compares a {kind.simpleString()}"
            raise UsageError(f"REPLACE USING cannot go by column {name}: {said}")
    each.frame.select(sequence_of(each.frame, replaces.sequence_by))


def condition_of(where: Any, rows: DataFrame) -> str:
    """Return the condition of `REPLACE WHERE` as SQL text on the table's columns.

    Times are those of this moment, so that the rows that go and those that come are of the same.

    Args:
        where: SQL text, which may have the names of the query's sources, or a PySpark column.
        rows: the query.

    Raises:
        UsageError: the condition says something else the second time, or has a subquery.
        AnalysisException: it cannot be resolved on the columns of the query.
    """
    from pyspark.errors import AnalysisException

    table = no_rows(rows.sparkSession, rows.schema)
    try:
        plan = _filter(table, where)
    except AnalysisException:
        short = _unqualified(where, rows)
        if short == where:
            raise
        where, plan = short, _filter(table, short)
    if plan.subqueriesAll().size():
        raise UsageError("REPLACE WHERE has a subquery, which Delta's replaceWhere does not take")
    if not plan.condition().deterministic():
        raise UsageError("REPLACE WHERE has to say the same of a row twice, and does not")
    now = rows.sparkSession._jvm.org.apache.spark.sql.catalyst.optimizer.ComputeCurrentTime  # noqa: SLF001
    settled = now.apply(plan)
    if isinstance(where, str) and settled.condition().fastEquals(plan.condition()):
        return where
    return str(settled.condition().sql())


def _filter(rows: DataFrame, where: Any) -> Any:
    return rows.where(where)._jdf.queryExecution().analyzed()  # noqa: SLF001 - no other way


def _check_condition(where: Any, rows: DataFrame) -> None:
    """Check a condition, and that it means columns of the query where it has names of sources.

    Raises:
        UsageError: it cannot be resolved, or means others.
    """
    from pyspark.errors import AnalysisException

    try:
        condition_of(where, rows)
        _check_names(where, rows)
    except AnalysisException as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"REPLACE WHERE {where}: {said}") from None


def _check_names(where: Any, rows: DataFrame) -> None:
    """See that `f.date` means the column `date` of the query."""
    short = _unqualified(where, rows)
    if short is where or short == where:
        return
    plans = [_filter(rows, each) for each in (where, short)]
    filters = all(java_class(plan) == "Filter" for plan in plans)  # else of columns further down
    said = [plan.condition().canonicalized() for plan in plans] if filters else []
    if not said or not said[0].equals(said[1]):
        raise UsageError(f"REPLACE WHERE {where}: it has to ask for columns that the table has")


def _unqualified(where: Any, rows: DataFrame) -> Any:
    """Return a condition without the names of sources; one that has none as it is."""
    if not isinstance(where, str):
        return where
    return edited(where, _qualifiers(where, {name.lower() for name in rows.columns}))


def _qualifiers(text: str, columns: Collection[str]) -> list[Edit]:
    """Return what to cut, so that only the columns' own names are left."""
    found = tokens(text)
    names = {"word", "name"}
    return [
        Edit(token.start, found[at + 2].start, "")
        for at, token in enumerate(found[:-2])
        if token.kind in names
        and starts(found, at + 1, ".")
        and found[at + 2].kind in names
        and not (at and starts(found, at - 1, "."))
        and not starts(found, at + 3, "(")
        and token.value.lower() not in columns
    ]
