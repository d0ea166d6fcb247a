"""What PySpark and Delta in this process have to learn for three-level names to work everywhere.

The names themselves are the driver's business (`nbkit.spark.catalogs`). Here: statements that
only Unity Catalog knows, errors that tell how to add a catalog, and a builder of Delta's that
reads two levels only.
"""

from __future__ import annotations

import functools
import re
import typing

from nbkit.dialect import copy_into, paths, show_create
from nbkit.dialect.connectors import missing
from nbkit.dialect.databricks_syntax import immediate, in_sparks_words, without_keys
from nbkit.dialect.json_paths import with_json_functions
from nbkit.dialect.paths import NO_SAMPLES, SAMPLES
from nbkit.dialect.three_level_functions import in_own_catalog
from nbkit.dialect.unity_catalog import local, uncommented, unknown_catalog
from nbkit.spark.catalogs import PLUGIN, catalog_conf, session_name, whole_name, written_name

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.errors import AnalysisException
    from pyspark.sql import DataFrame, SparkSession

_KEY = "spark.sql.catalog."
_NO_PLUGIN = (
    "nbkit: three-level names do not work here, since nbkit's catalog plug-in could not be "
    "compiled; `nbkit doctor --fix` says why."
)
_MISSING = re.compile(
    r"got identifier `(?P<a>[^`]+)`\.`"
    r"|Couldn't find a catalog to handle the identifier (?P<b>[\w-]+)\."
    r"|The catalog `(?P<c>[^`]+)` not found"
    r"|not supported by v1 session catalog: (?P<d>[\w-]+)\."
    r"|The schema `spark_catalog`\.`(?P<e>[^`]+)`\.`"
)
_UNSUPPORTED = "UNSUPPORTED_FEATURE.TABLE_OPERATION"
_NO_VARIANT = "COLUMN_IS_NOT_VARIANT_TYPE"
_NO_STATISTICS = "NOT_SUPPORTED_COMMAND_FOR_V2_TABLE"
_SHOW = re.compile(r"\s*SHOW\s+CATALOGS\b", re.IGNORECASE)
_DETAIL = re.compile(r"\s*DESC(RIBE)?\s+DETAIL\b", re.IGNORECASE)
_ANALYZE = re.compile(r"\s*ANALYZE\s+TABLE\b", re.IGNORECASE)


def catalogs_of(spark: SparkSession) -> list[str]:
    """Return the catalogs of three-level names that a session has."""
    conf = spark.conf.getAll
    return [name.removeprefix(_KEY) for name in sorted(conf) if conf[name] == PLUGIN]


def understand_in_pyspark() -> None:
    """Let `spark.sql` of this process answer what only Unity Catalog knows."""
    from pyspark.errors.exceptions import captured
    from pyspark.sql.session import SparkSession

    if not hasattr(SparkSession.sql, "by_three_levels"):
        SparkSession.sql = _local_first(SparkSession.sql)
        captured.convert_exception = _with_advice(captured.convert_exception)


def understand_in_delta() -> None:
    """Let `DeltaTable.create…` take three-level names, and `forName` short ones of a catalog."""
    from delta.tables import DeltaTable, DeltaTableBuilder

    take = DeltaTableBuilder.tableName
    if hasattr(take, "by_three_levels"):
        return

    @functools.wraps(take)
    def table_name(self: typing.Any, identifier: str) -> typing.Any:
        return take(self, session_name(identifier, self._spark.conf.getAll))

    table_name.by_three_levels = True  # type: ignore[attr-defined]
    DeltaTableBuilder.tableName = table_name
    find = DeltaTable.forName.__func__

    @functools.wraps(find)
    def for_name(cls: type, sparkSession: SparkSession, tableOrViewName: str) -> typing.Any:  # noqa: N803 - Delta's
        return find(cls, sparkSession, _of_delta(tableOrViewName, sparkSession))

    DeltaTable.forName = classmethod(for_name)


def _of_delta(name: str, spark: SparkSession) -> str:
    """Return a table's name with the catalog that is in use, which Delta does not look at."""
    own = spark.catalog.currentCatalog() == "spark_catalog"
    of_a_path = name.partition(".")[0].lower() == "delta"
    return name if own or of_a_path else whole_name(name, spark)


def _local_first(run: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    @functools.wraps(run)
    def sql(self: SparkSession, sqlQuery: str, *args: typing.Any, **named: typing.Any) -> DataFrame:  # noqa: N803 - PySpark's
        if expression := immediate(uncommented(sqlQuery)):
            made = run(self, f"SELECT {expression}").first()[0]
            sqlQuery = made or sqlQuery  # noqa: N806 - of nothing, Spark complains better
        if copy := copy_into.parsed(sqlQuery):
            return copy_into.run(copy, self)
        todo = local(sqlQuery, lambda: catalogs_of(self))
        if todo is None:
            return _as_spark(functools.partial(run, **named), self, sqlQuery, *args)
        if todo.catalog:
            for name, value in catalog_conf([todo.catalog]).items():
                self.conf.set(name, value)
        if todo.folder:
            folder = paths.of(todo.folder).local
            assert folder is not None, todo.folder
            folder.mkdir(parents=True, exist_ok=True)
        if todo.note:
            print(todo.note)
        return run(self, todo.sql) if todo.sql else self.range(0).select()

    sql.by_three_levels = True  # type: ignore[attr-defined]
    return sql


def _as_spark(run: Callable[..., DataFrame], spark: SparkSession, *given: typing.Any) -> DataFrame:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException

    if _SHOW.match(given[0]):  # Spark shows those that were used before
        for name in catalogs_of(spark):
            spark._jsparkSession.sessionState().catalogManager().catalog(name)  # noqa: SLF001
    try:
        found = run(spark, *given)
        return _with_written_name(found) if _DETAIL.match(given[0]) else found
    except AnalysisException as error:
        other = _otherwise(error, uncommented(given[0]), spark)
        if other is not None:
            return _as_spark(run, spark, other, *given[1:])
        created = show_create.answered(error, uncommented(given[0]), spark)
        if created is not None:
            return created
        if not _ANALYZE.match(given[0]) or error.getCondition() != _NO_STATISTICS:
            raise
        print("nbkit: skipped ANALYZE TABLE: Delta's log has the statistics that Spark uses here")
        return spark.range(0).select()
    except Py4JJavaError as error:  # Spark 4.2 has no message for this one, and fails to raise it
        other = with_json_functions(given[0])
        if other == given[0] or _NO_VARIANT not in str(error.java_exception):
            raise
        return _as_spark(run, spark, other, *given[1:])


def _otherwise(error: AnalysisException, statement: str, spark: SparkSession) -> str | None:
    """Return what an author may have meant by a statement that Spark refused."""
    from pyspark.errors import ParseException

    if isinstance(error, ParseException):
        other = in_sparks_words(statement)
        return other if other != statement else None
    if error.getCondition() == _UNSUPPORTED and (other := without_keys(statement)) != statement:
        print("nbkit: left out the table's keys: Delta keeps none, and Databricks enforces none")
        return other
    return in_own_catalog(error, statement, spark)


def _with_written_name(detail: DataFrame) -> DataFrame:
    """Return what Delta tells of a table, called as its author calls it."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    name = detail.first()["name"]
    if not name:
        return detail  # a table without one, by its path
    own = name.removeprefix("spark_catalog.")
    written = written_name(own, detail.sparkSession.conf.getAll)
    return detail if written == own else detail.withColumn("name", F.lit(written))


def _with_advice(convert: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    @functools.wraps(convert)
    def convert_with_advice(java_error: typing.Any) -> typing.Any:
        from pyspark.errors.exceptions import captured

        error = convert(java_error)
        said = getattr(error, "_desc", None) or ""
        if advice := _advice(said):
            if isinstance(error, captured.UnknownException):
                error = captured.AnalysisException(origin=java_error)
            error._desc = f"{advice}\n{said}"  # noqa: SLF001 - PySpark has no other way
        return error

    return convert_with_advice


def _advice(said: str) -> str:
    """Return what to do about an error that is about a catalog; empty for others."""
    from pyspark.sql.session import SparkSession

    if f": {PLUGIN}" in said and "plugin class" in said:
        return _NO_PLUGIN
    if advice := missing(said):
        return advice
    if "PATH_NOT_FOUND" in said and SAMPLES in said:
        return f"nbkit: {NO_SAMPLES}."
    found = _MISSING.search(said)
    spark = SparkSession.getActiveSession()
    if found is None or spark is None:
        return ""
    name = next(filter(None, found.groups()))
    known = catalogs_of(spark)
    return "" if name in {*known, "spark_catalog"} else unknown_catalog(name, known)
