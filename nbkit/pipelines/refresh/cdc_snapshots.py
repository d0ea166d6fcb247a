"""AUTO CDC from snapshots: a table follows what its source looks like as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.exact import exact_types, exact_values
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.refresh import fitting, snapshot_versions, snapshots
from nbkit.pipelines.refresh.cdc_values import differ, of_source, same
from nbkit.pipelines.refresh.once_only import marked
from nbkit.pipelines.refresh.written import Merged
from nbkit.pipelines.resolve.cdc_columns import (
    END,
    OURS,
    START,
    check_stored,
    column,
    is_of_now,
    kept,
    names_of,
    next_snapshot,
    read_snapshot,
    tracked,
    version_literal,
)
from nbkit.pipelines.resolve.names import quoted
from nbkit.spark.apart import moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.declare.declarations import Changes
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.refresh.snapshot_versions import Applied
    from nbkit.pipelines.resolve.graph import AnalysedDataset

_FILE = "version.json"
_DO, _WHEN, _IS_NEW, _IS_OLD = (f"{OURS}{name}" for name in ("do", "when", "is_new", "is_old"))


class Snapshots:
    """Lets a table follow snapshots.

    Which one it follows stands in its own log, by the commit that made it so: the file of versions
    is written before, and says what a commit of that number means.

    Args:
        found: the table.
        changes: where the snapshots are, and what identifies a row.
        live: answers the query for the source.
        place: the flow's folder of state.
        application: what Delta knows the flow by, in this life of the table.
    """

    def __init__(
        self,
        found: AnalysedDataset,
        changes: Changes,
        live: LiveInputs,
        place: HadoopFolder,
        application: str,
    ) -> None:
        self._found = found
        self._changes = changes
        self._live = live
        self._file = place / _FILE
        self._application = application

    def follow(self) -> Iterator[Merged]:
        """Follow the snapshots of a function one by one, or a table as it is now.

        Raises:
            UsageError: a snapshot that cannot be followed; nothing of it was written.
        """
        source = self._changes.source
        if is_of_now(source):
            with answering(self._live):
                rows, version = read_snapshot(self._live.spark, source)
            yield self._merged(rows, version)
            return
        applied = self._applied()
        while True:
            with answering(self._live):
                found = next_snapshot(source, applied.version)
            if found is None:
                return
            rows, version = found
            following = applied.followed_by(version)
            yield self._merged(rows, version, following)
            applied = following

    def _applied(self) -> Applied:
        """Return the last snapshot that the table has followed."""
        noted = snapshot_versions.read(self._file.read())
        snapshot = snapshots.snapshot_of(self._live.session, self._found.key)
        numbers = snapshot.transactions() if snapshot is not None else None
        if numbers is None or not numbers.contains(self._application):
            return noted.as_of(None)
        return noted.as_of(int(numbers.apply(self._application)))

    def _merged(self, given: DataFrame, version: Any, following: Applied | None = None) -> Merged:
        """Make the table follow a snapshot, in one commit; the same one again changes nothing."""
        key, changes = self._found.key, self._changes
        picked = given.select(*map(column, kept(given, changes)))
        rows = moved(picked, self._live.session).persist()
        session = rows.sparkSession
        try:
            table = session.read.table(quoted(key))
            check_stored(table, changes, rows.columns)
            fitted = fitting.fit(rows, table, widens=fitting.widens(session, key))
            self._check(rows, fitted, names_of(rows, changes.keys))
            keys = names_of(fitted.rows, changes.keys)
            if fitted.grows:
                fitting.grow(session, key, fitted.columns)
            if following is None:
                return self._merge(fitted.rows, version, keys)
            self._file.write(snapshot_versions.text(following))
            with marked(session, self._application, following.number):
                return self._merge(fitted.rows, version, keys)
        finally:
            rows.unpersist()

    def _merge(self, rows: DataFrame, version: Any, keys: Sequence[str]) -> Merged:
        if self._changes.scd_type == 1:
            return _overwrite(rows, self._found.key, keys)
        return _extend(rows, version, self._found.key, keys, self._changes)

    def _check(self, rows: DataFrame, fitted: fitting.Fit, keys: Sequence[str]) -> None:
        """Refuse a snapshot that has a key twice, or a value that fits no column.

        Raises:
            UsageError: it has.
        """
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        names = {name: f"{OURS}{at}" for at, name in enumerate(fitted.losses)}
        lost = [
            F.first(F.when(condition, column(name).cast("string")), ignorenulls=True).alias(
                names[name]
            )
            for name, condition in fitted.losses.items()
        ]
        count = F.count(F.lit(1)).alias(_DO)
        by_key = rows.groupBy(*map(column, keys)).agg(count, *lost)
        twice = F.when(F.col(_DO) > 1, F.struct(*map(column, keys)).cast("string"))
        row = by_key.agg(
            F.count(twice),
            F.first(twice, ignorenulls=True),
            *[F.first(name, ignorenulls=True) for name in names.values()],
        ).first()
        assert row is not None
        several, example, *examples = row
        if several:
            raise UsageError(
                f"{several} keys of the snapshot have several rows, for "
                f"example {example}; nothing was written"
            )
        losses = dict(zip(fitted.losses, examples, strict=True))
        fitting.check_losses(losses, fitted, rows)


def _overwrite(rows: DataFrame, key: str, keys: Sequence[str]) -> Merged:
    from delta.tables import DeltaTable

    table = DeltaTable.forName(rows.sparkSession, quoted(key)).alias("t")
    merge = table.merge(rows.alias("s"), same(keys, "t", "s"))
    others = [name for name in rows.columns if name not in keys]
    if others:
        changed = differ(others, rows.schema, "t", "s")
        merge = merge.whenMatchedUpdate(changed, set=of_source(others))
    merge = merge.whenNotMatchedInsert(values=of_source(rows.columns))
    return Merged.of(merge.whenNotMatchedBySourceDelete().execute())


def _extend(
    rows: DataFrame, version: Any, key: str, keys: Sequence[str], changes: Changes
) -> Merged:
    """End the versions that are over and begin the new ones."""
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F  # noqa: N812

    session = rows.sparkSession
    table = session.read.table(quoted(key))
    source = _what_to_do(rows, table, keys, changes)
    when = _moment(session, version, table.schema)
    source = source.withColumn(_WHEN, when)
    columns = [name for name in source.columns if not name.startswith(OURS)]
    others = [name for name in columns if name not in keys]
    do, end = column(_DO, "s"), column(END, "t")
    matched = same(keys, "t", "s") & end.isNull() & (do != "begin")
    merge = DeltaTable.forName(session, quoted(key)).alias("t").merge(source.alias("s"), matched)
    merge = merge.whenMatchedUpdate(do == "end", set={END: column(_WHEN, "s")})
    if others:
        changed = differ(others, source.schema, "t", "s")
        merge = merge.whenMatchedUpdate((do == "keep") & changed, set=of_source(others))
    begun = {**of_source(columns), START: column(_WHEN, "s"), END: F.lit(None)}
    return Merged.of(merge.whenNotMatchedInsert(do == "begin", values=begun).execute())


def _what_to_do(
    rows: DataFrame, table: DataFrame, keys: Sequence[str], changes: Changes
) -> DataFrame:
    """Return for each key whether a version of it ends, begins, or goes on, with its values.

    A column that only the table has keeps what it has.
    """
    from pyspark.sql import functions as F  # noqa: N812

    known = {name.lower() for name in rows.columns}
    kinds = {field.name: field for field in table.schema}
    only_old = [name for name in kinds if name.lower() not in known and name not in {START, END}]
    new = rows.withColumn(_IS_NEW, F.lit(True)).alias("n")
    old = table.where(column(END).isNull()).withColumn(_IS_OLD, F.lit(True)).alias("o")
    both = new.join(old, same(keys, "n", "o"), "full_outer")
    is_new, is_old = (F.col(mark).isNotNull() for mark in (_IS_NEW, _IS_OLD))
    moved_on = differ(tracked(rows.columns, changes), rows.schema, "n", "o")
    todo = (
        F.when(is_new & ~is_old, F.array(F.lit("begin")))
        .when(is_old & ~is_new, F.array(F.lit("end")))
        .when(moved_on, F.array(F.lit("end"), F.lit("begin")))
        .otherwise(F.array(F.lit("keep")))
    )
    joined = both.select(
        *[
            F.when(is_new, column(name, "n")).otherwise(column(name, "o")).alias(name)
            for name in keys
        ],
        *[column(name, "n").alias(name) for name in rows.columns if name not in keys],
        *[column(name, "o").alias(name) for name in only_old],
        todo.alias(_DO),
    )
    return joined.withColumn(_DO, F.explode(_DO))


def _moment(session: SparkSession, version: Any, columns: StructType) -> Column:
    """Return what versions that begin now are known by, in the type that the table has for it.

    Raises:
        UsageError: it has no such type.
    """
    from pyspark.sql import functions as F  # noqa: N812

    kind = columns[START].dataType
    if version is None:
        return F.current_timestamp().cast(kind)
    given = version_literal(version)
    come = session.range(0).select(given.alias(START)).schema[START].dataType
    exact_types.together(kind, come, START, widens=False)
    lost = exact_values.loses(given, come, kind)
    if lost is not None and session.range(1).select(lost).first()[0]:
        raise UsageError(
            f"version {version!r} of the snapshot does not fit {START}, which is "
            f"{kind.simpleString()}; nothing was written"
        )
    return exact_values.converted(given, come, kind)
