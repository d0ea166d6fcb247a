"""Forms of SQL that pipelines have on Databricks since 2026, against what plain Python makes."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def states(pipeline):
    return {key.partition(".")[2]: (each.state, each.how) for key, each in pipeline.said.items()}


def stored(pipeline, table, *columns):
    picked = ", ".join(f"`{name}`" for name in columns)
    rows = pipeline.spark.sql(f"SELECT {picked} FROM {pipeline.schema}.{table}").collect()
    return sorted((tuple(row) for row in rows), key=repr)


REPLACING = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.temporary_view
def events():
    return spark.readStream.schema("region INT, kind STRING, seq INT").json("{root}/events")


dp.create_streaming_table("by_region")


@dp.replace_flow(target="by_region", replace_using=["region"], sequence_by=F.col("seq"))
def partial():
    return spark.readStream.table("events")


@dp.table(replace_where=F.col("day") >= F.date_sub(F.current_date(), 7))
def recent():
    return spark.read.parquet("{root}/facts").alias("f").select("f.day", "f.user", "n")
"""

WHERE = """
CREATE STREAMING TABLE kept FLOW REPLACE WHERE f.day >= date_add(current_date(), -7) BY NAME
SELECT f.day, `user`, sum(n) AS n FROM parquet.`{root}/facts` f GROUP BY f.day, `user`;
"""


def test_flows_that_replace(pipeline):
    """Rows outside of the condition stay, though their source has lost them; newer rows win."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pipeline.write("src/a.py", REPLACING.format(root=pipeline.root))
    pipeline.write("src/b.sql", WHERE.format(root=pipeline.root))
    today = date.today()  # noqa: DTZ011 - the session's own day
    old, new = today - timedelta(days=30), today - timedelta(days=1)
    facts = pipeline.root / "facts"
    facts.mkdir()
    (pipeline.root / "events").mkdir()

    def land(*rows):
        days, users, numbers = zip(*rows, strict=True) if rows else ((), (), ())
        kinds = [("day", pa.date32()), ("user", pa.string()), ("n", pa.int32())]
        columns = [
            pa.array(each, kind[1])
            for each, kind in zip((days, users, numbers), kinds, strict=True)
        ]
        pq.write_table(pa.table(columns, schema=pa.schema(kinds)), facts / "a.parquet")

    def happen(name, *rows):
        names = ("region", "kind", "seq")
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        (pipeline.root / "events" / f"{name}.json").write_text("\n".join(lines))

    land((old, "a", 1), (new, "a", 2), (new, None, 3), (None, "a", 4))
    happen(1, (1, "x", 1), (1, "y", 1), (None, "x", 1))
    pipeline.update()
    said = {each.name: (each.state, each.message) for each in pipeline.said.values()}
    assert {state for state, _ in said.values()} == {"COMPLETED"}, said
    wanted = [(new, "a", 2), (new, None, 3)]
    assert stored(pipeline, "recent", "day", "user", "n") == sorted(wanted, key=repr)
    assert stored(pipeline, "kept", "day", "user", "n") == sorted(wanted, key=repr)
    schema = pipeline.schema
    for table in ("recent", "kept"):  # rows of another source, which the condition leaves alone
        pipeline.spark.sql(f"INSERT INTO {schema}.{table} VALUES (DATE'{old}', 'hand', 9)")
    # a row from before there was an order is older than any that has a place in it
    pipeline.spark.sql(f"INSERT INTO {schema}.by_region VALUES (2, 'hand', NULL)")
    land((new, "a", 5), (today, "b", 6))
    happen(2, (1, "x", 2), (None, "x", 1), (None, "y", 0), (2, "x", 1))
    pipeline.update()
    wanted = [(new, "a", 5), (old, "hand", 9), (today, "b", 6)]
    assert stored(pipeline, "recent", "day", "user", "n") == sorted(wanted, key=repr)
    assert stored(pipeline, "kept", "day", "user", "n") == sorted(wanted, key=repr)
    found = stored(pipeline, "by_region", "region", "kind", "seq")
    assert found == sorted([(1, "x", 2), (None, "x", 1), (None, "x", 1), (2, "x", 1)], key=repr)
    land()
    pipeline.update(refresh=("recent", "kept"))
    for table in ("recent", "kept"):
        assert stored(pipeline, table, "day", "user", "n") == [(old, "hand", 9)]
    wrong = """
CREATE STREAMING TABLE w1 FLOW REPLACE WHERE gone > 1 BY NAME SELECT 1 AS a, 2 AS b;
CREATE STREAMING TABLE w2 FLOW REPLACE WHERE rand() > a BY NAME SELECT 1 AS a;
CREATE STREAMING TABLE w3 FLOW REPLACE WHERE a IN (SELECT 1) BY NAME SELECT 1 AS a;
CREATE STREAMING TABLE w4 FLOW REPLACE WHERE a > 0 BY NAME SELECT 1 AS a;
CREATE FLOW w5 AS INSERT ONCE INTO w4 BY NAME SELECT 2 AS a;
"""
    pipeline.write("src/c.sql", wrong)
    said = pipeline.problems()
    for place, message in enumerate(
        (
            "gone",
            "has to say the same of a row twice",
            "has a subquery",
            "cannot have other flows beside w4",
        )
    ):
        assert any(message in each for each in said), (place, message, said)
