"""Three-level names: `main.silver.orders` is `main__silver.orders` in the session's own catalog.

`nbkit.spark.java_classes` makes Spark see it so; here is what it is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import SparkSession

_PART = re.compile(r"`(?:[^`]|``)+`|[^.`]+")

PLUGIN = "nbkit.ProjectCatalog"
"""The Java class behind every catalog."""

LEGACY = "hive_metastore"
"""Databricks' name for the catalog of two-level names: here the session's own."""


def prefix(catalog: str) -> str:
    """Return what the schemas of a catalog begin with where they really are."""
    return "" if catalog == LEGACY else re.sub(r"\W", "_", catalog) + "__"


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
    known = [name for name, value in conf.items() if value == PLUGIN]
    return {name.rpartition(".")[2]: conf.get(f"{name}.prefix") or "" for name in known}


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
        name: such as `main__silver.orders`; others come back as they are.
        conf: settings of the session.
    """
    return in_catalog(name, prefixes(conf))


def in_catalog(name: str, known: Mapping[str, str]) -> str:
    """Return what `written_name` does, for catalogs by what their schemas begin with."""
    for catalog, start in known.items():
        if start and name.startswith(start):
            return f"{catalog}.{name.removeprefix(start)}"
    return name
