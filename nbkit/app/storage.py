"""What lies in folders and tables, seen from outside of Spark: for triggers, which only look."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbkit.errors import UsageError
from nbkit.rules.triggers.deciding import Version
from nbkit.rules.triggers.file_arrival import MOST_FILES
from nbkit.spark.catalogs import OWN, prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbkit.settings import Settings

_COMMIT = re.compile(r"(\d{20})\.json")
_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")
_OF_DBFS = re.compile(r"(?:dbfs:/+|/dbfs/+|(?=/Volumes/))(.*)", re.DOTALL)
_SESSION = (*OWN, "spark_catalog")
_MOST_PARTS = 3
_DEFAULT = "default"


def is_remote(url: str) -> bool:
    """Tell whether a URL leads to another machine's storage."""
    scheme = urlsplit(url).scheme
    return len(scheme) > 1 and scheme not in ("dbfs", "file")


def files_in(url: str, folder: Path, settings: Settings) -> dict[str, int]:
    """Return when each file in a folder, or below it, came to be there, by its name.

    Args:
        url: of the folder: `s3://…`, `dbfs:/…`, `/Volumes/…`, `file:/…`, or a path.
        folder: beside which a relative path leads.
        settings: of the project.

    Returns:
        Times in milliseconds; no more files than a few over the most that a trigger looks at.

    Raises:
        UsageError: it cannot be listed.
    """
    if is_remote(url):
        return _remote_files(url)
    place = _local(url, folder, settings)
    found: dict[str, int] = {}
    try:
        for name, at in _files_below(place):
            found[name] = at
            if len(found) > MOST_FILES:
                break
    except FileNotFoundError:
        raise UsageError(f"there is no folder {url}") from None
    except OSError as error:
        raise UsageError(f"{url} cannot be listed: {error.strerror}") from None
    return found


def session_name(table: str, settings: Settings) -> str:
    """Return the name of a table as the metastore has it: `schema.table`.

    Args:
        table: its name, as a notebook has it.
        settings: of the project.

    Raises:
        UsageError: it is no name.
    """
    parts = [(quoted or plain).replace("``", "`") for quoted, plain in _PART.findall(table)]
    if not 1 <= len(parts) <= _MOST_PARTS:
        raise UsageError(f"{table} is no name of a table")
    schema = parts[-2].lower() if len(parts) > 1 else _DEFAULT
    catalog = parts[0].lower() if len(parts) == _MOST_PARTS else settings.spark.default_catalog
    if catalog and catalog not in _SESSION:
        schema = f"{prefix(catalog)}{schema}"
    return f"{schema}.{parts[-1].lower()}"


def in_warehouse(name: str, settings: Settings) -> Any:
    """Return the folder of the warehouse that a table is in unless it has a place of its own.

    Args:
        name: as `session_name` returns it.
        settings: of the project.
    """
    schema, _, table = name.partition(".")
    place = _folder(settings.spark.warehouse, settings)
    return place / table if schema == _DEFAULT else place / f"{schema}.db" / table


def version_of(table: str, settings: Settings, places: Mapping[str, str]) -> Version | None:
    """Return the latest commit of a Delta table; None if none is there.

    It goes by the names in the table's log: nothing is read, no Spark is needed.

    Args:
        table: its name, as a notebook has it.
        settings: of the project.
        places: where tables outside of the warehouse are, by `session_name`.

    Raises:
        UsageError: its log cannot be listed.
    """
    name = session_name(table, settings)
    own = places.get(name)
    log = (_folder(own, settings) if own else in_warehouse(name, settings)) / "_delta_log"
    try:
        commits = [
            (int(found[1]), entry)
            for entry in log.iterdir()
            if (found := _COMMIT.fullmatch(entry.name))
        ]
        if not commits:
            return None
        number, file = max(commits, key=lambda each: each[0])
        return Version(number, int(file.stat().st_mtime * 1000))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"the log of {table} cannot be listed: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own
        raise UsageError(f"the log of {table} cannot be listed: {error}") from None


def _files_below(folder: Path) -> Iterator[tuple[str, int]]:
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            entries = os.scandir(folder / below)
        except FileNotFoundError:
            if below:  # removed just now
                continue
            raise
        with entries:
            for entry in entries:
                name = f"{below}{os.fsencode(entry.name).decode(errors='replace')}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{below}{entry.name}/")
                    continue
                try:
                    # a moved or copied file keeps its own time; the change of its entry does not
                    yield name, entry.stat().st_ctime_ns // 1_000_000
                except FileNotFoundError:  # removed just now
                    continue


def _remote_files(url: str) -> dict[str, int]:
    from upath import UPath

    try:
        place = UPath(url)
        found = place.fs.find(place.path, detail=True)
    except FileNotFoundError:
        raise UsageError(f"there is no folder {url}") from None
    except Exception as error:  # noqa: BLE001 - every kind of storage has errors of its own
        raise UsageError(f"{url} cannot be listed: {error}") from None
    return {name: _came(info) for name, info in found.items()}


def _came(info: dict[str, Any]) -> int:
    for field in ("LastModified", "last_modified", "mtime", "updated", "created"):
        at = info.get(field)
        if isinstance(at, datetime):
            return int(at.timestamp() * 1000)
        if isinstance(at, (int, float)):
            return int(at * 1000)
    return 0


def _local(url: str, folder: Path, settings: Settings) -> Path:
    if found := _OF_DBFS.fullmatch(url):
        return settings.files_directory / found[1].lstrip("/")
    if url.startswith("file:"):
        return Path("/" + re.sub("^file:(?://[^/]*/|/+)", "", url))
    return folder / url


def _folder(place: str, settings: Settings) -> Any:
    if not is_remote(place):
        return settings.root / place
    from upath import UPath

    return UPath(place)
