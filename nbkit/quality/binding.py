"""Rules meet a table: names are looked up, and what cannot be computed there is said at once.

All of it is analysis: no row is read, and nothing has been written when it goes wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint
from nbkit.quality.naming import Columns, UnknownColumnError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.errors import AnalysisException
    from pyspark.sql import DataFrame

    from nbkit.quality.expectation import Expectation
    from nbkit.quality.table_checks import Aggregate


def bound(
    df: DataFrame, expectations: Sequence[Expectation], dataset: str
) -> tuple[Expectation, ...]:
    """Return expectations with the predicates that they have on these rows.

    Raises:
        DefinitionError: one cannot be computed, with all such rules and what is wrong with each.
    """
    columns = Columns.of(df)
    found: list[Expectation] = []
    problems: list[Problem] = []
    for each in expectations:
        try:
            found.append(each if each.on is None else replace(each, predicate=each.on(columns)))
        except UnknownColumnError as error:
            problems.append(Problem(each.name, str(error)))
    if problems or _wrong(df, [each.failing for each in found]) is not None:
        problems += _each_wrong(df, [(each.name, each.failing) for each in found])
    if problems:
        raise DefinitionError(tuple(problems), _where(dataset))
    return tuple(found)


def figures(df: DataFrame, aggregates: Sequence[Aggregate], dataset: str) -> list[str]:
    """Return the SQL of aggregates on these rows.

    Raises:
        DefinitionError: one is none, or cannot be computed.
    """
    columns = Columns.of(df)
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for each in aggregates:
        try:
            found.append((each.name, f"({each.expression(columns)}\n)"))
        except UnknownColumnError as error:
            problems.append(Problem(each.name, str(error)))
    if found and _wrong(df, [text for _, text in found], figures=True) is not None:
        problems += _each_wrong(df, found, figures=True)
    if problems:
        raise DefinitionError(tuple(problems), _where(dataset))
    return [text for _, text in found]


def explained(df: DataFrame, dataset: str, name: str, error: AnalysisException) -> DefinitionError:
    """Return what Spark says of a check's own query as a problem of the check."""
    return DefinitionError((Problem(name, _said(df, error)),), _where(dataset))


def _where(dataset: str) -> str:
    return f"checks of {dataset}" if dataset else "checks"


def _each_wrong(
    df: DataFrame, rules: Sequence[tuple[str, str]], *, figures: bool = False
) -> Iterator[Problem]:
    for name, text in rules:
        error = _wrong(df, [text], figures=figures)
        if error is not None:
            yield Problem(name, error)


def _wrong(df: DataFrame, texts: Sequence[str], *, figures: bool = False) -> str | None:
    """Return what Spark says against expressions; None if it can compute them."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    if not texts:
        return None
    columns = [F.expr(text).alias(f"_{place}") for place, text in enumerate(texts)]
    try:
        _ = (df.groupBy().agg(*columns) if figures else df.select(*columns)).schema
    except AnalysisException as error:
        return _said(df, error)
    return None


def _said(df: DataFrame, error: AnalysisException) -> str:
    condition = error.getCondition() or ""
    if condition.startswith("UNRESOLVED_COLUMN"):
        name = (error.getMessageParameters() or {}).get("objectName", "")
        plain = name.removeprefix("`").removesuffix("`")
        return f"there is no column {name}{hint(plain, df.columns)}"
    first = str(error).strip().partition("\n")[0]
    return first.partition(" SQLSTATE:")[0]
