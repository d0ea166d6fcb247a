"""Three-level names: `main.silver.orders` is `nbkit_main__silver.orders` in the session's catalog.

`nbkit.spark.java_classes` makes Spark see it so; here is what it is told. No two catalogs share a
schema: what in a catalog's name Spark's schemas cannot have, or would end the name too early, is
spelt out (`my-cat` is `nbkit_my_zz2dzcat__…`), so that its name can be read back. Nor does a
catalog share one with a schema of two-level names: `main__silver` is nobody's but its author's.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pyspark.sql import SparkSession

_PART = re.compile(r"`(?:[^`]|``)+`|[^.`]+")

PLUGIN = "nbkit.ProjectCatalog"
"""The Java class behind every catalog."""

ANY = "spark.nbkit.anyCatalog"
"""The setting of a driver whose sessions may make catalogs."""

DEFAULT = "spark.sql.defaultCatalog"
"""The setting of Spark's that says which catalog a session begins in."""

_OF = ".of"
_START = "nbkit_"
_END = "__"
_SPELT = re.compile(r"[^a-z0-9_]|_(?![a-z0-9])|_(?=zz)")  # so `__` and `_zz` are never in a name
_READ = re.compile(r"_zz([0-9a-f]+)z")
_NEVER_MADE = {"samples", "global_temp", "session", "builtin", "live"}
_INNER = re.compile(
    r"(?<![\w.`/])(?P<mark>`?)spark_catalog(?P=mark)\.(?P=mark)(?P<schema>\w+__\w+)(?P=mark)"
)

OWN = ("hive_metastore", "workspace")
"""Databricks' names for the catalog that a session begins with: here the session's own.

A notebook makes `t` and reads `workspace.default.t`, or `hive_metastore.default.t` in an older
workspace; it is one and the same table.
"""


def prefix(catalog: str) -> str:
    """Return what the schemas of a catalog begin with where they really are."""
    if catalog.lower() in OWN:
        return ""
    return f"{_START}{_SPELT.sub(_spelt, catalog.lower())}{_END}"


def _spelt(found: re.Match[str]) -> str:
    return f"_zz{ord(found[0]):x}z"


def _catalog_of(schema: str) -> str | None:
    """Return the catalog whose schema this is; None if it is no catalog's."""
    if not schema.startswith(_START):
        return None
    written, mark, _ = schema.removeprefix(_START).partition(_END)
    with contextlib.suppress(ValueError, OverflowError):
        catalog = _READ.sub(lambda found: chr(int(found[1], 16)), written)
        return catalog if prefix(catalog) == f"{_START}{written}{mark}" else None
    return None


def catalog_conf(catalogs: Iterable[str]) -> dict[str, str]:
    """Return the Spark settings by which a session knows catalogs."""
    conf: dict[str, str] = {}
    for name in catalogs:
        key = f"spark.sql.catalog.{name}"
        conf |= {key: PLUGIN, f"{key}.prefix": prefix(name)}
    return conf


def prefixes(conf: Mapping[str, str | None]) -> dict[str, str]:
    """Return what the schemas of each catalog begin with, by its name.

    Args:
        conf: settings of the session.
    """
    known = [name for name in sorted(conf) if conf[name] == PLUGIN and not conf.get(name + _OF)]
    return {name.rpartition(".")[2]: conf.get(f"{name}.prefix") or "" for name in known}


def filled(schemas: Iterable[str]) -> dict[str, str]:
    """Return what `prefixes` does, for catalogs in which something is.

    Args:
        schemas: all that the session's own catalog has.
    """
    found = sorted({name for name in map(_catalog_of, schemas) if name})
    return {name: prefix(name) for name in found if may_be_made(name)}


def may_be_made(name: str) -> bool:
    """Say whether a catalog of this name can be made: none of Spark's or Databricks' own."""
    from nbkit.settings import can_be_catalog

    return can_be_catalog(name) and name.lower() not in {*_NEVER_MADE, *OWN}


def known_by(
    name: str, conf: Mapping[str, str | None], schemas: Callable[[], Iterable[str]]
) -> dict[str, str] | None:
    """Return the settings that a session lacks to know a catalog; None if there is none.

    A catalog is there if the session has it, under whatever case (Spark tells names of catalogs
    apart by it, Databricks does not), or, unless they are restricted, if something is in it.

    Args:
        name: as the author wrote it.
        conf: settings of the session.
        schemas: returns all that the session's own catalog has.
    """
    key = f"spark.sql.catalog.{name}"
    if conf.get(key):
        return {}
    for known, start in prefixes(conf).items():
        if known.lower() == name.lower():
            return {key: PLUGIN, f"{key}.prefix": start, key + _OF: known}
    if not conf.get(ANY) or not may_be_made(name):
        return None
    start = prefix(name.lower())
    return new(name) if any(each.lower().startswith(start) for each in schemas()) else None


def new(name: str) -> dict[str, str]:
    """Return the settings of a catalog that is made: in lower case, as on Databricks."""
    made = catalog_conf([name.lower()])
    return made if name == name.lower() else made | (known_by(name, made, list) or {})


def in_written_names(message: str, known: Mapping[str, str]) -> str:
    """Return a message of Spark's with names as authors write them.

    Args:
        message: such as ``The schema `spark_catalog`.`nbkit_main__silver` cannot be found``.
        known: what the schemas of each catalog begin with.
    """

    def written(found: re.Match[str]) -> str:
        mark, schema = found["mark"], found["schema"]
        for catalog, start in known.items():
            if start and schema.startswith(start.lower()):
                return f"{mark}{catalog}{mark}.{mark}{schema.removeprefix(start.lower())}{mark}"
        return found[0]

    return _INNER.sub(written, message)


def whole_name(name: str, spark: SparkSession) -> str:
    """Return a name with the catalog and the schema that are in use, where it has none.

    Args:
        name: of a table or a function.
        spark: the session.
    """
    parts = _PART.findall(name)
    here = [spark.catalog.currentCatalog(), spark.catalog.currentDatabase()]
    return ".".join([*here[: max(0, 3 - len(parts))], *parts])


def session_name(name: str, conf: Mapping[str, str | None]) -> str:
    """Return a table's name in the session's own catalog, for what knows only two levels.

    Args:
        name: as the author wrote it, such as `main.silver.orders`; others come back as they are.
        conf: settings of the session.
    """
    parts = _PART.findall(name)
    catalog = parts[0].strip("` ") if parts else ""
    if len(parts) != 3 or conf.get(f"spark.sql.catalog.{catalog}") != PLUGIN:  # noqa: PLR2004
        return name
    schema = conf.get(f"spark.sql.catalog.{catalog}.prefix") or ""
    return f"`{schema}{parts[1].strip('` ')}`.{parts[2]}"


def written_name(name: str, conf: Mapping[str, str | None]) -> str:
    """Return a table's name as authors write it, for one in the session's own catalog.

    Args:
        name: such as `nbkit_main__silver.orders`; others come back as they are.
        conf: settings of the session.
    """
    return in_catalog(name, prefixes(conf))


def in_catalog(name: str, known: Mapping[str, str]) -> str:
    """Return what `written_name` does, for catalogs by what their schemas begin with."""
    for catalog, start in known.items():
        if start and name.startswith(start):
            return f"{catalog}.{name.removeprefix(start)}"
    return name
