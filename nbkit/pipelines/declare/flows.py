"""Flows as pipeline code declares them: queries that append rows to a table, or replace some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.declare.arguments import mapping, name_of, text
from nbkit.pipelines.declare.declarations import Flow, Replaces
from nbkit.pipelines.declare.registry import active, caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame

    Query = Callable[[], DataFrame]


def append_flow(
    query: Query | None = None,
    *,
    target: str,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    once: bool = False,
    replace_where: Any = None,
    replace_using: Sequence[Any] | None = None,
    sequence_by: Any = None,
) -> Any:
    """Declare a query whose rows are appended to a streaming table or a sink.

    With `replace_where` the rows that meet that condition are computed anew in every update; with
    `replace_using` rows replace those with the same values in these columns, if `sequence_by`
    says that they are newer.

    Raises:
        UsageError: arguments that exclude each other.
    """
    del comment
    replaces = replaces_of(replace_where, replace_using, sequence_by)
    if once and replaces is not None:
        raise UsageError(f"{caller()}: a flow that replaces rows runs in every update, not once")
    return _flow("append_flow", query, target, name, spark_conf, once=once, replaces=replaces)


def replace_flow(
    query: Query | None = None,
    *,
    target: str,
    replace_using: Sequence[Any],
    sequence_by: Any,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
) -> Any:
    """Declare a stream whose rows take the place of those with the same values in some columns.

    Args:
        query: the function below the decorator.
        target: a streaming table.
        replace_using: names of these columns.
        sequence_by: what says which rows are newer: a column's name, or a PySpark column.
        name: of the flow; by default the function's.
        comment: for people.
        spark_conf: settings for this flow alone.

    Raises:
        UsageError: there are no columns, or one is named twice.
    """
    del comment
    replaces = replaces_of(None, replace_using, sequence_by)
    return _flow("replace_flow", query, target, name, spark_conf, replaces=replaces)


def replaces_of(where: Any, using: Sequence[Any] | None, sequence_by: Any) -> Replaces | None:
    """Return which rows make room for those of a flow; None where it appends.

    Raises:
        UsageError: arguments that exclude each other, or say too little.
    """
    if where is None and using is None and sequence_by is None:
        return None
    either = "give either replace_where, or replace_using with sequence_by"
    if (where is None) == (using is None) or (using is None) != (sequence_by is None):
        raise UsageError(f"{caller()}: {either}")
    if using is None:
        return Replaces(where)
    if isinstance(using, str) or not using:
        raise UsageError(f"{caller()}: replace_using is a list of at least one column")
    return Replaces(using=tuple(using), sequence_by=sequence_by)


def _flow(
    what: str,
    query: Query | None,
    target: str,
    name: str | None,
    spark_conf: Mapping[str, str] | None,
    *,
    once: bool = False,
    replaces: Replaces | None,
) -> Any:
    place = caller()
    wanted, conf = text(what, "target", target), mapping(what, "spark_conf", spark_conf)

    def declare(function: Query) -> Query:
        called = name or name_of(what, function)
        made = Flow(called, wanted, place, function, conf, once=once, replaces=replaces)
        active().add_flow(made)
        return function

    return declare if query is None else declare(query)
