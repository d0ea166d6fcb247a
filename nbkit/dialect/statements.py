"""What PySpark and Delta in this process have to learn for three-level names to work everywhere.

The names themselves are the driver's business (`nbkit.spark.catalogs`). Here: statements that
only Unity Catalog knows, errors that tell how to add a catalog, and a builder of Delta's that
reads two levels only.
"""

from __future__ import annotations

import functools
import typing
from dataclasses import replace

from nbkit import foreign_errors
from nbkit.dialect import (
    catalog_use,
    copy_into,
    missing_table,
    not_in_spark,
    paths,
    show_create,
    sql_paths,
)
from nbkit.dialect.catalog_use import catalogs_of
from nbkit.dialect.connectors import missing
from nbkit.dialect.databricks_syntax import immediate, in_sparks_words, without_keys
from nbkit.dialect.grammar import matched
from nbkit.dialect.json_paths import with_json_functions
from nbkit.dialect.parameters import with_values
from nbkit.dialect.paths import NO_SAMPLES, SAMPLES
from nbkit.dialect.sql_call import SqlCall
from nbkit.dialect.sql_text import literal, quoted_part
from nbkit.dialect.three_level_functions import in_own_catalog
from nbkit.dialect.tokens import Edit, edited, tokens
from nbkit.dialect.unity_catalog import Catalogs, local, unknown_catalog
from nbkit.spark.catalogs import (
    OWN,
    catalog_conf,
    in_written_names,
    session_name,
    whole_name,
    written_name,
)
from nbkit.spark.session_settings import settings_of

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.errors import AnalysisException
    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.sql_call import GoOn
    from nbkit.dialect.tokens import Token

_NO_PLUGIN = (
    "nbkit: three-level names do not work here, since nbkit's catalog plug-in could not be "
    "compiled; `nbkit doctor --fix` says why."
)
_COMPUTED = (
    "((USE|SET|CREATE|DESC|DESCRIBE) CATALOG|USE [SCHEMA|DATABASE|NAMESPACE]"
    "|CREATE [EXTERNAL] VOLUME"
    "|SHOW (SCHEMAS|DATABASES) (IN|FROM)) [IF NOT EXISTS] {what IDENTIFIER} <made:list>"
)
_UNSUPPORTED = "UNSUPPORTED_FEATURE.TABLE_OPERATION"
_NO_MARKERS = "UNSUPPORTED_FEATURE.PARAMETER_MARKER_IN_UNEXPECTED_STATEMENT"
_NO_STATISTICS = "NOT_SUPPORTED_COMMAND_FOR_V2_TABLE"


def immediately(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Let what `EXECUTE IMMEDIATE` makes be the statement that goes on."""
    place = immediate(call.text)
    if place is None:
        return go_on(call)
    begin, end, alone = place
    made = _made(call, call.text[begin:end], go_on)
    if made is None:
        return go_on(call)  # of nothing, Spark complains better
    if alone:
        return go_on(replace(call, text=made, args=None))
    changes = sql_paths.path_edits(made)
    if not changes:
        return go_on(call)
    change = Edit(begin, end, literal(edited(made, changes)))
    return go_on(call.saying(edited(call.text, [change])))


def _made(call: SqlCall, expression: str, go_on: GoOn) -> str | None:
    """Return the text that an expression makes: a plain text needs no Spark for it."""
    found = tokens(expression)
    if all(token.kind == "text" for token in found):
        return "".join(token.value for token in found)
    row = go_on(call.saying(f"SELECT {expression}")).first()
    return row[0] if row and isinstance(row[0], str) and row[0].strip() else None


def copied(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Answer `COPY INTO`."""
    copy = copy_into.parsed(call.text)
    return copy_into.run(copy, call.spark) if copy else go_on(call)


def local_first(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Do what only Unity Catalog knows, or say that it was skipped."""
    spark = call.spark
    call = _said_outright(call, go_on)
    here = Catalogs(
        lambda: catalogs_of(spark),
        lambda name: catalog_use.can_make(name, spark),
        lambda name: spark.catalog.databaseExists(f"{quoted_part(_in_use(spark)[0])}.{name}"),
        lambda: _in_use(spark),
    )
    todo = local(call.text, here)
    if todo is None:
        return go_on(call)
    if todo.catalog and not catalog_use.found(todo.catalog, spark):
        made = catalog_use.make(todo.catalog, spark)
        for name, value in ({} if made else catalog_conf([todo.catalog])).items():
            spark.conf.set(name, value)
        if todo.schema and not spark.catalog.databaseExists(todo.schema):
            go_on(SqlCall(spark, f"CREATE SCHEMA {todo.schema}"))
            print(f"nbkit: made the schema {todo.schema}")
    if todo.catalog in OWN:  # which shows what is in no other, so the others must be known
        for name in catalogs_of(spark):
            catalog_use.found(name, spark)
    if todo.folder:
        folder = paths.of(todo.folder).local
        assert folder is not None, todo.folder
        folder.mkdir(parents=True, exist_ok=True)
    if todo.note:
        print(todo.note)
    return go_on(call.saying(todo.sql)) if todo.sql else _nothing(spark)


def _in_use(spark: SparkSession) -> list[str]:
    """Return the catalog and the schema in use."""
    return [spark.catalog.currentCatalog(), spark.catalog.currentDatabase()]


def _said_outright(call: SqlCall, go_on: GoOn) -> SqlCall:
    """Return a statement of Unity Catalog's with the name that `IDENTIFIER(…)` makes."""
    said = matched(_COMPUTED, tokens(call.text))
    if said is None:
        return call
    begin, end = said.span("made")
    row = go_on(call.saying(f"SELECT {call.text[begin:end]}")).first()
    name = str(row[0]) if row else ""
    named = matched("<name>", tokens(name))
    if named is None or not named.is_all:
        return call
    change = Edit(said.span("what")[0], end, name)
    return replace(call, text=edited(call.text, [change]), args=None)


def asked_again(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Ask Spark; what it refuses once more in its own words, if there are any for it."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException

    found = tokens(call.text)
    spark = call.spark
    if matched("SHOW CATALOGS", found):  # Spark shows those that were used before
        for name in catalogs_of(spark):
            catalog_use.found(name, spark)
            spark._jsparkSession.sessionState().catalogManager().catalog(name)  # noqa: SLF001
    try:
        answer = go_on(call)
        if matched("SHOW CATALOGS", found):
            return answer.where(~answer.catalog.isin(catalog_use.other_spellings(spark)))
        detailed = matched("(DESC|DESCRIBE) DETAIL", found)
        return _with_written_name(answer) if detailed else answer
    except AnalysisException as error:
        other = _otherwise(error, call, spark)
        if other is not None:
            return asked_again(other, go_on)
        created = show_create.answered(error, call.text, spark)
        if created is not None:
            return created
        if not matched("ANALYZE TABLE", found) or error.getCondition() != _NO_STATISTICS:
            _say_what_is_missing(error, found)
            raise
        print("nbkit: skipped ANALYZE TABLE: Delta's log has the statistics that Spark uses here")
        return _nothing(spark)
    except Py4JJavaError as error:  # Spark 4.2 has no message for this one, and fails to raise it
        text = with_json_functions(call.text)
        no_variant = foreign_errors.NO_VARIANT.said(str(error.java_exception))
        if text == call.text or not no_variant:
            raise
        return asked_again(call.saying(text), go_on)


def with_paths(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Let Spark find Databricks' paths."""
    edits = sql_paths.path_edits(call.text)
    return go_on(call.saying(edited(call.text, edits)) if edits else call)


def _nothing(spark: SparkSession) -> DataFrame:
    return spark.range(0).select()


def _otherwise(error: AnalysisException, call: SqlCall, spark: SparkSession) -> SqlCall | None:
    """Return what an author may have meant by a statement that Spark refused."""
    from pyspark.errors import ParseException

    condition, text = error.getCondition() or "", call.text
    if condition == _NO_MARKERS:
        filled = with_values(text, call.args)
        return replace(call, text=filled, args=None) if filled is not None else None
    if isinstance(error, ParseException):
        other: str | None = in_sparks_words(text)
    elif condition == _UNSUPPORTED and (other := without_keys(text)) != text:
        print("nbkit: left out the table's keys: Delta keeps none, and Databricks enforces none")
    else:
        other = in_own_catalog(error, text, spark)
    return call.saying(other) if other and other != text else None


def _say_what_is_missing(error: AnalysisException, found: Sequence[Token]) -> None:
    said = getattr(error, "_desc", None)
    advice = not_in_spark.advice(error, found)
    if advice and said is not None:
        error._desc = f"nbkit: {advice}.\n{said}"  # noqa: SLF001 - PySpark has no other way


def _with_written_name(detail: DataFrame) -> DataFrame:
    """Return what Delta tells of a table, called as its author calls it."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    name = detail.first()["name"]
    if not name:
        return detail  # a table without one, by its path
    own = name.removeprefix("spark_catalog.")
    written = written_name(own, settings_of(detail.sparkSession))
    return detail if written == own else detail.withColumn("name", F.lit(written))


def of_three_levels(take: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return Delta's `DeltaTableBuilder.tableName`, which reads two levels, for three."""

    @functools.wraps(take)
    def table_name(self: typing.Any, identifier: str) -> typing.Any:
        whole = _of_delta(identifier, self._spark).removeprefix("spark_catalog.")
        own = session_name(whole, settings_of(self._spark))
        schema = own.rpartition(".")[0]
        if schema.endswith("__default`"):  # every catalog has it, before anything is in it
            self._spark.sql(f"CREATE SCHEMA IF NOT EXISTS spark_catalog.{schema}")
        return take(self, own)

    return table_name


def in_the_own_catalog(execute: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return Delta's `DeltaTableBuilder.execute`, which makes and finds in the session's own."""

    @functools.wraps(execute)
    def executed(self: typing.Any) -> typing.Any:
        catalog = self._spark.catalog
        here, schema = catalog.currentCatalog(), catalog.currentDatabase()
        if here == "spark_catalog":
            return execute(self)
        catalog.setCurrentCatalog("spark_catalog")
        try:
            return execute(self)
        finally:
            catalog.setCurrentCatalog(here)
            catalog.setCurrentDatabase(schema)

    return executed


def of_this_catalog(find: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return Delta's `DeltaTable.forName`, which does not look at the catalog that is in use."""

    @functools.wraps(find)
    def for_name(cls: type, sparkSession: SparkSession, tableOrViewName: str) -> typing.Any:  # noqa: N803 - Delta's
        return find(cls, sparkSession, _of_delta(tableOrViewName, sparkSession))

    return for_name


def _of_delta(name: str, spark: SparkSession) -> str:
    """Return a table's name with the catalog that is in use, which Delta does not look at."""
    own = spark.catalog.currentCatalog() == "spark_catalog"
    of_a_path = name.partition(".")[0].lower() == "delta"
    return name if own or of_a_path else whole_name(name, spark)


def with_advice(convert: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return PySpark's `convert_exception`, which then says what to do where nbkit knows it."""

    @functools.wraps(convert)
    def convert_with_advice(e: typing.Any) -> typing.Any:
        from pyspark.errors.exceptions import captured

        error = convert(e)
        said = getattr(error, "_desc", None) or ""
        if isinstance(error, captured.AnalysisException):
            simple = e.getSimpleMessage()  # without Spark's plan, which tells its reader nothing
            error._desc = said = simple if said.startswith(simple) else said  # noqa: SLF001
            missing_table.will_tell(error)
        if (written := _as_written(said)) != said:
            error._desc = said = written  # noqa: SLF001
        if advice := _advice(said) or not_in_spark.of_routine(error):
            if isinstance(error, captured.UnknownException):
                error = captured.AnalysisException(origin=e)
            error._desc = f"{advice}\n{said}"  # noqa: SLF001 - PySpark has no other way
        return error

    return convert_with_advice


def _as_written(said: str) -> str:
    """Return what Spark says, with the names that authors use for what is in a catalog."""
    from pyspark.sql.session import SparkSession

    spark = SparkSession.getActiveSession()
    if "spark_catalog" not in said or "__" not in said or spark is None:
        return said
    return in_written_names(said, catalog_use.starts_of(spark))


def _advice(said: str) -> str:
    """Return what to do about an error that is about a catalog; empty for others."""
    from pyspark.sql.session import SparkSession

    if foreign_errors.NO_PLUGIN.said(said):
        return _NO_PLUGIN
    if advice := missing(said):
        return advice
    if foreign_errors.NO_PATH.said(said) and SAMPLES in said:
        return f"nbkit: {NO_SAMPLES}."
    name = foreign_errors.NO_CATALOG.said(said)
    spark = SparkSession.getActiveSession()
    if not name or spark is None:
        return ""
    known = catalogs_of(spark)
    if name in {*known, "spark_catalog"}:
        return ""
    return unknown_catalog(name, known, may_make=catalog_use.can_make(name, spark))
