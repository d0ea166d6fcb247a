"""Catalogs by people's own names: found where something is in them, or made on first use.

Spark is asked first. Only what it refuses for the sake of a catalog is looked at, and its own
error says which one that is: nothing in a statement is taken for a catalog that is none.
"""

from __future__ import annotations

import functools
import inspect
import typing

from nbkit import foreign_errors
from nbkit.dialect.grammar import matched, name_parts
from nbkit.dialect.tokens import closing, starts, tokens
from nbkit.spark.catalogs import ANY, filled, known_by, may_be_made, new, prefixes
from nbkit.spark.session_settings import settings_of

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.sql_call import GoOn, SqlCall
    from nbkit.dialect.tokens import Token

    _Method = Callable[..., typing.Any]

_MADE = (
    "(CREATE [OR (REPLACE|REFRESH)]|REPLACE) [EXTERNAL] [MATERIALIZED|STREAMING]"
    " (SCHEMA|DATABASE|TABLE|VIEW|VOLUME|FUNCTION) [IF NOT EXISTS] <name>"
)
_KEY = "spark.sql.catalog."
_DROPPED = "DROP [MATERIALIZED] (SCHEMA|DATABASE|TABLE|VIEW|FUNCTION) IF EXISTS"
_BEFORE_STATEMENTS = frozenset({";", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT"})
_LEVELS = {"dbName": 2, "catalogName": 1}
_NAMES = (
    *("tableName", "name", "table", "functionName", "tableOrViewName", "identifier"),
    *("viewName", "dbName", "catalogName"),
)


def makes_in(statement: str, catalog: str) -> bool:
    """Say whether a statement makes something in a catalog.

    Args:
        statement: one SQL statement.
        catalog: the one that Spark does not know.
    """
    cut = tokens(statement)
    made = matched(_MADE, cut)
    if made is None:
        return False
    if starts(cut, made.end - 1, "IDENTIFIER", "("):  # of what, Spark alone knows
        return not _named(cut, catalog)
    return name_parts(made.of("name"))[0].lower() == catalog.lower()


def is_script(statement: str) -> bool:
    """Say whether SQL is a script: one that fails has done a part, and is not asked again."""
    cut = tokens(statement)
    return starts(cut, 2 if starts(cut, 1, ":") else 0, "BEGIN")


def in_script(statement: str) -> dict[str, bool]:
    """Return the catalogs that a script may name, and whether it makes something in them."""
    cut = tokens(statement)
    named: dict[str, bool] = {}
    for at in range(len(cut)):
        if at and cut[at - 1].upper in _BEFORE_STATEMENTS and (made := matched(_MADE, cut, at)):
            parts = name_parts(made.of("name"))
            of_a_schema = {"SCHEMA", "DATABASE"} & {token.upper for token in cut[at : made.end]}
            if len(parts) == (2 if of_a_schema else 3):
                named[parts[0]] = True
        elif not starts(cut, at - 1, ".") and (name := matched("<name>", cut, at)):
            parts = name_parts(name.of("name"))
            if len(parts) == 3:  # noqa: PLR2004
                named.setdefault(parts[0], False)
    return named


def _named(found: Sequence[Token], catalog: str) -> bool:
    """Say whether a name begins with a catalog, outside of `IDENTIFIER(…)`."""
    at = 0
    while at < len(found):
        if starts(found, at, "IDENTIFIER", "("):
            at = closing(found, at + 1)
        named = matched("<name>", found, at)
        if named and name_parts(named.of("name"))[0].lower() == catalog.lower():
            return True
        at = named.end if named else at + 1
    return False


def drops_if_there(statement: str) -> bool:
    """Say whether a statement drops something, if there is such a thing."""
    return matched(_DROPPED, tokens(statement)) is not None


def schemas_of(spark: SparkSession) -> list[str]:
    """Return the names of all schemas in the session's own catalog."""
    own = spark._jsparkSession.sessionState().catalog()  # noqa: SLF001 - without a query
    return names_in(own.listDatabases())


def names_in(found: typing.Any) -> list[str]:
    """Return the names in a collection of Scala's, by one question to the JVM."""
    return [name for name in str(found.mkString("\n")).split("\n") if name]


def starts_of(spark: SparkSession) -> dict[str, str]:
    """Return what the schemas of each catalog begin with that the session has, or may have."""
    conf = settings_of(spark)
    known = prefixes(conf)
    more = filled(schemas_of(spark)) if conf.get(ANY) else {}
    return known | {name: at for name, at in more.items() if at not in known.values()}


def catalogs_of(spark: SparkSession) -> list[str]:
    """Return the catalogs of three-level names that there are, in alphabetical order."""
    return sorted(starts_of(spark))


def other_spellings(spark: SparkSession) -> list[str]:
    """Return the names under which a session knows catalogs a second time, in another case."""
    conf = settings_of(spark)
    return [key.split(".")[3] for key in conf if key.startswith(_KEY) and key.endswith(".of")]


def found(name: str, spark: SparkSession) -> bool:
    """Say whether there is a catalog, and let the session know it.

    Args:
        name: as the author wrote it.
        spark: the session.
    """
    if spark.conf.get(f"spark.sql.catalog.{name}", None):
        return True
    settings = known_by(name, settings_of(spark), lambda: schemas_of(spark))
    _learn(settings or {}, spark)
    return settings is not None


def can_make(name: str, spark: SparkSession) -> bool:
    """Say whether a catalog would be made for what is made in it."""
    return bool(spark.conf.get(ANY, None)) and may_be_made(name)


def added(name: str, spark: SparkSession) -> bool:
    """Let the session know a catalog that is new; False if there may be none of this name."""
    if not can_make(name, spark):
        return False
    _learn(new(name), spark)
    return True


def make(name: str, spark: SparkSession) -> bool:
    """Do what `added` does, and say so in one line."""
    made = added(name, spark)
    if made:
        print(f"nbkit: made the catalog {name.lower()}")
    return made


def _learn(settings: dict[str, str], spark: SparkSession) -> None:
    for key, value in settings.items():
        spark.conf.set(key, value)


def with_catalogs(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Ask Spark; if it lacks a catalog that is there or that the statement makes, once more."""
    from pyspark.errors import AnalysisException

    spark = call.spark
    script = is_script(call.text)
    for name, makes in in_script(call.text).items() if script else ():
        if not found(name, spark) and makes:
            make(name, spark)
    try:
        return go_on(call)
    except AnalysisException as error:
        said = getattr(error, "_desc", "") or ""  # its text would be looked up for a person
        name = foreign_errors.NO_CATALOG.said(said)
        if script or not name or spark.conf.get(f"spark.sql.catalog.{name}", None):
            raise
        if found(name, spark) or (makes_in(call.text, name) and make(name, spark)):
            return with_catalogs(call, go_on)
        if can_make(name, spark) and drops_if_there(call.text):
            return spark.range(0).select()
        raise


def reading(method: _Method) -> _Method:
    """Return a method whose name of something may lie in a catalog of an earlier session."""
    return _with_catalog(method, found)


def making(method: _Method) -> _Method:
    """Return a method that makes what it names, or uses it: its catalog is made too."""
    return _with_catalog(method, lambda name, spark: found(name, spark) or make(name, spark))


def using(method: _Method) -> _Method:
    """Return `setCurrentDatabase`, for which a name may have a catalog before the schema."""

    @functools.wraps(method)
    def call(self: typing.Any, dbName: str) -> None:  # noqa: N803 - PySpark's
        if catalog_in(dbName, 2):
            _session_of([self]).sql(f"USE {dbName}")
        else:
            method(self, dbName)

    return call


def looking(method: _Method) -> _Method:
    """Return a method that says whether something exists: not in a catalog that could be made."""

    def nowhere(name: str, spark: SparkSession) -> bool | None:
        return None if not found(name, spark) and can_make(name, spark) else True

    return _with_catalog(method, nowhere, absent=False)


_SOMETHING = object()


def _with_catalog(
    method: _Method,
    look: Callable[[str, SparkSession], bool | None],
    absent: typing.Any = _SOMETHING,
) -> _Method:
    parameters = list(inspect.signature(method).parameters)
    wanted = next(name for name in _NAMES if name in parameters)
    place, levels = parameters.index(wanted), _LEVELS.get(wanted, 3)

    @functools.wraps(method)
    def again(*args: typing.Any, **named: typing.Any) -> typing.Any:
        name = args[place] if place < len(args) else named.get(wanted)
        catalog = catalog_in(name, levels) if isinstance(name, str) else ""
        if catalog and look(catalog, _session_of(args)) is None:
            return absent
        return method(*args, **named)

    return again


def catalog_in(name: str, levels: int = 3) -> str:
    """Return the catalog of a name of so many levels; empty for a shorter one."""
    named = matched("<name>", tokens(name))
    parts = name_parts(named.of("name")) if named and named.is_all else []
    return parts[0] if len(parts) == levels else ""


def _session_of(args: Sequence[typing.Any]) -> SparkSession:
    """Return the session of what a method belongs to, or is given first."""
    from pyspark.sql import SparkSession

    own = next((each for each in args[:2] if isinstance(each, SparkSession)), None)
    for attribute in ("_sparkSession", "_spark", "sparkSession"):
        own = own or getattr(args[0], attribute, None)
    return typing.cast("SparkSession", own)
