"""Names of datasets: what an author writes, and the one key that it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.dialect import catalog_use
from nbkit.dialect.missing_table import Here
from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.unity_catalog import unknown_catalog
from nbkit.errors import DefinitionError, Problem
from nbkit.spark.catalogs import DEFAULT, OWN, in_catalog, prefixes
from nbkit.spark.session_settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pyspark.sql import SparkSession

    from nbkit.pipelines.declare.spec import Spec

_PART = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^.`\s]+))\s*(?:\.|$)")
_SESSION_CATALOG = "spark_catalog"
_LIVE = "live"


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name, without the backticks; empty for what is no name."""
    parts, at = [], 0
    while at < len(name):
        found = _PART.match(name, at)
        if found is None:
            return ()
        parts.append((found[1] or found[2]).replace("``", "`"))
        at = found.end()
    return tuple(parts)


def naming_of(
    spec: Spec, spark: SparkSession, named: Iterable[str] = (), notes: list[Problem] | None = None
) -> Naming:
    """Return where the names of a pipeline belong; the session learns of its catalogs.

    Args:
        spec: the pipeline.
        spark: the session.
        named: its datasets.
        notes: gets one for each catalog that is new.

    Raises:
        DefinitionError: its catalog is none of those that the project allows.
    """
    before = _by_lower_name(settings_of(spark))
    firsts = [parts[0] for name in named if len(parts := parts_of(name)) == 3]  # noqa: PLR2004
    for catalog in dict.fromkeys(each for each in (spec.catalog, *firsts) if each):
        if catalog.lower() in {*before, _SESSION_CATALOG} or catalog_use.found(catalog, spark):
            continue
        if catalog_use.added(catalog, spark):
            if notes is not None:
                notes.append(Problem("", f"makes the catalog {catalog.lower()}", "note"))
        elif catalog == spec.catalog:
            said = unknown_catalog(catalog, before).removeprefix("nbkit: ")
            raise DefinitionError((Problem("catalog", said),), f"pipeline {spec.name}")
    settings = settings_of(spark)
    catalog = spec.catalog or settings.get(DEFAULT, "")
    return Naming(spec.schema, catalog, _by_lower_name(settings))


def _by_lower_name(conf: Mapping[str, str | None]) -> dict[str, str]:
    return {catalog.lower(): prefix for catalog, prefix in prefixes(conf).items()}


@dataclass(frozen=True, slots=True)
class Naming:
    """Where names without a schema belong.

    Attributes:
        schema: the pipeline's own.
        catalog: the pipeline's own, as its settings have it, or the project's default.
        prefixes: by catalog, what its schemas begin with in the session's own one.
    """

    schema: str = "default"
    catalog: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str | None:
        """Return `schema.table` in lower case; None for what lies in a catalog nobody knows."""
        parts = parts_of(name)
        if len(parts) > 1 and parts[0].lower() == _LIVE:
            parts = parts[1:]
        catalog = self.catalog
        if len(parts) == 3:  # noqa: PLR2004
            catalog, parts = parts[0], parts[1:]
        if len(parts) == 1:
            parts = (self.schema, *parts)
        known = {"": "", _SESSION_CATALOG: "", **self.prefixes}.get(catalog.lower())
        if len(parts) != 2 or known is None:  # noqa: PLR2004
            return None
        return f"{known}{'.'.join(parts)}".lower()

    def written(self, key: str) -> str:
        """Return the name that people have for a key: `main.silver.orders`."""
        name = in_catalog(key, self.prefixes)
        own = self.here().catalog == ""
        return name if own or name != key else f"{OWN[0]}.{key}"

    def here(self) -> Here:
        """Return where names without a catalog or a schema belong, for messages."""
        return Here(
            "" if self.catalog.lower() in {*OWN, _SESSION_CATALOG} else self.catalog, self.schema
        )

    def outside(self, name: str, exists: Callable[[str], bool]) -> str | None:
        """Return a table of nobody's pipeline as SQL; None if it is as it is written.

        Args:
            name: as the query writes it.
            exists: says whether Spark knows a table.
        """
        key, parts = self.key(name), [part.lower() for part in parts_of(name)]
        as_written = key == ".".join(parts) and not self.catalog  # whatever the source uses
        if key is None or as_written or "/" in parts[-1]:  # json.`/a/file`
            return None
        return quoted(key) if parts[0] == _LIVE or exists(quoted(key)) else None


def quoted(key: str) -> str:
    """Return a key as SQL text, which means the same while any catalog is in use."""
    return f"{_SESSION_CATALOG}.{of_two_levels(key)}"


def of_two_levels(key: str) -> str:
    """Return a key as SQL text for what knows the session's own catalog only."""
    return ".".join(quoted_part(part) for part in key.split("."))
