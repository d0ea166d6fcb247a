"""Versions of snapshots: kept as what they are, and only ever growing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.resolve.cdc_columns import plain_version

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_TEXT: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "bool": (bool, bool, bool),
    "int": (int, str, int),
    "float": (float, repr, float),
    "str": (str, str, str),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "Decimal": (Decimal, str, Decimal),
    "bytes": (bytes, lambda raw: base64.b64encode(raw).decode(), base64.b64decode),
    "timedelta": (
        timedelta,
        lambda gone: [gone.days, gone.seconds, gone.microseconds],
        lambda parts: timedelta(*parts),
    ),
}
"""By name: the type, how JSON has it, and how it comes back; a `datetime` is a `date`, too."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A snapshot that a table has followed, or is about to.

    Attributes:
        version: what the function of snapshots calls it; None before the first.
        number: how many there were, with it.
        before: the version before it.
    """

    version: Any = None
    number: int = 0
    before: Any = None

    def as_of(self, committed: int | None) -> Applied:
        """Return the last one that the table has followed.

        Args:
            committed: the number that the table has noted; None if it has noted none.
        """
        if (committed or 0) >= self.number:
            return self
        return Applied(self.before, max(self.number - 1, 0))

    def followed_by(self, version: Any) -> Applied:
        """Return the next one.

        Raises:
            UsageError: its version is not greater.
        """
        version = _checked(version)
        if self.version is not None and not _is_greater(version, self.version):
            again = "again" if version == self.version else "which is not greater"
            raise UsageError(
                "the function of snapshots was asked for what comes after version "
                f"{self.version!r}, and gave {version!r}, {again}; it returns None when there is "
                "nothing new"
            )
        return Applied(version, self.number + 1, self.version)


def read(text: str | None) -> Applied:
    """Return what a file says."""
    if text is None:
        return Applied()
    kept = json.loads(text)
    if "number" not in kept:  # as it was before tables noted numbers
        return Applied(kept["version"])
    return Applied(_back(kept["version"]), kept["number"], _back(kept["before"]))


def text(applied: Applied) -> str:
    """Return a file's text."""
    return json.dumps(
        {
            "number": applied.number,
            "version": _kept(applied.version),
            "before": _kept(applied.before),
        }
    )


def _checked(version: Any) -> Any:
    """Return a version as Python has it.

    Raises:
        UsageError: it is of a type that cannot be kept.
    """
    version = plain_version(version)
    if not isinstance(version, tuple(kind for kind, *_ in _AS_TEXT.values())):
        raise UsageError(f"a snapshot's version cannot be a {type(version).__name__}: {version!r}")
    return version


def _is_greater(version: Any, last: Any) -> bool:
    try:
        return bool(version > last)
    except TypeError:
        return False


def _kept(version: Any) -> dict[str, Any] | None:
    if version is None:
        return None
    for name, (kind, keep, _) in _AS_TEXT.items():
        if isinstance(version, kind):
            return {"type": name, "value": keep(version)}
    raise AssertionError(version)


def _back(kept: dict[str, Any] | None) -> Any:
    return None if kept is None else _AS_TEXT[kept["type"]][2](kept["value"])
