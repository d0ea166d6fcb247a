"""The Delta tables of a project's warehouse as their folders and logs tell, without Spark.

Views, and tables at places of their own (`LOCATION`), are known to the metastore alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbkit.errors import UsageError
from nbkit.spark.catalogs import OWN, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbkit.settings import Settings

_LOG = "_delta_log"
_OF_SCHEMA = ".db"
_DEFAULT = "default"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*parquet|(\d{20})\.checkpoint\.parquet")
_DIGITS = 20
_HISTORY = 20


@dataclass(frozen=True, slots=True, order=True)
class Table:
    """A table.

    Attributes:
        catalog: empty for the session's own, of two-level names.
        schema, name: in it.
        folder: where it is, from the warehouse's folder.
    """

    catalog: str
    schema: str
    name: str
    folder: str

    @property
    def spoken(self) -> str:
        """How a notebook names it, quoted where it has to be."""
        return self.names("")[0]

    def names(self, default: str) -> list[str]:
        """Return how a notebook may name it, quoted where it has to be.

        Args:
            default: the catalog that names of two levels belong to; empty for the session's own.
        """
        two = ".".join(map(quoted, (self.schema, self.name)))
        catalog = self.catalog or (OWN[0] if default and default not in OWN else "")
        whole = f"{quoted(catalog)}.{two}" if catalog else two
        return [whole, two] if catalog and catalog == default else [whole]


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of a table: when, by what, and how many rows it wrote, -1 if it does not say."""

    version: int
    at: int
    operation: str
    rows: int


@dataclass(frozen=True, slots=True)
class About:
    """What a table's log tells.

    Attributes:
        columns: names, types, comments.
        partitions: the columns that it is partitioned by.
        comment: of the table.
        history: its latest versions, the newest first.
    """

    columns: tuple[tuple[str, str, str], ...]
    partitions: tuple[str, ...]
    comment: str
    history: tuple[Commit, ...]


def tables(settings: Settings) -> list[Table]:
    """Return the tables of the warehouse.

    Raises:
        UsageError: it cannot be listed.
    """
    place = _warehouse(settings)
    try:
        folders = _folders(place)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"the warehouse cannot be listed: {error.strerror}") from None
    schemas = {
        folder.name.removesuffix(_OF_SCHEMA): folder for folder in folders if _is_schema(folder)
    }
    catalogs = filled(schemas)
    found = [Table("", _DEFAULT, each.name, each.name) for each in folders if _is_table(each)]
    for schema, folder in schemas.items():
        mine = {name: start for name, start in catalogs.items() if schema.startswith(start)}
        catalog = max(mine, key=lambda name: len(mine[name]), default="")
        short = schema.removeprefix(mine.get(catalog, ""))
        found += [
            Table(catalog, short, each.name, f"{folder.name}/{each.name}")
            for each in _folders(folder)
            if _is_table(each)
        ]
    return sorted(found)


def about(folder: str, settings: Settings) -> About:
    """Return what the log of a table tells.

    Args:
        folder: of the table, from the warehouse's folder.
        settings: of the project.

    Raises:
        UsageError: there is no such table, or its log cannot be read.
    """
    known = {each.folder for each in tables(settings)}
    if folder not in known:
        raise UsageError(f"there is no table in {folder}")
    log = _warehouse(settings) / folder / _LOG
    try:
        commits = sorted(each for each in log.iterdir() if _COMMIT.fullmatch(each.name))
        shape = _shape(log, commits)
        history = tuple(map(_commit, reversed(commits[-_HISTORY:])))
    except (OSError, ValueError) as error:
        raise UsageError(f"the log of {folder} cannot be read: {error}") from None
    fields = json.loads(shape["schemaString"])["fields"] if shape else []
    return About(
        tuple(
            (each["name"], _type(each["type"]), (each.get("metadata") or {}).get("comment", ""))
            for each in fields
        ),
        tuple(shape.get("partitionColumns") or ()),
        shape.get("description") or "",
        history,
    )


def _warehouse(settings: Settings) -> Path:
    place = settings.spark.warehouse
    if len(urlsplit(place).scheme) > 1 and not place.startswith("file:"):
        raise UsageError(f"the warehouse is at {place}: only one on this machine is listed")
    return settings.root / place.removeprefix("file://").removeprefix("file:")


def _folders(place: Path) -> list[Path]:
    return sorted(each for each in place.iterdir() if each.is_dir() and each.name[0] not in "._")


def _is_schema(folder: Path) -> bool:
    return folder.name.endswith(_OF_SCHEMA) and not _is_table(folder)


def _is_table(folder: Path) -> bool:
    return (folder / _LOG).is_dir()


def _shape(log: Path, commits: list[Path]) -> dict[str, Any]:
    """Return the table's latest metadata: since its last checkpoint, in it, or from before."""
    parts = sorted(each for each in log.iterdir() if _CHECKPOINT.fullmatch(each.name))
    last = parts[-1].name[:_DIGITS] if parts else ""
    since = [each for each in commits if each.stem > last]
    before = [each for each in commits if each.stem <= last]
    return _in_commits(since) or _in_checkpoint(parts, last) or _in_commits(before)


def _in_commits(commits: list[Path]) -> dict[str, Any]:
    for commit in reversed(commits):
        for action in _actions(commit):
            if "metaData" in action:
                found: dict[str, Any] = action["metaData"]
                return found
    return {}


def _in_checkpoint(parts: list[Path], last: str) -> dict[str, Any]:
    from pyarrow import parquet  # type: ignore[import-untyped]

    for part in (each for each in parts if each.name.startswith(last)):
        file = parquet.ParquetFile(part)
        if "metaData" not in file.schema_arrow.names:
            continue
        for row in parquet.read_table(part, columns=["metaData"]).column("metaData").to_pylist():
            if row and row.get("schemaString"):
                return dict(row)
    return {}


def _commit(file: Path) -> Commit:
    info: dict[str, Any] = next(
        (each["commitInfo"] for each in _actions(file) if "commitInfo" in each), {}
    )
    metrics = info.get("operationMetrics") or {}
    at = info.get("inCommitTimestamp") or info.get("timestamp") or file.stat().st_mtime * 1000
    rows = int(metrics.get("numOutputRows", -1))
    return Commit(int(file.stem), int(at), str(info.get("operation", "")), rows)


def _actions(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _type(kind: Any) -> str:
    """Return a type of Delta's schema as SQL has it."""
    if isinstance(kind, str):
        return {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint"}.get(
            kind, kind
        )
    if kind["type"] == "array":
        return f"array<{_type(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"map<{_type(kind['keyType'])},{_type(kind['valueType'])}>"
    return f"struct<{_inside(kind['fields'])}>"


def _inside(fields: Iterable[dict[str, Any]]) -> str:
    return ",".join(f"{each['name']}:{_type(each['type'])}" for each in fields)


def quoted(name: str) -> str:
    """Return a name as SQL has it: in backquotes where it has to be."""
    plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)
    return name if plain else f"`{name.replace('`', '``')}`"
