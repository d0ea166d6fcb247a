"""Forms of AUTO CDC and its kin that histories leave out, on real tables; read with deltalake."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def land(pipeline, name, rows, *columns):
    """Write rows as a file of Parquet that a stream, or a query, reads."""
    path = pipeline.root / "in" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(columns)
    made = [dict(zip(schema.names, row, strict=True)) for row in rows]
    pq.write_table(pa.Table.from_pylist(made, schema), path)


def stored(pipeline, name, *columns):
    """Return a table's rows, sorted, read without Spark."""
    where = pipeline.spark.sql(f"DESCRIBE DETAIL {pipeline.schema}.{name}").first().location
    table = DeltaTable(where.removeprefix("file:")).to_pyarrow_table()
    rows = [tuple(row[column] for column in columns or row) for row in table.to_pylist()]
    return sorted(rows, key=repr)


def failures(pipeline):
    ended = pipeline.said.values()
    said = [(each.name, each.message) for each in ended if each.state != "COMPLETED"]
    return {name.rpartition(".")[2]: message for name, message in said}


def stream(pipeline, name, ddl):
    """Return a view over the files of a name."""
    return f"""
@dp.temporary_view
def {name}():
    reader = spark.readStream.schema("{ddl}").option("pathGlobFilter", "{name}*")
    return reader.parquet("{pipeline.root}/in")
"""


INT, TEXT = pa.int32(), pa.string()
HEAD = "from pyspark import pipelines as dp\nfrom pyspark.sql import functions as F\n"


def test_refused_before_anything_is_written(pipeline):
    """What has no place, or does not fit, is named; the table keeps what it had."""
    land(pipeline, "seq1", [(1, 1, "a")], ("id", INT), ("seq", INT), ("v", TEXT))
    land(pipeline, "pair1", [(1, None, None)], ("id", INT), ("hi", INT), ("lo", INT))
    land(pipeline, "big1", [(1, 1, 2**40)], ("id", INT), ("seq", INT), ("v", pa.int64()))
    land(pipeline, "twice1", [(1, "a"), (1, "b")], ("id", INT), ("v", TEXT))
    pipeline.write(
        "src/a.py",
        HEAD
        + stream(pipeline, "seq", "id int, seq int, v string")
        + stream(pipeline, "pair", "id int, hi int, lo int")
        + stream(pipeline, "big", "id int, seq int, v bigint")
        + f"""
dp.create_streaming_table("no_place")
dp.create_auto_cdc_flow("no_place", "seq", ["id"], "seq", stored_as_scd_type=2)
dp.create_streaming_table("no_pair")
dp.create_auto_cdc_flow("no_pair", "pair", ["id"], F.struct("hi", "lo"))
dp.create_streaming_table("no_fit", schema="id INT, seq INT, v INT")
dp.create_auto_cdc_flow("no_fit", "big", ["id"], "seq")
for kind in (1, 2):
    dp.create_streaming_table(f"twice_{{kind}}")
    dp.create_auto_cdc_from_snapshot_flow(
        f"twice_{{kind}}",
        lambda last: None if last else (spark.read.parquet("{pipeline.root}/in/twice1.parquet"), 1),
        ["id"],
        kind,
    )
""",
    )
    pipeline.update()
    said = failures(pipeline)
    assert set(said) == {"no_pair", "no_fit", "twice_1", "twice_2"}
    assert "have no place in their order" in said["no_pair"]
    assert "v is bigint and holds 1099511627776" in said["no_fit"]
    assert "several rows, for example {1}" in said["twice_2"]
    assert stored(pipeline, "no_place", "id", "v") == [(1, "a")]
    assert [stored(pipeline, name) for name in ("no_pair", "no_fit", "twice_1")] == [[], [], []]
    land(pipeline, "seq2", [(2, None, "x"), (3, 2, "y")], ("id", INT), ("seq", INT), ("v", TEXT))
    pipeline.update(refresh=("no_place",))
    assert "1 of 2 changes have no place" in failures(pipeline)["no_place"]
    assert stored(pipeline, "no_place", "id", "v") == [(1, "a")]


def test_odd_names_and_a_feed_of_ones_own(pipeline):
    """Spaces, dots, back-ticks, umlauts; the change feed of an AUTO CDC target is a source."""
    odd = [("Customer Id", INT), ("Order.No", TEXT), ("Ünï`c", TEXT), ("Seq no", INT)]
    land(pipeline, "odd1", [(1, "A", "ä", 1), (2, "B", None, 1)], *odd)
    ddl = "`Customer Id` int, `Order.No` string, `Ünï``c` string, `Seq no` int"
    pipeline.write(
        "src/a.py",
        HEAD
        + stream(pipeline, "odd", ddl)
        + f"""
P = {{"delta.columnMapping.mode": "name"}}
for kind in (1, 2):
    dp.create_streaming_table(f"target_{{kind}}", table_properties=P)
    dp.create_auto_cdc_flow(
        f"target_{{kind}}", "odd", [F.col("Customer Id")], "Seq no", stored_as_scd_type=kind,
        ignore_null_updates=True, except_column_list=["Seq no"],
        track_history_column_list=["Order.No"] if kind == 2 else None,
    )
FED = {{**P, "delta.enableChangeDataFeed": "true"}}  # where Delta takes no back-ticks in names
dp.create_streaming_table("fed", table_properties=FED)
dp.create_auto_cdc_flow(
    "fed", "odd", ["Customer Id"], "Seq no", except_column_list=["Seq no", "Ünï`c"]
)
dp.create_streaming_table("followed", table_properties=P)
dp.create_auto_cdc_from_snapshot_flow("followed", "odd_rows", ["Customer Id", "`Order.No`"], 2)

@dp.temporary_view
def odd_rows():
    return spark.read.schema("{ddl}").option("pathGlobFilter", "odd*").parquet("{pipeline.root}/in")

@dp.table
def audit():
    feed = spark.readStream.option("readChangeFeed", "true").table("fed")
    return feed.select(F.col("`Customer Id`").alias("id"), F.col("_change_type").alias("what"))

@dp.materialized_view
def versions():
    feed = spark.read.option("readChangeFeed", True).option("startingVersion", 0).table("fed")
    return feed.groupBy("_commit_version").count()
""",
    )
    assert [each for each in pipeline.problems() if "note" not in each] == []
    pipeline.update()
    assert failures(pipeline) == {}
    land(pipeline, "odd2", [(1, None, "é", 2), (3, "C", None, 1)], *odd)
    pipeline.update()
    assert failures(pipeline) == {}
    names = "`Customer Id`, `Order.No`, `Ünï``c`"
    assert pipeline.rows(f"(select {names} from odd_names_and_a_feed_of_ones_own.target_1)") == [
        (1, "A", "é"),
        (2, "B", None),
        (3, "C", None),
    ]
    assert stored(pipeline, "audit") == [
        (1, "insert"),
        (1, "update_postimage"),
        (1, "update_preimage"),
        (2, "insert"),
        (3, "insert"),
    ]
    pipeline.write(
        "src/b.py",
        "from pyspark import pipelines as dp\n@dp.table\ndef wrong():\n"
        "    return spark.readStream.option('readChangeFeed', True).table('odd')\n",
    )
    assert "only a table has a change feed" in "\n".join(pipeline.problems())


def test_types_grow_where_that_is_asked_for(pipeline):
    """Type widening needs no reset; without it, a value that fits is taken, and another refused."""
    for at, kind in ((1, "int"), (2, "bigint")):
        wide = pa.int64() if at == 2 else INT
        columns = ("id", INT), ("seq", INT), ("v", wide)
        land(pipeline, f"w{at}", [(at, at, 2**40 if at == 2 else 7)], *columns)
        pipeline.write(
            "src/a.py",
            HEAD
            + stream(pipeline, "w", f"id int, seq int, v {kind}").replace("w*", f"w{at}*")
            + """
for name, properties in (("wide", {"delta.enableTypeWidening": "true"}), ("narrow", {})):
    dp.create_streaming_table(name, table_properties=properties)
    dp.create_auto_cdc_flow(
        name, "w", ["id"], "seq", stored_as_scd_type=2, except_column_list=["seq"]
    )
""",
        )
        pipeline.update()
    assert list(failures(pipeline)) == ["narrow"]
    assert "v is bigint and holds 1099511627776" in failures(pipeline)["narrow"]
    schema = pipeline.schema
    assert pipeline.rows(f"(select id, v from {schema}.wide)") == [(1, 7), (2, 2**40)]
    assert pipeline.spark.table(f"{schema}.wide").schema["v"].dataType.simpleString() == "bigint"
    assert stored(pipeline, "narrow", "id", "v") == [(1, 7)]


def test_flows_that_run_once_and_declared_columns(pipeline):
    """A backfill may be no stream; what the schema lacks is named before anything is made."""
    land(pipeline, "new1", [(1, 5, "new", 1)], ("id", INT), ("seq", INT), ("v", TEXT), ("n", INT))
    land(pipeline, "old1", [(1, 1, "old"), (2, 1, "two")], ("id", INT), ("seq", INT), ("v", TEXT))
    flows = (
        HEAD
        + stream(pipeline, "new", "id int, seq int, v string, n int")
        + f"""
@dp.temporary_view
def old():
    return spark.read.parquet("{pipeline.root}/in/old1.parquet")

dp.create_streaming_table("t", schema="Id BIGINT, V STRING, n INT, other DOUBLE")
dp.create_auto_cdc_flow("t", "new", ["id"], "seq", except_column_list=["seq"], name="a")
dp.create_auto_cdc_flow("t", "old", ["id"], "seq", column_list=["id", "v"], name="b", once=True)
"""
    )
    pipeline.write("src/a.py", flows.replace('except_column_list=["seq"], ', ""))
    assert "the changes have column seq, its schema has not" in "\n".join(pipeline.problems())
    pipeline.write("src/a.py", flows)
    pipeline.update()
    assert failures(pipeline) == {}
    wanted = [(1, "new", 1, None), (2, "two", None, None)]
    assert stored(pipeline, "t", "Id", "V", "n", "other") == wanted
    land(pipeline, "old1", [(2, 9, "not again")], ("id", INT), ("seq", INT), ("v", TEXT))
    pipeline.update()
    assert stored(pipeline, "t", "Id", "V", "n", "other") == wanted
    wrong = flows.replace('"old", ["id"]', '"old", ["v"]').replace('column_list=["id", "v"], ', "")
    pipeline.write("src/a.py", wrong.replace('name="b"', 'except_column_list=["seq"], name="b"'))
    assert "flows a and b of t have different keys" in "\n".join(pipeline.problems())


SQL = """
CREATE OR REFRESH STREAMING TABLE one;
CREATE FLOW f1 COMMENT 'of now' AS AUTO CDC INTO one
FROM SNAPSHOT (SELECT * FROM parquet.`{root}/in/snap.parquet`)
KEYS (id);

CREATE OR REFRESH STREAMING TABLE two;
CREATE FLOW f2 AS AUTO CDC INTO two
FROM SNAPSHOT (SELECT id, v FROM parquet.`{root}/in/snap.parquet`)
WITH VERSION (SELECT max(day) FROM parquet.`{root}/in/snap.parquet`)
KEYS (id) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (id);

CREATE TEMPORARY VIEW events AS SELECT * FROM STREAM read_files('{root}/events', format => 'json',
  schema => 'region INT, kind STRING, seq INT');

CREATE OR REFRESH STREAMING TABLE current_events
FLOW REPLACE USING (region) SEQUENCE BY seq BY NAME
SELECT * FROM STREAM(events);

CREATE STREAMING TABLE recent
FLOW REPLACE WHERE day >= DATE'2026-02-01' BY NAME
SELECT id, day FROM parquet.`{root}/in/days.parquet`;

CREATE TABLE appended (region INT, kind STRING) COMMENT 'by two flows'
FLOW INSERT BY NAME SELECT region, kind FROM STREAM(events);
CREATE FLOW more AS INSERT ONCE INTO appended BY NAME SELECT -1 AS region, 'old' AS kind;
"""


def test_forms_of_2026(pipeline):
    """Snapshots in SQL, flows that replace by key or condition, tables made with their flow."""
    pipeline.write("src/a.sql", SQL.format(root=pipeline.root))
    first, second = date(2026, 1, 30), date(2026, 1, 31)
    day = ("day", pa.date32())
    events = pipeline.root / "events"
    events.mkdir()

    def happen(name, *rows):
        names = ("region", "kind", "seq")
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        (events / f"{name}.json").write_text("\n".join(lines))

    land(pipeline, "snap", [(1, "a", first), (2, "b", first)], ("id", INT), ("v", TEXT), day)
    land(pipeline, "days", [(1, first), (2, date(2026, 2, 3))], ("id", INT), day)
    happen(1, (1, "iOS", 1), (1, "Android", 1), (2, "iOS", 1), (2, "desktop", 1))
    pipeline.update()
    assert failures(pipeline) == {}
    assert stored(pipeline, "one", "id", "v") == [(1, "a"), (2, "b")]
    ends = ("id", "v", "__START_AT", "__END_AT")
    assert stored(pipeline, "two", *ends) == [(1, "a", first, None), (2, "b", first, None)]
    assert stored(pipeline, "recent") == [(2, date(2026, 2, 3))]

    land(pipeline, "snap", [(1, "A", second), (3, "c", second)], ("id", INT), ("v", TEXT), day)
    land(pipeline, "days", [(3, date(2026, 2, 4)), (4, first)], ("id", INT), day)
    happen(2, (1, "iOS", 2), (1, "Android", 2), (1, "desktop", 2), (3, "iOS", 1), (3, "desktop", 2))
    pipeline.update()
    assert failures(pipeline) == {}
    assert stored(pipeline, "one", "id", "v") == [(1, "A"), (3, "c")]
    assert stored(pipeline, "two", *ends) == [
        (1, "A", second, None),
        (1, "a", first, second),
        (2, "b", first, second),
        (3, "c", second, None),
    ]
    documented = [
        (1, "Android", 2),
        (1, "desktop", 2),
        (1, "iOS", 2),
        (2, "desktop", 1),
        (2, "iOS", 1),
        (3, "desktop", 2),
    ]
    assert stored(pipeline, "current_events", "region", "kind", "seq") == documented
    assert stored(pipeline, "recent") == [(3, date(2026, 2, 4))]
    happen(3, (1, "late", 1), (3, "same", 2))
    pipeline.update()
    assert failures(pipeline) == {}
    found = stored(pipeline, "current_events", "region", "kind", "seq")
    assert found == sorted([*documented, (3, "same", 2)], key=repr)
    assert len(stored(pipeline, "appended")) == 4 + 5 + 2 + 1

    land(pipeline, "snap", [(1, "A", first)], ("id", INT), ("v", TEXT), day)
    pipeline.update(refresh=("two",))
    assert "which is not greater" in failures(pipeline)["two"]


DLT = """
import dlt
from decimal import Decimal


def following(last):
    version = Decimal("1.5") if last is None else last + 1
    rows = spark.createDataFrame([(1, str(version))], "id int, v string")
    return (rows if version < 3 else None), version


dlt.create_streaming_table("t")
dlt.apply_changes_from_snapshot(
    target="t", snapshot_and_version=following, keys=["id"], stored_as_scd_type=2
)
"""


def test_as_dlt_first_called_it(pipeline):
    """`snapshot_and_version`, and a function that says there is none by (None, version)."""
    pipeline.write("src/a.py", DLT)
    pipeline.update()
    assert failures(pipeline) == {}
    assert stored(pipeline, "t", "v", "__START_AT", "__END_AT") == [
        ("1.5", Decimal("1.5"), Decimal("2.5")),
        ("2.5", Decimal("2.5"), None),
    ]
