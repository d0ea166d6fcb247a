"""`_rescued_data`: what of a record no column takes, kept as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField, StructType

RESCUED = "_rescued_data"
CORRUPT = "_corrupt_record"


def with_rescued(
    lines: DataFrame, columns: StructType, rescued: str, *, whole: bool = False
) -> DataFrame:
    """Return JSON lines as columns, and beside them what did not fit.

    A field that is in no column, or whose value has another type than its column, is rescued with
    the file's path; so is a whole line that is no JSON.

    Args:
        lines: text in the column `value`, and what the names of folders say.
        columns: to read.
        rescued: name of the column for the rest.
        whole: whether each text is a whole file: one record, or an array of them.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    value, document = F.col("value"), F.try_parse_json("value")
    fields = F.from_json(F.col("_nbkit_text"), "map<string,string>")
    text = lines.where(F.length(F.trim(value)) > 0)
    folders = {name.lower() for name in lines.columns[1:]}  # give a value to all of their files
    read = [
        F.col(f"`{each.name}`").cast(each.dataType)
        if each.name.lower() in folders
        else _field(each).alias(each.name)
        for each in columns
    ]
    record = text.select(
        *(f"`{name}`" for name in lines.columns[1:]),
        F.col("_metadata.file_path").alias("_nbkit_path"),
        value.alias("_nbkit_text"),
        document.alias("_nbkit_document"),
    )
    if whole:
        array = F.col("_nbkit_document").try_cast("array<variant>")
        each = F.explode(F.coalesce(array, F.array("_nbkit_document")))
        record = record.withColumn("_nbkit_document", each)
        one = F.coalesce(F.to_json("_nbkit_document"), F.col("_nbkit_text"))
        record = record.withColumn("_nbkit_text", one)
    own = [each for each in columns if each.name.lower() not in folders]
    left = F.map_filter(fields, lambda name, inner: _unread(own, name, inner))
    broken = F.create_map(F.lit(CORRUPT), F.col("_nbkit_text"))
    rest = F.when(F.col("_nbkit_document").isNotNull(), left).otherwise(broken)
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

    kinds = {field.name.lower(): field.dataType for field in rows.schema}
    read, left = [], []
    for field in columns:
        value = F.col(f"`{field.name}`")
        kind = kinds.pop(field.name.lower(), None)
        if kind is None:  # of no file yet
            value = F.lit(None).cast(field.dataType)
        if kind in {None, field.dataType}:
            read.append(value.alias(field.name))
            continue
        typed = _typed(value, field.dataType.simpleString(), formats)
        read.append(typed.alias(field.name))
        left += [F.lit(field.name), F.when(typed.isNull(), value)]
    for name in rows.columns:
        if name == CORRUPT:
            left += [F.lit(name), _too_long(rows.columns[: rows.columns.index(name)], formats)]
        elif name.lower() in kinds:
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


def _unread(columns: Sequence[StructField], name: Column, inner: Column) -> Column:
    """Say whether a field of the record is in no column, or did not fit into its own."""
    from pyspark.sql import functions as F  # noqa: N812

    known = F.array(*[F.lit(each.name) for each in columns]).cast("array<string>")
    fits = F.lit(False)
    for field in columns:
        fits |= (name == field.name) & _field(field).isNull()
    return inner.isNotNull() & (~F.array_contains(known, name) | fits)
