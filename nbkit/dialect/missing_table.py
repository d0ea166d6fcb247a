"""A table that is not there: the nearest that are, in all catalogs, and where two are confused.

Looked for only when an error is shown: code that asks whether a table is there by trying to read
it waits for nothing.
"""

from __future__ import annotations

import functools
import time
import typing
from dataclasses import dataclass

from nbkit.dialect.catalog_use import names_in, starts_of
from nbkit.dialect.grammar import name_parts
from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.tokens import tokens
from nbkit.near import hint
from nbkit.spark.catalogs import OWN, in_written_names

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyspark.sql import SparkSession

_MISSING = {"TABLE_OR_VIEW_NOT_FOUND": "relationName", "DELTA_MISSING_DELTA_TABLE": "tableName"}
"""Conditions of errors, and which of their parameters is the name."""

_OF_SESSION = {"", "spark_catalog", *OWN}
_PATIENCE_SECONDS = 1.5
_SHOWN = 3
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that is there.

    Attributes:
        catalog: empty for the session's own.
        schema: empty for a temporary view.
        name: in it.
    """

    catalog: str
    schema: str
    name: str

    def label(self, levels: int) -> str:
        """Return what is compared with a name of so many levels."""
        parts = (self.catalog or OWN[0], self.schema, self.name)
        return ".".join(part for part in parts[_LEVELS - levels :] if part)


@dataclass(frozen=True, slots=True)
class Here:
    """Where names without a catalog or a schema belong; a catalog is empty for the session's own.

    Attributes:
        catalog, schema: those in use.
        own: what the session's own catalog is called where it has to be said.
    """

    catalog: str = ""
    schema: str = "default"
    own: str = OWN[0]

    def spoken(self, table: Table) -> str:
        """Return a table's name as SQL has it here: no longer than it has to be."""
        parts = [table.schema, table.name] if table.schema else [table.name]
        if table.schema and table.catalog:
            parts = [table.catalog, *parts]
        elif table.schema and self.catalog:
            parts = [self.own, *parts]
        return ".".join(map(quoted_part, parts))


def tail(missing: Sequence[str], here: Here, there: Sequence[Table]) -> str:
    """Return how a sentence goes on that says that there is no such table; empty for no advice.

    Args:
        missing: the parts of the name, as its author wrote them.
        here: what is in use.
        there: all tables that there are.
    """
    parts = _split(missing)
    if not _is_name(parts):
        return ""
    wanted = _wanted(parts, here)
    found = sorted(there, key=lambda each: _nearness(each, wanted))
    if wanted in map(_lower, found):
        return ""  # something else is the matter with it
    if said := in_other_catalogs(missing, here, found):
        return said
    alike = [each for each in found if each.name.lower() == wanted[2] and each.schema]
    if alike:
        return f"; nearest: {', '.join(map(here.spoken, alike[:_SHOWN]))}"
    labels: dict[str, str] = {}
    for each in found:
        labels.setdefault(each.label(len(parts)), here.spoken(each))
    return hint(".".join(parts), labels, labels.__getitem__)


def in_other_catalogs(missing: Sequence[str], here: Here, there: Iterable[Table]) -> str:
    """Return what `tail` does where other catalogs have a table of this schema and name."""
    parts = _split(missing)
    if not _is_name(parts):
        return ""
    catalog, *wanted = _wanted(parts, here)
    others = [each for each in there if [*_lower(each)[1:]] == wanted]
    if not others:
        return ""
    said = f", but {', '.join(map(here.spoken, others[:_SHOWN]))} in another catalog"
    named = catalog or others[0].catalog  # the one of the two that has a name
    confused = {catalog, others[0].catalog} == {"", named}
    if here.catalog or not confused or (not catalog and len(parts) == _LEVELS):
        return said
    two = ".".join(map(quoted_part, (others[0].schema, others[0].name)))
    return (
        f'{said}: with `[spark] default_catalog = "{named}"` in nbkit.toml, {two} means '
        f"{quoted_part(named)}.{two}, as it does on Databricks"
    )


def _is_name(parts: Sequence[str]) -> bool:
    return all(parts) and len(parts) <= _LEVELS and "/" not in parts[-1]


def _split(missing: Sequence[str]) -> list[str]:
    """Return the parts of a name, also of one whose author put back-ticks around the whole."""
    if len(missing) == 1 and "/" not in missing[0]:
        return missing[0].split(".")
    return list(missing)


def _wanted(parts: Sequence[str], here: Here) -> tuple[str, str, str]:
    whole = [*(here.catalog, here.schema)[: _LEVELS - len(parts)], *parts]
    catalog, schema, name = (each.lower() for each in whole)
    return "" if catalog in _OF_SESSION else catalog, schema, name


def _lower(table: Table) -> tuple[str, str, str]:
    return table.catalog.lower(), table.schema.lower(), table.name.lower()


def _nearness(table: Table, wanted: tuple[str, str, str]) -> tuple[object, ...]:
    catalog, schema, _ = _lower(table)
    return catalog != wanted[0], schema != wanted[1], *_lower(table)


def sentence(error: typing.Any, spark: SparkSession) -> str:
    """Return what to add to an error about a table; empty for others, and without advice."""
    parameter = _MISSING.get(error.getCondition() or "")
    said = (error.getMessageParameters() or {}).get(parameter or "", "")
    if not said:
        return ""
    starts = starts_of(spark)
    parts = name_parts(tokens(in_written_names(said, starts)))
    if parts[0] == "spark_catalog" and len(parts) == _LEVELS:
        parts = parts[1:]  # Spark's word, not the author's
    more = tail(parts, here(spark), listed(spark, parts))
    name = ".".join(map(quoted_part, parts))
    return f"nbkit: there is no table {name} here{more}." if more else ""


def here(spark: SparkSession) -> Here:
    """Return what is in use."""
    catalog, schema = spark.catalog.currentCatalog(), spark.catalog.currentDatabase()
    own = OWN[0] if spark.conf.get(f"spark.sql.catalog.{OWN[0]}", None) else "spark_catalog"
    return Here("" if catalog in _OF_SESSION else catalog, schema, own)


def listed(spark: SparkSession, parts: Sequence[str]) -> list[Table]:
    """Return the tables and views of all catalogs, as many as can be had in a moment.

    Args:
        spark: the session.
        parts: of the name that is looked for; schemas that are called as its own come first.
    """
    session = spark._jsparkSession  # noqa: SLF001 - PySpark has no other way that takes no query
    own, external = session.sessionState().catalog(), session.sharedState().externalCatalog()
    found = [Table("", "", name) for name in names_in(own.getTempViewNames())]
    views = own.globalTempViewManager()
    found += [Table("", views.database(), name) for name in names_in(views.listViewNames("*"))]
    starts = sorted(starts_of(spark).items(), key=lambda each: -len(each[1]))
    places = {}
    for inner in names_in(external.listDatabases()):
        of = next((each for each in starts if inner.startswith(each[1].lower())), ("", ""))
        places[inner] = (of[0] if of[1] else "", inner[len(of[1]) :])
    wanted = parts[-2].lower() if len(parts) > 1 else spark.catalog.currentDatabase().lower()
    until = time.monotonic() + _PATIENCE_SECONDS
    for inner in sorted(places, key=lambda each: places[each][1] not in {wanted, "default"}):
        found += [Table(*places[inner], name) for name in names_in(external.listTables(inner))]
        if time.monotonic() > until:
            break
    return found


def will_tell(error: typing.Any) -> None:
    """Let the text of an error begin with `sentence` from now on."""
    error._nbkit_said = None  # noqa: SLF001 - PySpark itself asks for the text before it raises one


def shown_with_advice(show: Callable[..., str]) -> Callable[..., str]:
    """Return the text of PySpark's errors, with a sentence first where a table is missing."""

    @functools.wraps(show)
    def text(self: typing.Any) -> str:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        if self.__dict__.get("_nbkit_said", "") is None:
            spark = SparkSession.getActiveSession()
            try:
                self._nbkit_said = sentence(self, spark) if spark else ""
            except (Py4JError, PySparkException, OSError):  # the driver went away meanwhile
                self._nbkit_said = ""
        said = show(self)
        before = self.__dict__.get("_nbkit_said")
        return f"{before}\n{said}" if before else said

    return text
