"""What the columns of a table are like today: two passes over it, and one over few values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.quality.naming import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructField

FEW_VALUES = 20
LEAST_ROWS = 20
WHOLE_NUMBERS = {"byte", "short", "integer", "long"}
NUMBERS = {*WHOLE_NUMBERS, "float", "double", "decimal"}
KEYS = {*WHOLE_NUMBERS, "string"}
_NESTED = {"array", "map", "struct", "variant"}
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column is like.

    Attributes:
        name, kind: of the column.
        rows, values: of the table, and those that are not NULL.
        distinct: values, exactly where they are few or where they look like a key.
        low, high: least and greatest value that is finite, of numbers.
        odd: values that are NaN or infinite.
        few: how many rows have each value, where there are few of text or of whole numbers.
    """

    name: str
    kind: str
    rows: int
    values: int
    distinct: int
    low: Any = None
    high: Any = None
    odd: int = 0
    few: Mapping[Any, int] = field(default_factory=dict)


def profiles(df: DataFrame) -> list[Profile]:
    """Return what the columns are like, those of simple types."""
    fields = [field for field in df.schema if _kind(field) not in _NESTED]
    if not fields:
        return []
    wanted = ["count(1) as rows"]
    for place, each in enumerate(fields):
        name, kind = quoted(each.name), _kind(each)
        finite, odd = name if kind in NUMBERS else "null", "0"
        if kind in {"float", "double"}:
            finite = f"case when abs({name}) < double('Infinity') then {name} end"
            odd = f"count(case when not abs({name}) < double('Infinity') then 1 end)"
        wanted += [
            f"count({name}) as values_{place}",
            f"approx_count_distinct({name}) as distinct_{place}",
            f"min({finite}) as low_{place}",
            f"max({finite}) as high_{place}",
            f"{odd} as odd_{place}",
        ]
    [row] = df.selectExpr(*wanted).collect()
    found = row.asDict()
    exact, few = _exactly(df, fields, found), _few(df, fields, found)
    return [
        Profile(
            each.name,
            _kind(each),
            found["rows"],
            found[f"values_{place}"],
            exact.get(f"distinct_{place}", found[f"distinct_{place}"]),
            found[f"low_{place}"],
            found[f"high_{place}"],
            found[f"odd_{place}"],
            few.get(place, {}),
        )
        for place, each in enumerate(fields)
    ]


def _exactly(
    df: DataFrame, fields: Sequence[StructField], found: Mapping[str, Any]
) -> dict[str, int]:
    """Count the values of columns that look like keys."""
    rows = found["rows"]
    wanted = [
        f"count(distinct {quoted(each.name)}) as distinct_{place}"
        for place, each in enumerate(fields)
        if _kind(each) in KEYS and rows >= LEAST_ROWS
        if found[f"values_{place}"] == rows and found[f"distinct_{place}"] >= _NEARLY_ALL * rows
    ]
    return dict(df.selectExpr(*wanted).collect()[0].asDict()) if wanted else {}


def _few(
    df: DataFrame, fields: Sequence[StructField], found: Mapping[str, Any]
) -> dict[int, dict[Any, int]]:
    """Count the rows of each value, of columns that have few."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    places = [
        place
        for place, each in enumerate(fields)
        if _kind(each) in KEYS and 1 < found[f"distinct_{place}"] <= FEW_VALUES
    ]
    counts: dict[int, dict[Any, int]] = {}
    for place in places:
        column = F.col(quoted(fields[place].name)).alias("value")
        rows = df.select(column).where("value is not null").groupBy("value").count().collect()
        counts[place] = {row["value"]: row["count"] for row in rows}
    return counts


def _kind(of: StructField) -> str:
    return str(of.dataType.typeName()).split("(")[0].split(" ")[0]
