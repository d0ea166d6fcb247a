"""AUTO CDC: which columns of the changes become columns of the table, and what cannot work."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import UsageError
from nbkit.exact import exact_types
from nbkit.near import hint
from nbkit.pipelines.declare.snapshot_query import SnapshotQuery
from nbkit.pipelines.resolve.names import parts_of
from nbkit.pipelines.scala import java_class, sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.declare.declarations import Changes, Flow

START, END = "__START_AT", "__END_AT"
"""What SCD type 2 adds: from when a version was the newest one, and until when."""
_DECIMAL = "decimal(38, 18)"
OURS = "__nbkit_"
"""What names of nbkit's own columns, beside those of the changes, begin with."""


def read_changes(spark: SparkSession, changes: Changes, *, once: bool = False) -> DataFrame:
    """Return the changes of a feed, as a stream if they are one.

    Args:
        spark: the session.
        changes: where they are.
        once: whether the flow runs once: then its source need not be a stream.
    """
    if callable(changes.source):
        rows: DataFrame = changes.source()
        return rows
    if not once:
        return spark.readStream.table(changes.source)
    try:
        return spark.read.table(changes.source)
    except UsageError:  # a view of a stream
        return spark.readStream.table(changes.source)


def is_of_now(source: Any) -> bool:
    """Say whether a source of snapshots has only the one of now, known by the time."""
    return isinstance(source, str) or (isinstance(source, SnapshotQuery) and source.version is None)


def read_snapshot(spark: SparkSession, source: str | Callable[[Any], Any]) -> tuple[DataFrame, Any]:
    """Return the first snapshot of a function, or a table as it is now, with what it is known by.

    Raises:
        UsageError: a function of snapshots has none to begin with.
    """
    if isinstance(source, str):
        return spark.read.table(source), None
    if isinstance(source, SnapshotQuery) and source.version is None:
        return source.rows(), None
    found = next_snapshot(source, None)
    if found is None:
        raise UsageError("the function of snapshots returns none: there is nothing to begin with")
    return found


def next_snapshot(source: Callable[[Any], Any], last: Any) -> tuple[DataFrame, Any] | None:
    """Ask a function for the snapshot after the last one; None if there is none yet.

    Raises:
        UsageError: what it returns is no snapshot with its version.
    """
    found = source(last)
    if found is None:
        return None
    if not isinstance(found, tuple) or len(found) != 2:  # noqa: PLR2004
        kind = type(found).__name__
        raise UsageError(f"the function of snapshots returns (DataFrame, version), not {kind}")
    rows, version = found
    if rows is None:
        return None
    if not hasattr(rows, "schema"):
        kind = type(rows).__name__
        raise UsageError(f"the function of snapshots returns (DataFrame, version), not {kind}")
    if version is None:
        raise UsageError("the function of snapshots returns a snapshot whose version is None")
    return rows, plain_version(version)


def plain_version(version: Any) -> Any:
    """Return NumPy's and pandas' values as Python's own."""
    for change in ("to_pydatetime", "item"):
        version = getattr(version, change)() if hasattr(version, change) else version
    return version


def cdc_columns(spark: SparkSession, flow: Flow) -> DataFrame:
    """Return changes as the table will have them: its columns, and for type 2 their validity.

    It stands for what is made of the changes, and is never run: it says which columns there are,
    and what each of them comes from.

    Raises:
        UsageError: a column that is named does not exist, or cannot be what it is named for.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    changes = flow.changes
    assert changes is not None
    version: Any = None
    given = changes.source
    if isinstance(given, SnapshotQuery) and given.version is not None:
        source = given.rows()  # and no version is asked for: nothing is run
        version = given.version().schema[0].dataType
    elif changes.snapshots:
        source, version = read_snapshot(spark, changes.source)
    else:
        source = read_changes(spark, changes, once=flow.once)
    columns = kept(source, changes)
    _check(source, columns, changes)
    rows = source
    for condition in (changes.deletes, changes.truncates):
        if condition is not None:
            rows = rows.where(~expression(condition))
    order = None if changes.sequence_by is None else sequence_of(source, changes.sequence_by)
    if order is not None:
        rows = rows.sort(order)
    rows = rows.dropDuplicates(names_of(source, changes.keys))
    picked = [column(name) for name in columns]
    if changes.scd_type == 1:
        return rows.select(*picked)
    if order is None:
        order = _order_of(version)
    when = F.when(F.lit(False), order)
    return rows.select(*picked, when.alias(START), when.alias(END))


def _order_of(version: Any) -> Column:
    """Return what snapshots are ordered by: their version, or its type, or None for the time."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import DataType, DecimalType, IntegralType

    if version is None:
        return F.current_timestamp()
    if isinstance(version, DataType):
        wide = "bigint" if isinstance(version, IntegralType) else version
        return F.lit(None).cast(_DECIMAL if isinstance(version, DecimalType) else wide)
    return version_literal(version)


def version_literal(version: Any) -> Column:
    """Return the version of a snapshot as Spark has it; numbers are as wide as they may get."""
    from pyspark.sql import functions as F  # noqa: N812

    if isinstance(version, Decimal):
        return F.lit(version).cast(_DECIMAL)
    whole = isinstance(version, int) and not isinstance(version, bool)
    return F.lit(version).cast("bigint") if whole else F.lit(version)


def _check(source: DataFrame, columns: Sequence[str], changes: Changes) -> None:
    """Look for what can be known to be wrong before a row is read.

    Raises:
        UsageError: there is something.
    """
    from pyspark.sql.types import MapType, VariantType

    reserved = next((name for name in source.columns if name.lower().startswith(OURS)), None)
    if reserved is not None:
        raise UsageError(f"column {reserved}: names that begin with {OURS} are nbkit's own")
    kinds = {field.name: field.dataType for field in source.schema}
    for key in names_of(source, changes.keys):
        if key not in columns:
            raise UsageError(f"the table has to keep its key {key}: the list of columns leaves it")
        if isinstance(kinds[key], MapType | VariantType):
            kind = kinds[key].simpleString()
            raise UsageError(f"column {key} cannot be a key: nothing compares a {kind}")
    for name in names_of(source, changes.history or ()):
        if name not in columns:
            raise UsageError(f"the history of column {name} is asked for, and the table lacks it")
    listed = (changes.except_history, changes.null_columns, changes.except_null_columns)
    for names in listed:
        names_of(source, names or ())


def check_stored(table: DataFrame, changes: Changes, come: Sequence[str]) -> None:
    """Check that a table was made for changes of this type.

    Args:
        table: it.
        changes: what goes into it.
        come: names of the columns that come.

    Raises:
        UsageError: it was made for the other one.
    """
    versions = {START, END} <= set(table.columns)
    other = versions and START not in come if changes.scd_type == 1 else not versions
    if other:
        was = 3 - changes.scd_type
        raise UsageError(
            f"the table was made for SCD type {was}, and its changes are of type "
            f"{changes.scd_type} now: a full refresh makes it anew"
        )


def check_together(table: str, flows: Sequence[Flow]) -> None:
    """Check that the flows of changes into one table can share it.

    Raises:
        UsageError: they cannot.
    """
    changing = [(flow, flow.changes) for flow in flows if flow.changes is not None]
    for each, other in changing[1:]:
        first, one = changing[0]
        both = f"flows {first.name} and {each.name} of {table}"
        if one.snapshots or other.snapshots:
            raise UsageError(f"{both}: a table follows the snapshots of one flow, and nothing else")
        if _lowered(one.keys) != _lowered(other.keys):
            raise UsageError(f"{both} have different keys")
        if one.scd_type != other.scd_type:
            raise UsageError(f"{both} keep it as SCD type {one.scd_type} and {other.scd_type}")
        tracking = [(_lowered(c.history), _lowered(c.except_history)) for c in (one, other)]
        if tracking[0] != tracking[1]:
            raise UsageError(f"{both} track the history of different columns")


def check_declared_changes(wanted: StructType, found: StructType) -> None:
    """Check the columns that changes become against the declared ones; they may lack some.

    Raises:
        UsageError: one is too many, or its values would be changed.
    """
    known = {name.lower() for name in wanted.names}
    more = next((name for name in found.names if name.lower() not in known), None)
    if more is not None:
        said = f"the changes have column {more}, its schema has not{hint(more, wanted.names)}"
        raise UsageError(f"{said}: except_column_list leaves it out")
    exact_types.check(found, wanted, "its schema", "or declare it as it is")


def _lowered(columns: Sequence[Any] | None) -> frozenset[str] | None:
    return None if columns is None else frozenset(name_of(each).lower() for each in columns)


def kept(source: DataFrame, changes: Changes) -> list[str]:
    """Return the names of the columns that a table takes from its changes."""
    if changes.columns is not None:
        return names_of(source, changes.columns)
    left_out = {name.lower() for name in names_of(source, changes.except_columns or ())}
    return [name for name in source.columns if name.lower() not in left_out]


def tracked(columns: Sequence[str], changes: Changes) -> list[str]:
    """Return the columns whose change begins a new version."""
    keys = _lowered(changes.keys) or frozenset()
    if changes.history is not None:
        wanted = _lowered(changes.history) or frozenset()
        return [name for name in columns if name.lower() in wanted]
    others = _lowered(changes.except_history) or frozenset()
    return [name for name in columns if name.lower() not in others | keys]


def filled(columns: Sequence[str], changes: Changes) -> list[str]:
    """Return the columns that a null in a change leaves as they were."""
    if not changes.ignore_nulls:
        return []
    keys = _lowered(changes.keys) or frozenset()
    others = (_lowered(changes.except_null_columns) or frozenset()) | keys
    if changes.null_columns is None:
        return [name for name in columns if name.lower() not in others]
    wanted = (_lowered(changes.null_columns) or frozenset()) - keys
    return [name for name in columns if name.lower() in wanted]


def names_of(source: DataFrame, columns: Sequence[Any]) -> list[str]:
    """Return the names of columns, as the source spells them.

    Raises:
        UsageError: there is no such column.
    """
    known = {name.lower(): name for name in source.columns}
    found = []
    for each in columns:
        written = each.lower() if isinstance(each, str) and each.lower() in known else None
        name = written or name_of(each)
        if name.lower() not in known:
            raise UsageError(f"the changes have no column {name}{hint(name, source.columns)}")
        found.append(known[name.lower()])
    return found


def name_of(given: Any) -> str:
    """Return the name of a column that is given as text or as a PySpark column."""
    if isinstance(given, str):
        parts = parts_of(given)
        return parts[0] if len(parts) == 1 else given
    node = given._jc.node()  # noqa: SLF001 - PySpark has no other way
    if java_class(node) != "UnresolvedAttribute":
        raise UsageError(f"a name of a column is expected, not {given}")
    return ".".join(sequence(node.nameParts()))


def column(name: str, of: str = "") -> Column:
    """Return a column by its name, whatever characters that has.

    Args:
        name: as the schema has it.
        of: alias of the DataFrame that has it.
    """
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(f"{of}.{quoted_part(name)}" if of else quoted_part(name))


def sequence_of(source: DataFrame, given: Any) -> Column:
    """Return what orders changes: a column's name, an expression in SQL, or a PySpark column."""
    if isinstance(given, str):
        known = {name.lower(): name for name in source.columns}
        if given.lower() in known:
            return column(known[given.lower()])
    return expression(given)


def expression(given: Any) -> Column:
    """Return a PySpark column of what is given as one, or as SQL text."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.expr(given) if isinstance(given, str) else given
