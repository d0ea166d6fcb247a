"""`_rescued_data`: what of a record no column takes, kept as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField, StructType

RESCUED = "_rescued_data"
CORRUPT = "_corrupt_record"


def with_rescued(lines: DataFrame, columns: StructType, rescued: str) -> DataFrame:
    """Return JSON lines as columns, and beside them what did not fit.

    A field that is in no column, or whose value has another type than its column, is rescued with
    the file's path; so is a whole line that is no JSON.

    Args:
        lines: text in the column `value`.
        columns: to read.
        rescued: name of the column for the rest.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    value = F.col("value")
    document = F.try_parse_json(value)
    fields = F.from_json(F.col("_nbkit_text"), "map<string,string>")
    good = document.isNotNull()
    text = lines.where(F.length(F.trim(value)) > 0)
    read = [_field(field).alias(field.name) for field in columns]
    record = text.select(
        F.col("_metadata.file_path").alias("_nbkit_path"),
        value.alias("_nbkit_text"),
        document.alias("_nbkit_document"),
        good.alias("_nbkit_good"),
    )
    left = F.map_filter(fields, lambda name, inner: _unread(columns, name, inner))
    broken = F.create_map(F.lit(CORRUPT), F.col("_nbkit_text"))
    rest = F.when(F.col("_nbkit_good"), left).otherwise(broken)
    return record.select(*read, _as_text(rest, F.col("_nbkit_path")).alias(rescued))


def with_rescued_columns(
    rows: DataFrame, columns: StructType, rescued: str, formats: Mapping[str, str]
) -> DataFrame:
    """Return rows with these columns, and beside them what did not fit.

    A column that is not among them is rescued, and so is text that is no value of its column's
    type, with the file's path.

    Args:
        rows: of files, with every column that they have; the text of a value where the format
            knows nothing else.
        columns: to read.
        rescued: name of the column for the rest.
        formats: options of the format, such as how dates and times are written.
    """
    from pyspark.sql import functions as F  # noqa: N812

    kinds = {field.name: field.dataType for field in rows.schema}
    read, left = [], []
    for field in columns:
        value = F.col(f"`{field.name}`")
        if kinds[field.name] == field.dataType:
            read.append(value)
            continue
        typed = _typed(value, field.dataType.simpleString(), formats)
        read.append(typed.alias(field.name))
        left += [F.lit(field.name), F.when(typed.isNull(), value)]
    for name in rows.columns:
        if name == CORRUPT:
            left += [F.lit(name), _too_long(rows.columns[:-1], formats)]
        elif name not in columns.names:
            left += [F.lit(name), F.col(f"`{name}`").cast("string")]
    if not left:
        return rows.select(*read, F.lit(None).cast("string").alias(rescued))
    rest = F.map_filter(F.create_map(*left), lambda _, value: value.isNotNull())
    return rows.select(*read, _as_text(rest, F.col("_metadata.file_path")).alias(rescued))


def _too_long(names: Sequence[str], options: Mapping[str, str]) -> Column:
    """Return a line of CSV that has more values than there are columns; null for others."""
    from pyspark.sql import functions as F  # noqa: N812

    line = F.col(CORRUPT)
    shape = ", ".join(f"_{place} STRING" for place in range(len(names) + 1))
    known = {name: value for name, value in options.items() if name in {"sep", "quote", "escape"}}
    more = F.from_csv(line, shape, known)[f"_{len(names)}"]
    return F.when(more.isNotNull(), line)


def _typed(value: Column, kind: str, formats: Mapping[str, str]) -> Column:
    """Return text as a value of a type; null where it is none."""
    from pyspark.sql import functions as F  # noqa: N812

    if kind == "timestamp" and "timestampFormat" in formats:
        return F.try_to_timestamp(value, F.lit(formats["timestampFormat"]))
    if kind == "date" and "dateFormat" in formats:
        return F.try_to_timestamp(value, F.lit(formats["dateFormat"])).cast("date")
    return F.trim(value).try_cast(kind)


def _as_text(rest: Column, path: Column) -> Column:
    """Return what was rescued of a row as JSON; null for nothing."""
    from pyspark.sql import functions as F  # noqa: N812

    where = F.create_map(F.lit("_file_path"), path)
    return F.when(F.size(rest) > 0, F.to_json(F.map_concat(rest, where)))


def _field(field: StructField) -> Column:
    """Return a column's value; null where the record has another type there."""
    from pyspark.sql import functions as F  # noqa: N812

    kind = field.dataType.simpleString()
    name = field.name.replace("'", "\\'")
    return F.try_variant_get(F.col("_nbkit_document"), f"$['{name}']", kind)


def _unread(columns: StructType, name: Column, inner: Column) -> Column:
    """Say whether a field of the record is in no column, or did not fit into its own."""
    from pyspark.sql import functions as F  # noqa: N812

    known = F.array(*[F.lit(each) for each in columns.names])
    fits = F.lit(False)
    for field in columns:
        fits |= (name == field.name) & _field(field).isNull()
    return inner.isNotNull() & (~F.array_contains(known, name) | fits)
