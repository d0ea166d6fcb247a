"""Values that the names of folders give, such as `date=2024-01-01`: texts, until a column has them.

Spark itself would take `007` for 7 where a text is asked for, `1.10` for 11.0 in a DECIMAL(9,1),
and end every query that reads from the place where one folder has another name than the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.exact import exact_values
from nbkit.pipelines.files.left_over import refusing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructField, StructType


def as_read(columns: Iterable[StructField], folders: Collection[str]) -> list[tuple[str, str]]:
    """Return names and types to ask a reader for, of the columns that folders give."""
    return [(each.name, "string") for each in columns if each.name.lower() in folders]


def divided(text: Column, kind: DataType) -> tuple[Column, Column | None]:
    """Return a folder's text as a value, and the text where it is none of that type."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it
    from pyspark.sql.types import StringType

    if isinstance(kind, StringType):
        return text.cast(kind), None
    value, same = exact_values.of_text(text, kind)
    return F.when(same, value), F.when(~same, text)


def placed(rows: DataFrame, columns: StructType, folders: Collection[str]) -> DataFrame:
    """Return rows with the types that columns have of folders; a text that is none ends the query.

    Args:
        rows: as they were read, those columns as texts.
        columns: all that are wanted, in this order, before whatever else rows have.
        folders: names, in lower case, of those that folders give.
    """
    from pyspark.sql import functions as F  # noqa: N812

    if not folders:
        return rows
    known = {name.lower() for name in columns.names}
    read, left = [], []
    for field in columns:
        value = column(rows, field.name)
        if field.name.lower() in folders:
            value, rest = divided(value, field.dataType)
            left += [] if rest is None else [rest.alias(field.name)]
        read.append(value.alias(field.name))
    others = [quoted_part(name) for name in rows.columns if name.lower() not in known]
    return refusing(rows, left, F.col("_metadata.file_path")).select(*read, *others)


def column(rows: DataFrame, name: str) -> Column:
    """Return a column by its name in any case."""
    from pyspark.sql import functions as F  # noqa: N812

    found = next(each for each in rows.columns if each.lower() == name.lower())
    return F.col(quoted_part(found))
