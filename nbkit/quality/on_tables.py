"""Ready-made checks that look at a whole table with queries of their own, or at its columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.counted import rows as rows_in_words
from nbkit.quality.expectation import Action, Expectation, Nulls, share
from nbkit.quality.naming import Columns, quoted
from nbkit.quality.ready_made import ready_made
from nbkit.quality.sampling import row_struct, tidy
from nbkit.quality.table_checks import QueryCheck, TableAction, TableVerdict
from nbkit.quality.values import agree, shown, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructField, StructType

    from nbkit.quality.naming import Named

_SHOWN = 5


@ready_made
def unique(
    *columns: str,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    keep: str = "",
    name: str = "",
) -> Expectation | QueryCheck:
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
    allowed = share(threshold)
    if action in {"warn", "fail"} and not keep:
        return QueryCheck(name, says, action, allowed, query=_duplicates(columns, allowed, nulls))

    def predicate(named: Named) -> str:
        keys = [named(column) for column in columns]
        complete = " and ".join(f"{key} is not null" for key in keys)
        one = "row_number()" if keep else "count(1)"
        ordered = f" order by {keep}" if keep else ""
        # rows without a whole key are apart, so that none of them is the first of the others
        alone = f"{one} over (partition by {', '.join(keys)}{ordered}) = 1"
        return f"not ({complete}) or {alone}" if nulls == "pass" else f"{complete} and {alone}"

    given = (name, predicate(quoted), action, allowed, nulls, says)
    return Expectation(*given, across_rows=True, on=predicate)


@ready_made
def has_schema(
    schema: str | StructType,
    *,
    exact: bool = False,
    action: TableAction = "warn",
    name: str = "schema",
) -> QueryCheck:
    """Expect columns of these types; reads no rows.

    Names are compared as Spark does: with or without capitals, on every level
    (`spark.sql.caseSensitive`).

    Args:
        schema: such as `"id bigint, name string"`, or a StructType.
        exact: allow no other columns, and no other order.
        action: `warn` or `fail`.
        name: as people call it.
    """

    def query(df: DataFrame, _: Sequence[str]) -> TableVerdict:
        columns = Columns.of(df)
        wanted = df.sparkSession.createDataFrame([], schema).schema
        there = {_spelled(field.name, columns): field for field in df.schema}
        names = [_spelled(field.name, columns) for field in wanted]
        differences = [
            f"{field.name} is {_type(found)}, not {_type(field)}"
            for name, field in zip(names, wanted, strict=True)
            for found in (there.get(name),)
            if found is None or _spelled(_type(found), columns) != _spelled(_type(field), columns)
        ]
        if exact:
            more = [field.name for name, field in there.items() if name not in names]
            differences += [f"{column} is not expected" for column in more]
            if not differences and [*there] != names:
                differences.append(f"the order is {', '.join(df.schema.names)}")
        return TableVerdict(not differences, "; ".join(differences) or "as expected")

    text = schema if isinstance(schema, str) else schema.simpleString()
    return QueryCheck(name, f"has {'exactly ' * exact}{text}", action, query=query)


@ready_made
def reconcile(
    other: str,
    compare: Iterable[str] = ("count(1)",),
    *,
    tolerance: float | str = 0.0,
    action: TableAction = "warn",
    name: str = "",
) -> QueryCheck:
    """Expect figures that agree with another table's, exactly or within a tolerance.

    Args:
        other: the other table or view.
        compare: SQL aggregates, such as `["count(1)", "sum(amount)"]`.
        tolerance: by what share of the other table's figure they may differ.
        action: `warn` or `fail`.
        name: as people call it.
    """
    figures = (compare,) if isinstance(compare, str) else tuple(compare)
    allowed = share(tolerance)

    def query(df: DataFrame, _: Sequence[str]) -> TableVerdict:
        texts = [f"({figure}\n) as figure_{place}" for place, figure in enumerate(figures)]
        [ours] = df.selectExpr(*texts).collect()
        [theirs] = df.sparkSession.table(other).selectExpr(*texts).collect()
        told, ok = [], True
        for figure, own, there in zip(figures, ours, theirs, strict=True):
            ok = (same := agree(own, there, allowed)) and ok
            here, elsewhere = (shown(own), shown(there)) if same else told_apart([own, there])
            told.append(f"{figure}: {here} here, {elsewhere} in {other}")
        return TableVerdict(ok, "; ".join(told))

    rule = f"{', '.join(figures)} as in {other}" + (f", within {allowed:.2%}" if allowed else "")
    return QueryCheck(name or f"agrees_with_{other.rsplit('.', 1)[-1]}", rule, action, query=query)


@ready_made
def same_rows(
    other: str,
    columns: Iterable[str] = (),
    *,
    action: TableAction = "warn",
    threshold: float | str = 0.0,
    name: str = "",
) -> QueryCheck:
    """Expect exactly the rows of another table, as often as they are there.

    Args:
        other: the other table or view.
        columns: to compare; all columns of the rows without.
        action: `warn` or `fail`.
        threshold: share of rows, of here and there, that may have no counterpart.
        name: as people call it.
    """
    allowed = share(threshold)
    wanted = (columns,) if isinstance(columns, str) else tuple(columns)

    def query(df: DataFrame, _: Sequence[str]) -> TableVerdict:
        there = df.sparkSession.table(other)
        chosen = wanted or tuple(map(quoted, df.columns))
        ours, theirs = _comparable(df, chosen), _comparable(there, chosen)
        extra, absent = ours.exceptAll(theirs), theirs.exceptAll(ours)
        more, less, total = extra.count(), absent.count(), df.count() + there.count()
        told = f"{rows_in_words(more)} only here, {less:,} only in {other}"
        sample = _first(extra if more else absent) if more + less else ()
        failed = more + less
        return TableVerdict(failed <= allowed * total, told, total - failed, failed, sample)

    name = name or f"same_rows_as_{other.rsplit('.', 1)[-1]}"
    return QueryCheck(name, f"the rows of {other}", action, allowed, query=query)


def _comparable(df: DataFrame, names: Sequence[str]) -> DataFrame:
    """Return columns as Spark can compare them: maps by their sorted entries, VARIANT as text."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    named = Columns.of(df)
    chosen = df.select(*(F.expr(named(name)).alias(name.strip("`")) for name in names))
    made = []
    for field in chosen.schema:
        column, kind = quoted(field.name), field.dataType.simpleString()
        if kind.startswith("map<") and "variant" not in kind and "map<" not in kind[4:]:
            column = f"array_sort(map_entries({column}))"
        elif "map<" in kind or "variant" in kind:
            column = f"to_json({column}, map('ignoreNullFields', 'false'))"
        made.append(F.expr(column).alias(field.name))
    return chosen.select(*made)


def _duplicates(
    columns: Sequence[str], allowed: float, nulls: Nulls
) -> Callable[[DataFrame, Sequence[str]], TableVerdict]:
    def query(df: DataFrame, _: Sequence[str]) -> TableVerdict:
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        named = Columns.of(df)
        keys = [F.expr(named(column)).alias(f"_{n}") for n, column in enumerate(columns)]
        places = [f"_{n}" for n, _ in enumerate(columns)]
        counted = df.groupBy(*keys).agg(F.expr("count(1)").alias("rows_with_it"))
        complete = " and ".join(f"{place} is not null" for place in places)
        bad = (
            f"rows_with_it > 1 and {complete}"
            if nulls == "pass"
            else f"rows_with_it > 1 or not ({complete})"
        )
        [[total, failed]] = counted.selectExpr(
            "coalesce(sum(rows_with_it), 0)",
            f"coalesce(sum(case when {bad} then rows_with_it end), 0)",
        ).collect()
        found = counted.where(bad).orderBy(F.desc("rows_with_it"))
        known = zip(places, columns, strict=True)
        back = [F.col(place).alias(column) for place, column in known]
        sample = _first(found.select(*back, "rows_with_it")) if failed else ()
        told = f"{failed:,} of {rows_in_words(total)} share a key, or have none"
        return TableVerdict(failed <= allowed * total, told, total - failed, failed, sample)

    return query


def _first(df: DataFrame) -> tuple[dict[str, Any], ...]:
    text = f"to_json({row_struct(df.schema)}, map('ignoreNullFields', 'false'))"
    return tuple(tidy(json.loads(row[0])) for row in df.selectExpr(text).limit(_SHOWN).collect())


def _spelled(name: str, columns: Columns) -> str:
    return name if columns.exactly else name.lower()


def _type(field: StructField | None) -> str:
    return "missing" if field is None else str(field.dataType.simpleString())
