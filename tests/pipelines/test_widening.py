"""Columns whose type gets wider: nothing is begun anew, and no value is another one."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

SOURCE = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

{view}

def chain(name, **properties):
    @dp.table(name=f"{{name}}_bronze", table_properties=properties)
    def bronze():
        return spark.readStream.table("landed")

    @dp.table(name=f"{{name}}_silver", table_properties=properties)
    def silver():
        return spark.readStream.table(f"{{name}}_bronze").where("n IS NOT NULL OR id > 0")

    @dp.materialized_view(name=f"{{name}}_gold")
    def gold():
        rows = spark.table(f"{{name}}_silver").groupBy("id")
        return rows.agg(F.max("n").alias("n"), F.max("d").alias("d"))

chain("wide", **{{"delta.enableTypeWidening": "true"}})
chain("narrow")
"""

VIEW = """
@dp.temporary_view
def landed():
    reader = spark.readStream.schema("{ddl}").option("pathGlobFilter", "{files}")
    return reader.parquet("{root}/in")
"""

FIRST = "id INT, n INT, d DECIMAL(5,2), s STRUCT<`a-b`: INT>, f FLOAT"
THEN = "id INT, n BIGINT, d DECIMAL(20,2), s STRUCT<`a-b`: BIGINT>, f DOUBLE"
BIG = 2**40


def land(pipeline, name, kinds, *rows):
    number, decimal, fraction = kinds
    schema = pa.schema(
        [
            ("id", pa.int32()),
            ("n", number),
            ("d", decimal),
            ("s", pa.struct([("a-b", number)])),
            ("f", fraction),
        ]
    )
    path = pipeline.root / "in" / f"{name}.parquet"
    path.parent.mkdir(exist_ok=True)
    made = [dict(zip(schema.names, row, strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(made, schema), path)


def write(pipeline, ddl, files):
    view = VIEW.format(ddl=ddl, files=files, root=pipeline.root)
    pipeline.write("src/a.py", SOURCE.format(view=view))


def rows_of(pipeline, table):
    frame = pipeline.spark.table(f"{pipeline.schema}.{table}")
    types = dict(frame.select("n", "d", "s", "f").dtypes)
    found = [(row.id, row.n, row.d, row.s and row.s["a-b"], row.f) for row in frame.collect()]
    return types, sorted(found, key=repr)


def test_a_chain_widens(pipeline):
    """A stream of a table that has widened goes on; who has not asked for it hears of the value."""
    first = [(1, 7, Decimal("1.25"), {"a-b": 1}, 0.5), (2, None, None, None, None)]
    land(pipeline, "a1", (pa.int32(), pa.decimal128(5, 2), pa.float32()), *first)
    write(pipeline, FIRST, "a1*")
    pipeline.update()
    said = {each.name: (each.state, each.message) for each in pipeline.said.values()}
    assert {state for state, _ in said.values()} == {"COMPLETED"}, said
    then = [(3, BIG, Decimal("1234567890.25"), {"a-b": BIG}, 0.1), (0, None, None, None, None)]
    land(pipeline, "b1", (pa.int64(), pa.decimal128(20, 2), pa.float64()), *then)
    write(pipeline, THEN, "b1*")  # the view now reads other files: what it has read, it has read
    pipeline.update()
    said = {key.partition(".")[2]: each for key, each in pipeline.said.items()}
    states = {name: each.state for name, each in said.items()}
    assert states["wide_bronze"] == states["wide_silver"] == states["wide_gold"] == "COMPLETED", {
        name: each.message for name, each in said.items()
    }
    assert states["narrow_bronze"] == "FAILED"
    flat = [(i, n, d, s and s["a-b"], f) for i, n, d, s, f in (*first, *then)]
    wanted = {"n": "bigint", "d": "decimal(20,2)", "s": "struct<a-b:bigint>", "f": "double"}
    types, rows = rows_of(pipeline, "wide_bronze")
    assert (types, rows) == (wanted, sorted(flat, key=repr))
    types, rows = rows_of(pipeline, "wide_silver")
    kept = [row for row in flat if row[1] is not None or row[0] > 0]
    assert (types, rows) == (wanted, sorted(kept, key=repr))
    gold = pipeline.rows(f"(SELECT id, n, d FROM {pipeline.schema}.wide_gold)", "1")
    assert gold == sorted((row[0], row[1], row[2]) for row in kept)
    types, rows = rows_of(pipeline, "narrow_bronze")
    assert types["n"] == "int"
    pipeline.update()
    assert {each.how for key, each in pipeline.said.items() if "wide" in key} == {"unchanged"}
