"""Ready-made checks that need queries of their own, or none but the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbkit.quality.expectation import Action, Expectation, Nulls, share
from nbkit.quality.ready_made import shown
from nbkit.quality.sampling import quoted, row_struct, tidy
from nbkit.quality.table_checks import Look, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

TableAction = Literal["warn", "fail"]
_SHOWN = 5


def unique(
    *columns: str,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    keep: str = "",
    name: str = "",
) -> Expectation | Look:
    """Expect no two rows with the same values in these columns.

    To warn or fail, the values are counted by a query of its own; to drop or quarantine, all
    rows are brought together by these columns in the pass that writes, which shuffles them.

    Args:
        columns: that make up the key.
        action: what is done about rows that fail.
        threshold: share of rows that may fail.
        nulls: whether a row with NULL in the key fails, or passes whatever there is beside it.
        keep: a SQL order, such as `"updated_at desc"`: the first row of each key passes, only
            the others fail. Without, all rows of a key that is there twice fail.
        name: as people call it.
    """
    name = name or f"{'_'.join(columns)}_unique"
    says = f"{', '.join(columns)} {'is' if len(columns) == 1 else 'are'} unique"
    by = ", ".join(map(quoted, columns))
    complete = " and ".join(f"{quoted(column)} is not null" for column in columns)
    if action in {"warn", "fail"} and not keep:
        look = _duplicates(by, complete, share(threshold), nulls)
        return Look(name, says, action, share(threshold), look=look)
    one = "row_number()" if keep else "count(1)"
    ordered = f" order by {keep}" if keep else ""
    alone = f"{one} over (partition by {by}{ordered}) = 1"
    predicate = f"not ({complete}) or {alone}" if nulls == "pass" else f"{complete} and {alone}"
    return Expectation(name, predicate, action, share(threshold), nulls, says, across_rows=True)


def has_schema(
    schema: str | StructType,
    *,
    exact: bool = False,
    action: TableAction = "warn",
    name: str = "schema",
) -> Look:
    """Expect columns of these types; reads no rows.

    Args:
        schema: such as `"id bigint, name string"`, or a StructType.
        exact: allow no other columns, and no other order.
        action: `warn` or `fail`.
        name: as people call it.
    """

    def look(df: DataFrame, _: Sequence[str]) -> Verdict:
        wanted = _types(df.sparkSession.createDataFrame([], schema).schema)
        found = _types(df.schema)
        differences = [
            f"{column} is {found.get(column, 'missing')}, not {kind}"
            for column, kind in wanted.items()
            if found.get(column) != kind
        ]
        if exact:
            differences += [f"{column} is not expected" for column in found if column not in wanted]
            if not differences and list(found) != list(wanted):
                differences.append(f"the order is {', '.join(found)}")
        return Verdict(not differences, "; ".join(differences) or "as expected")

    text = schema if isinstance(schema, str) else schema.simpleString()
    return Look(name, f"has {'exactly ' * exact}{text}", action, look=look)


def reconcile(
    other: str,
    compare: Iterable[str] = ("count(1)",),
    *,
    tolerance: float | str = 0.0,
    action: TableAction = "warn",
    name: str = "",
) -> Look:
    """Expect figures that agree with another table's.

    Args:
        other: the other table or view.
        compare: SQL aggregates, such as `["count(1)", "sum(amount)"]`.
        tolerance: by what share of the other table's figure they may differ.
        action: `warn` or `fail`.
        name: as people call it.
    """
    figures = tuple(compare)
    allowed = share(tolerance)

    def look(df: DataFrame, _: Sequence[str]) -> Verdict:
        texts = [f"cast({figure} as double)" for figure in figures]
        [ours] = df.selectExpr(*texts).collect()
        [theirs] = df.sparkSession.table(other).selectExpr(*texts).collect()
        told, ok = [], True
        for figure, own, there in zip(figures, ours, theirs, strict=True):
            same = own == there or (
                None not in {own, there} and abs(own - there) <= allowed * abs(there)
            )
            ok = ok and same
            told.append(f"{figure}: {shown(own)} here, {shown(there)} in {other}")
        return Verdict(ok, "; ".join(told))

    rule = f"{', '.join(figures)} as in {other}" + (f", within {allowed:.2%}" if allowed else "")
    return Look(name or f"agrees_with_{other.rsplit('.', 1)[-1]}", rule, action, look=look)


def same_rows(
    other: str,
    columns: Iterable[str] = (),
    *,
    action: TableAction = "warn",
    threshold: float | str = 0.0,
    name: str = "",
) -> Look:
    """Expect exactly the rows of another table, as often as they are there.

    Args:
        other: the other table or view.
        columns: to compare; all columns of the rows without.
        action: `warn` or `fail`.
        threshold: share of rows, of here and there, that may have no counterpart.
        name: as people call it.
    """
    allowed = share(threshold)

    def look(df: DataFrame, _: Sequence[str]) -> Verdict:
        chosen = [quoted(column) for column in (tuple(columns) or df.columns)]
        ours, theirs = df.select(*chosen), df.sparkSession.table(other).select(*chosen)
        extra, absent = ours.exceptAll(theirs), theirs.exceptAll(ours)
        more, less, rows = extra.count(), absent.count(), ours.count() + theirs.count()
        told = f"{more:,} rows only here, {less:,} only in {other}"
        sample = _first(extra if more else absent) if more + less else ()
        failed = more + less
        return Verdict(failed <= allowed * rows, told, rows - failed, failed, sample)

    name = name or f"same_rows_as_{other.rsplit('.', 1)[-1]}"
    return Look(name, f"the rows of {other}", action, allowed, look=look)


def _duplicates(by: str, complete: str, allowed: float, nulls: Nulls) -> Any:
    def look(df: DataFrame, _: Sequence[str]) -> Verdict:
        from pyspark.sql import functions

        keys = df.groupBy(*(functions.expr(key) for key in by.split(", "))).agg(
            functions.expr("count(1)").alias("rows_with_it")
        )
        missing = f"not ({complete})"
        bad = (
            f"rows_with_it > 1 and {complete}"
            if nulls == "pass"
            else f"rows_with_it > 1 or {missing}"
        )
        [[rows, failed]] = keys.selectExpr(
            "coalesce(sum(rows_with_it), 0)",
            f"coalesce(sum(case when {bad} then rows_with_it end), 0)",
        ).collect()
        sample = _first(keys.where(bad).orderBy(functions.desc("rows_with_it"))) if failed else ()
        told = f"{failed:,} of {rows:,} rows share a key, or have none"
        return Verdict(failed <= allowed * rows, told, rows - failed, failed, sample)

    return look


def _first(df: DataFrame) -> tuple[dict[str, Any], ...]:
    import json

    text = f"to_json({row_struct(df.schema)}, map('ignoreNullFields', 'false'))"
    return tuple(tidy(json.loads(row[0])) for row in df.selectExpr(text).limit(_SHOWN).collect())


def _types(schema: StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema}
