"""`DELETE` and `UPDATE` whose conditions have subqueries, which the open Delta refuses.

Whether a row is meant depends on nothing but the columns that the condition reads. So Spark itself
is asked which values of these columns are meant, with all that `IN`, `NOT IN`, `EXISTS` and NULL
mean to it, and `MERGE` changes the rows that have them: one commit, as it would have been.
"""

from __future__ import annotations

import functools
import typing
from dataclasses import dataclass, replace

from nbkit.dialect.parameters import markers
from nbkit.dialect.tokens import Edit, edited, split, starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.dialect.sql_call import GoOn, SqlCall
    from nbkit.dialect.tokens import Token

REFUSED = "DELTA_UNSUPPORTED_SUBQUERY"
_QUERIES = frozenset({"SELECT", "WITH", "FROM", "VALUES", "TABLE"})
_KEY, _VALUE, _ROWS, _GIVEN = "nbkit_key_", "nbkit_value_", "nbkit_rows", "nbkit_given_"
_NO_COLUMN = (
    "nbkit: a condition with a subquery reads what is no column of the table, such as _metadata; "
    "use MERGE INTO"
)


@dataclass(frozen=True, slots=True)
class RowChange:
    """A `DELETE` or an `UPDATE`, in pieces of its own text.

    Attributes:
        before: its `WITH` clause; empty for none.
        target: the table, and the name that the statement has for it.
        condition: which rows are meant; empty for all.
        assigned: what `UPDATE` sets, as column and expression; none for `DELETE`.
    """

    before: str
    target: str
    condition: str
    assigned: tuple[tuple[str, str], ...] = ()

    @property
    def computed(self) -> list[int]:
        """Which of the assigned expressions have a query in them."""
        return [n for n, (_, value) in enumerate(self.assigned) if _has_query(tokens(value))]

    def meant(self, select: str) -> str:
        """Return the query that gives something of the rows that are meant."""
        where = f" WHERE {self.condition}" if self.condition else ""
        query = f"{self.before} SELECT {select} FROM {self.target}{where}"  # noqa: S608 - the author's own
        return query.strip()


def parsed(statement: str) -> RowChange | None:
    """Return what a statement changes; None for one of another kind.

    Args:
        statement: one SQL statement.
    """
    found = [token for token in tokens(statement) if token.upper != ";"]
    first = _place(found, 0, "DELETE", "UPDATE") if starts(found, 0, "WITH") else 0
    if first is None or not found:
        return None
    before = _text(statement, found[:first])
    where = _place(found, first, "WHERE")
    end = len(found) if where is None else where
    condition = _text(statement, found[end + 1 :])
    if starts(found, first, "DELETE", "FROM"):
        return RowChange(before, _text(statement, found[first + 2 : end]), condition)
    to = _place(found, first, "SET")
    if not starts(found, first, "UPDATE") or to is None or not first + 1 < to < end:
        return None  # or a MERGE
    pairs = list(_assigned(statement, found[to + 1 : end]))
    return RowChange(before, _text(statement, found[first + 1 : to]), condition, tuple(pairs))


def _assigned(statement: str, found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for pair in split(found, found[0].depth if found else 0):
        sign = next((at for at, token in enumerate(pair) if token.upper in {"=", "=="}), 0)
        yield _text(statement, pair[:sign]), _text(statement, pair[sign + 1 :])


def _place(found: Sequence[Token], begin: int, *words: str) -> int | None:
    places = range(begin, len(found))
    return next((at for at in places if found[at].depth == 0 and found[at].upper in words), None)


def _text(statement: str, found: Sequence[Token]) -> str:
    return statement[found[0].start : found[-1].end] if found else ""


def _has_query(found: Sequence[Token]) -> bool:
    return any(token.upper == "(" and _begins(found, at + 1) for at, token in enumerate(found))


def _begins(found: Sequence[Token], at: int) -> bool:
    return at < len(found) and found[at].upper in _QUERIES


def with_row_changes(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Ask Spark; where its Delta refuses a subquery in `DELETE` or `UPDATE`, by a `MERGE`."""
    from pyspark.errors import AnalysisException

    change = parsed(call.text)
    if change is None or not _has_query(tokens(call.text)):
        return go_on(call)
    try:
        return go_on(call)
    except AnalysisException as error:
        if error.getCondition() != REFUSED:
            raise
    call = by_name(call)
    change = parsed(call.text)
    assert change is not None, call.text
    values = [change.assigned[at][1] for at in change.computed]
    probe = go_on(call.saying(change.meant(", ".join(["*", *values]))))
    read = columns_read(probe, len(values), filtered=bool(change.condition))
    return go_on(call.saying(merge(change, read))).select("num_affected_rows")


def by_name(call: SqlCall) -> SqlCall:
    """Return a call whose values go by names, so that its pieces may stand in another order."""
    places = [each for each in markers(tokens(call.text)) if not each.name]
    if not places or call.args is None or isinstance(call.args, dict):
        return call
    edits = [Edit(each.start, each.end, f" :{_GIVEN}{n}") for n, each in enumerate(places)]
    args = {f"{_GIVEN}{n}": value for n, value in enumerate(call.args)}
    return replace(call, text=edited(call.text, edits), args=args)


def merge(change: RowChange, read: Sequence[str]) -> str:
    """Return the statement that does what a change does.

    Args:
        change: a `DELETE` or an `UPDATE`.
        read: the columns that its condition and its queries read.
    """
    keys = [f"{_quoted(name)} AS {_KEY}{n}" for n, name in enumerate(read)]
    computed = change.computed
    values = [f"{change.assigned[at][1]} AS {_VALUE}{at}" for at in computed]
    query = change.meant(f"DISTINCT {', '.join([*keys, *values, 'true AS nbkit_meant'])}")
    same = [f"{_quoted(name)} <=> {_KEY}{n}" for n, name in enumerate(read)]
    if change.assigned:
        sets = (
            f"{name} = {f'{_VALUE}{at}' if at in computed else value}"
            for at, (name, value) in enumerate(change.assigned)
        )
        then = f"UPDATE SET {', '.join(sets)}"
    else:
        then = "DELETE"
    return (
        f"MERGE INTO {change.target} USING ({query}) AS {_ROWS} "
        f"ON {' AND '.join(same) or 'true'} WHEN MATCHED THEN {then}"
    )


def _quoted(name: str) -> str:
    """Return a name with back-ticks: some words, such as `true`, are no names without."""
    return "`" + name.replace("`", "``") + "`"


def columns_read(probe: DataFrame, values: int, *, filtered: bool) -> list[str]:
    """Return the columns of the table that a condition and some values read.

    Args:
        probe: the table's columns, then so many values, of the rows that are meant.
        values: how many.
        filtered: whether there is a condition.

    Raises:
        ValueError: what they give is not the same each time, or they read what has no equals, or
            is no column.
    """
    plan = probe._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    plan = plan.plan() if plan.nodeName() == "WithCTE" else plan
    given = plan.projectList()
    own = given.size() - values
    read = [given.apply(n) for n in range(own, given.size())]
    if filtered and plan.child().nodeName() == "Filter":
        read.append(plan.child().condition())
    elif filtered:
        raise ValueError(_NO_COLUMN)
    if not all(each.deterministic() for each in read):
        raise ValueError(
            "nbkit: a condition or a value with a subquery has to be the same each time it is "
            "asked, and this one is not; store what it gives in a table first, and use that"
        )
    # By their numbers: Spark calls a column that is read as its reader does, ID for id.
    ids = {number for each in read for number in _ids(each.references())}
    columns = {given.apply(n).exprId().id(): n for n in range(own)}
    if not ids <= columns.keys():
        raise ValueError(_NO_COLUMN)
    fields = [probe.schema.fields[at] for at in sorted(columns[each] for each in ids)]
    for field in fields:
        if not _has_equals(field.dataType):
            raise ValueError(
                f"nbkit: a condition with a subquery reads the column {field.name} of the type "
                f"{field.dataType.simpleString()}, which cannot be compared; read a column of "
                "another type, or use MERGE INTO"
            )
    return [field.name for field in fields]


def _ids(attributes: typing.Any) -> Iterator[int]:
    each = attributes.iterator()
    while each.hasNext():
        yield each.next().exprId().id()


def _has_equals(kind: typing.Any) -> bool:
    from pyspark.sql import types as T  # noqa: N812 - everybody's name for it

    if isinstance(kind, (T.MapType, T.VariantType)):
        return False
    if isinstance(kind, T.ArrayType):
        return _has_equals(kind.elementType)
    return not isinstance(kind, T.StructType) or all(_has_equals(f.dataType) for f in kind.fields)


def deleting(delete: Callable[..., None]) -> Callable[..., None]:
    """Return `DeltaTable.delete`, for which a condition may have subqueries."""

    @functools.wraps(delete)
    def changed(self: typing.Any, condition: Column | str | None = None) -> None:
        _changed(lambda: delete(self, condition), self, condition, {})

    return changed


def updating(update: Callable[..., None]) -> Callable[..., None]:
    """Return `DeltaTable.update`, for which a condition and values may have subqueries."""

    @functools.wraps(update)
    def changed(
        self: typing.Any,
        condition: Column | str | None = None,
        set: dict[str, Column | str] | None = None,  # noqa: A002 - Delta's
    ) -> None:
        _changed(lambda: update(self, condition, set), self, condition, set or {})

    return changed


def _changed(
    change: Callable[[], None],
    table: typing.Any,
    condition: Column | str | None,
    assigned: dict[str, Column | str],
) -> None:
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    try:
        change()
    except AnalysisException as error:
        if error.getCondition() != REFUSED:
            raise
    else:
        return
    rows = table.toDF() if condition is None else table.toDF().where(condition)
    values = {
        name: F.expr(value) if isinstance(value, str) else value for name, value in assigned.items()
    }
    computed = [name for name in values if _reads_query(rows, values[name])]
    probe = rows.select("*", *(values[name] for name in computed))
    read = columns_read(probe, len(computed), filtered=condition is not None)
    keys = [F.col(_quoted(name)).alias(f"{_KEY}{n}") for n, name in enumerate(read)]
    given = [values[name].alias(f"{_VALUE}{n}") for n, name in enumerate(computed)]
    meant = rows.select(*keys, *given, F.lit(1).alias("nbkit_meant")).distinct()
    same = (f"{_quoted(name)} <=> {_KEY}{n}" for n, name in enumerate(read))
    merging = table.merge(meant.alias(_ROWS), " AND ".join(same) or "true")
    if assigned:
        own = {name: F.col(f"{_VALUE}{n}") for n, name in enumerate(computed)}
        merging.whenMatchedUpdate(set={**values, **own}).execute()
    else:
        merging.whenMatchedDelete().execute()


def _reads_query(rows: DataFrame, value: Column) -> bool:
    spark: SparkSession = rows.sparkSession
    plan = rows.select(value.alias("value"))._jdf.queryExecution().analyzed()  # noqa: SLF001
    expressions = spark._jvm.org.apache.spark.sql.catalyst.expressions  # noqa: SLF001
    return bool(expressions.SubqueryExpression.hasSubquery(plan.projectList().head()))
