"""`SHOW CREATE TABLE` of a Delta table, which Delta itself does not answer."""

from __future__ import annotations

import json
import typing

from nbkit.dialect.grammar import matched
from nbkit.dialect.sql_text import literal, quoted_part
from nbkit.dialect.tokens import tokens

if typing.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyspark.errors import AnalysisException
    from pyspark.sql import DataFrame, SparkSession

_SHAPE = "SHOW CREATE TABLE <name>"
_REFUSED = "DELTA_OPERATION_NOT_ALLOWED"


def answered(error: AnalysisException, statement: str, spark: SparkSession) -> DataFrame | None:
    """Return the statement that creates a table; None if that was not what Delta refused.

    Args:
        error: what `statement` has led to.
        statement: SQL text.
        spark: the session that it was for.
    """
    shape = matched(_SHAPE, tokens(statement))
    if shape is None or not shape.is_all or error.getCondition() != _REFUSED:
        return None
    begin, end = shape.span("name")
    made = _of(statement[begin:end], spark)
    return spark.createDataFrame([(made,)], "createtab_stmt STRING")


def ddl(
    name: str,
    columns: Iterable[Mapping[str, typing.Any]],
    *,
    partitioned: Iterable[str] = (),
    clustered: Iterable[str] = (),
    location: str = "",
    comment: str | None = "",
    properties: Mapping[str, str] | None = None,
) -> str:
    """Return a statement that creates a Delta table.

    Args:
        name: as it is to be written.
        columns: as Delta's log has them: `name`, `ddl` (the type), `nullable`, `metadata`.
        partitioned: names of columns.
        clustered: names of columns.
        location: of an external table.
        comment: of the table.
        properties: of the table.
    """
    parts = [f"CREATE TABLE {name} {_listed(map(_column, columns))}", "USING delta"]
    if partitioned := [*map(quoted_part, partitioned)]:
        parts.append(f"PARTITIONED BY ({', '.join(partitioned)})")
    if clustered := [*map(quoted_part, clustered)]:
        parts.append(f"CLUSTER BY ({', '.join(clustered)})")
    if location:
        parts.append(f"LOCATION {literal(location)}")
    if comment:
        parts.append(f"COMMENT {literal(comment)}")
    if properties:
        said = (f"{literal(key)} = {literal(properties[key])}" for key in sorted(properties))
        parts.append(f"TBLPROPERTIES {_listed(said)}")
    return "\n".join(parts) + "\n"


def _of(name: str, spark: SparkSession) -> str:
    from delta.tables import DeltaTable
    from pyspark.sql.types import StructType

    table = DeltaTable.forName(spark, name)
    about = table.detail().first()
    snapshot = table._jdt.deltaLog().unsafeVolatileSnapshot()  # noqa: SLF001 - only there is all of it
    kept = json.loads(snapshot.metadata().schemaString())
    described = spark.sql(f"DESCRIBE EXTENDED {name}").collect()
    external = any(row[0] == "Type" and row[1] == "EXTERNAL" for row in described)
    columns = [
        {"name": field.name, "ddl": field.dataType.simpleString(), "nullable": field.nullable}
        | {"metadata": each["metadata"]}
        for field, each in zip(StructType.fromJson(kept), kept["fields"], strict=True)
    ]
    return ddl(
        name,
        columns,
        partitioned=about.partitionColumns,
        clustered=about.clusteringColumns,
        location=about.location if external else "",
        comment=about.description,
        properties=about.properties,
    )


def _listed(entries: Iterable[str]) -> str:
    return "(\n  " + ",\n  ".join(entries) + ")"


def _column(column: Mapping[str, typing.Any]) -> str:
    return " ".join(_words(column))


def _words(column: Mapping[str, typing.Any]) -> Iterator[str]:
    about = column["metadata"]
    yield quoted_part(column["name"])
    yield column["ddl"].upper() if "<" not in column["ddl"] else column["ddl"]
    if not column["nullable"]:
        yield "NOT NULL"
    if "delta.generationExpression" in about:
        yield f"GENERATED ALWAYS AS ({about['delta.generationExpression']})"
    elif "delta.identity.start" in about:
        kind = "BY DEFAULT" if about.get("delta.identity.allowExplicitInsert") else "ALWAYS"
        start, step = about["delta.identity.start"], about["delta.identity.step"]
        yield f"GENERATED {kind} AS IDENTITY (START WITH {start} INCREMENT BY {step})"
    elif "CURRENT_DEFAULT" in about:
        yield f"DEFAULT {about['CURRENT_DEFAULT']}"
    if "comment" in about:
        yield f"COMMENT {literal(about['comment'])}"
