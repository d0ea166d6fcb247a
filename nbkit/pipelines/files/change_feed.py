"""The change feed of a dataset, for queries that are resolved, or previewed, before it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

_ASKING = {"readchangefeed", "readchangedata"}


def is_asked(options: Mapping[str, Any]) -> bool:
    """Say whether a reader with these options reads a change feed."""
    told = {name.lower(): str(value).lower() for name, value in options.items()}
    return any(told.get(name) == "true" for name in _ASKING)


def shown(rows: DataFrame, *, feed: bool) -> DataFrame:
    """Return rows that stand for a table, or for its change feed: as if they had just come."""
    if not feed:
        return rows
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    return rows.withColumns(
        {
            "_change_type": F.lit("insert"),
            "_commit_version": F.lit(0).cast("bigint"),
            "_commit_timestamp": F.current_timestamp(),
        }
    )


def refuse_view(name: str, *, feed: bool) -> None:
    """Refuse to read the change feed of a view.

    Raises:
        UsageError: that is asked for.
    """
    if feed:
        raise UsageError(f"{name} is a temporary view: only a table has a change feed")
