"""What no column takes of a row: whether there is any, and the error where nothing takes it."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame


def any_of(left: Sequence[Column]) -> Column:
    """Say whether something is left of a row."""
    return functools.reduce(operator.or_, (each.isNotNull() for each in left))


def refusing(
    rows: DataFrame,
    left: Sequence[Column],
    path: Column,
    options: Mapping[str, str] | None = None,
) -> DataFrame:
    """Return rows of which no column leaves anything; one that does ends the query.

    Args:
        rows: of files.
        left: what columns leave of them, by their names.
        path: the file of a row.
        options: how values are written in the error, as of `to_json`.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    if not left:
        return rows
    said = F.concat(
        F.lit("a value is none of its column's type, in "),
        path,
        F.lit(": name a rescuedDataColumn, which takes what does not fit: "),
        F.to_json(F.struct(*left), dict(options or {})),
    )
    refused = F.raise_error(said).cast("boolean")
    return rows.where(F.when(any_of(left), refused).otherwise(F.lit(True)))
