"""AUTO CDC and Auto Loader on real Delta tables."""

from __future__ import annotations

import json
from datetime import date

import pytest

from nbkit.pipelines.refresh.preview_inputs import PreviewInputs
from nbkit.pipelines.refresh.written import Merged
from nbkit.pipelines.tell.event_log import newest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CDC = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

for kind in (1, 2):
    dp.create_streaming_table(f"people_{{kind}}")
    dp.create_auto_cdc_flow(
        target=f"people_{{kind}}",
        source="{schema}_in.changes",
        keys=["id"],
        sequence_by=F.col("at"),
        apply_as_deletes=F.expr("op = 'D'"),
        apply_as_truncates="op = 'T'" if kind == 1 else None,
        ignore_null_updates=True,
        except_column_list=["op", "at"],
        stored_as_scd_type=kind,
        track_history_except_column_list=["visits"] if kind == 2 else None,
    )

dp.create_streaming_table("follows", schema="id INT, name STRING, __START_AT INT, __END_AT INT")


def snapshots(last):
    number = 1 if last is None else last + 1
    if not spark.catalog.tableExists(f"{schema}_in.snapshot_{{number}}"):
        return None
    return spark.table(f"{schema}_in.snapshot_{{number}}"), number


dp.create_auto_cdc_from_snapshot_flow("follows", snapshots, ["id"], stored_as_scd_type=2)
"""


def changes(pipeline, rows):
    pipeline.spark.sql(
        f"create table if not exists {pipeline.schema}_in.changes "
        "(id int, name string, visits int, op string, at int) using delta"
    )
    pipeline.spark.sql(f"insert into {pipeline.schema}_in.changes values {rows}")


def snapshot(pipeline, number, rows):
    pipeline.spark.sql(
        f"create table {pipeline.schema}_in.snapshot_{number} using delta as "
        f"select * from values {rows} as t(id, name)"
    )


def counted(pipeline):
    """Return what the event log says of the last update's merges: rows upserted and deleted."""
    found = {}
    for event in newest(pipeline.place(pipeline.resolve()).folder, 1000, lambda: pipeline.spark):
        metrics = event["details"].get("flow_progress", {}).get("metrics", {})
        if "num_upserted_rows" in metrics:
            name = event["origin"]["dataset_name"]
            found[name] = metrics["num_upserted_rows"], metrics["num_deleted_rows"]
    return found


def test_cdc(pipeline):
    """Late changes find their place, nulls keep what was, deletions end versions."""
    pipeline.write("src/a.py", CDC.format(schema=pipeline.schema))
    changes(
        pipeline,
        "(1, 'Ann', 1, 'U', 10), (1, 'Anna', 2, 'U', 30), (2, 'Bob', 1, 'U', 10), "
        "(2, null, null, 'D', 20), (3, 'Cid', 1, 'U', 10)",
    )
    snapshot(pipeline, 1, "(1, 'a'), (2, 'b')")
    snapshot(pipeline, 2, "(1, 'a'), (2, 'B'), (3, 'c')")
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    assert pipeline.rows("cdc.people_1") == [(1, "Anna", 2), (3, "Cid", 1)]
    assert {key: each.merged for key, each in pipeline.said.items()} == {
        "cdc.people_1": Merged(upserted=2),
        "cdc.people_2": Merged(upserted=4),
        "cdc.follows": Merged(upserted=5),
    }
    assert pipeline.rows("cdc.people_2", "1, 4") == [
        (1, "Ann", 1, 10, 30),
        (1, "Anna", 2, 30, None),
        (2, "Bob", 1, 10, 20),
        (3, "Cid", 1, 10, None),
    ]
    assert pipeline.rows("cdc.follows", "1, 3") == [
        (1, "a", 1, None),
        (2, "b", 1, 2),
        (2, "B", 2, None),
        (3, "c", 2, None),
    ]

    changes(
        pipeline,
        "(1, 'Anni', 9, 'U', 20), (1, null, 5, 'U', 40), (2, 'Rob', 3, 'U', 15), "
        "(0, null, 0, 'T', 12)",
    )
    snapshot(pipeline, 3, "(2, 'B'), (3, 'C')")
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    assert pipeline.rows("cdc.people_1") == [(1, "Anna", 5)]
    assert counted(pipeline) == {
        "cdc.people_1": (1, 1),
        "cdc.people_2": (6, 0),
        "cdc.follows": (3, 0),
    }
    assert [row for row in pipeline.rows("cdc.people_2", "1, 4") if row[0] in (1, 2)] == [
        (1, "Ann", 1, 10, 20),
        (1, "Anni", 9, 20, 30),
        (1, "Anna", 5, 30, None),
        (2, "Bob", 1, 10, 15),
        (2, "Rob", 3, 15, 20),
    ]
    assert pipeline.rows("cdc.follows", "1, 3")[0] == (1, "a", 1, 3)

    graph = pipeline.resolve()
    for key, order in (("people_1", "1"), ("people_2", "1, 4"), ("follows", "1, 3")):
        rows = PreviewInputs(graph, pipeline.spark).rows(graph.datasets[f"cdc.{key}"])
        rows.createOrReplaceTempView("seen")  # in the session of the preview
        seen = rows.sparkSession.sql(f"select * from seen order by {order}").collect()
        assert list(map(tuple, seen)) == pipeline.rows(f"cdc.{key}", order)


def test_files(pipeline):
    """Files come in once, new columns when they come, and what fits nowhere is kept."""
    landing = pipeline.root / "landing"
    landing.mkdir()

    def land(name, *records):
        (landing / name).write_text("\n".join(json.dumps(record) for record in records))

    pipeline.write(
        "src/a.py",
        f"""import dlt

@dlt.table
def events():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", True)
        .option("cloudFiles.schemaHints", "n INT")
        .load("{landing}")
    )
""",
    )
    pipeline.write(
        "src/b.sql",
        f"CREATE OR REFRESH STREAMING TABLE named AS SELECT a, _metadata.file_name AS file "
        f"FROM STREAM read_files('{landing}', format => 'json', schema => 'a STRING')",
    )
    land("1.json", {"a": "x", "n": 1}, {"a": "y", "n": "many"})
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    kept = pipeline.spark.table("files.events").columns
    assert kept == ["a", "n", "_rescued_data"]
    rows = {row.a: row for row in pipeline.spark.table("files.events").collect()}
    assert (rows["x"].n, rows["x"]._rescued_data) == (1, None)
    assert rows["y"].n is None
    assert json.loads(rows["y"]._rescued_data)["n"] == "many"
    assert pipeline.rows("files.named", "1") == [("x", "1.json"), ("y", "1.json")]

    land("2.json", {"a": "z", "b": 2.5})
    pipeline.update()
    found = pipeline.spark.table("files.events")
    assert found.where("a = 'z'").select("b").collect()[0].b == 2.5
    assert found.count() == 3

    land("1.json", {"a": "x", "unseen": 1})  # which has been looked into already
    pipeline.update()
    assert pipeline.spark.table("files.events").columns == ["a", "n", "_rescued_data", "b"]
    (landing / "1.json").unlink()
    (landing / "2.json").unlink()
    pipeline.update()
    assert pipeline.how("files.events") == ("COMPLETED", "unchanged")
    pipeline.write(
        "src/a.py",
        pipeline.root.joinpath("src/a.py").read_text().replace("schemaHints", "schemaHnts"),
    )
    assert (
        "Auto Loader has no option cloudFiles.schemaHnts; nearest: schemahints"
        in pipeline.problems()[0]
    )


def test_rescued_columns(pipeline):
    """Of CSV and Parquet too, what no column takes is kept; state may be anywhere."""
    storage = pipeline.root.parent / "else where"
    settings = pipeline.root / "spark-pipeline.yml"
    settings.write_text(f"{settings.read_text()}storage: 'file:{storage}'\n")
    text, tables = pipeline.root / "csv", pipeline.root / "parquet"
    text.mkdir()
    pipeline.write(
        "src/a.py",
        f"""import dlt

def files(form, path, mode):
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", form)
        .option("cloudFiles.schemaEvolutionMode", mode)
        .option("cloudFiles.schemaLocation", "file:{storage}/schemas of " + form)
        .option("cloudFiles.inferColumnTypes", "true")
        .load(path)
    )

@dlt.table
def lines():
    return files("csv", "{text}", "addNewColumns")

@dlt.table
def typed():
    return files("parquet", "{tables}", "rescue")
""",
    )
    (text / "1.csv").write_text("id,amount\n1,2.5\n2,3.5\n")
    pipeline.spark.sql("select 1 as id").write.parquet(str(tables))
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    (text / "2.csv").write_text("id,amount,note\n3,much,new\n4,4.5,old,more\n5,5.5\n")
    pipeline.spark.sql("select 2 as id, 'x' as note").write.mode("append").parquet(str(tables))
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    rows = pipeline.spark.table("rescued_columns.lines").orderBy("id").collect()
    assert [(row.id, row.amount, row.note) for row in rows] == [
        (1, 2.5, None),
        (2, 3.5, None),
        (3, None, "new"),
        (4, 4.5, "old"),
        (5, 5.5, None),
    ]
    rescued = [json.loads(row._rescued_data or "{}") for row in rows]
    assert [each.get("amount") or each.get("_corrupt_record") for each in rescued] == [
        None,
        None,
        "much",
        "4,4.5,old,more",
        None,
    ]
    assert rescued[2]["_file_path"].endswith("/csv/2.csv")
    rows = pipeline.spark.table("rescued_columns.typed").orderBy("id").collect()
    assert [json.loads(row._rescued_data or "{}").get("note") for row in rows] == [None, "x"]
    assert (storage / "schemas of csv" / "schema.json").is_file()
    assert (storage / "rescued_columns" / "checkpoints" / "rescued_columns.lines").is_dir()

    (text / "3.csv").write_text("amount,id\n1.5,6\n")
    pipeline.spark.sql("select 'three' as id").write.mode("append").parquet(str(tables))
    pipeline.update()
    said = {key: each.message for key, each in pipeline.said.items()}
    assert pipeline.rows("rescued_columns.lines where id = 6", "1")[0][:2] == (6, 1.5)
    assert "column id of new files in" in said["rescued_columns.typed"]


def test_folders_of_files(pipeline):
    """Names of folders are columns; who reads the same files otherwise has other columns."""
    landing = pipeline.root / "landing"

    def table(name, form, options="", mode="addNewColumns"):
        return f"""
@dlt.table
def {name}():
    return (
        spark.readStream.format("cloudFiles").option("cloudFiles.format", "{form}"){options}
        .option("cloudFiles.schemaEvolutionMode", "{mode}").load("{landing}/{form}")
    )
"""

    typed = '.option("cloudFiles.inferColumnTypes", "true")'
    whole = typed + '.option("multiLine", "true").option("pathGlobFilter", "*.json")'
    hints = '.option("cloudFiles.schemaHints", "later INT")'
    pipeline.write(
        "src/a.py",
        "import dlt\n"
        + table("typed", "json", whole)
        + table("texts", "json", "", "failOnNewColumns")
        + table("lines", "csv", typed)
        + table("empty", "xml", hints + '.option("rowTag", "r")'),
    )
    pipeline.write(
        "src/b.sql",
        f"CREATE OR REFRESH STREAMING TABLE older AS SELECT r.* FROM STREAM(read_files("
        f"'{landing}/csv', format => 'csv', inferColumnTypes => true)) AS r;\n"
        f"CREATE OR REFRESH MATERIALIZED VIEW whole AS SELECT w.* FROM read_files("
        f"'{landing}' || '/csv', format => lower('CSV')) w;",
    )
    pipeline.write("landing/json/day=2024-01-01/1.json", '[{"a": 1}, {"a": 2}]')
    pipeline.write("landing/csv/day=2024-01-01/1.csv", "a,b\n1,2.5\n")
    (landing / "xml").mkdir()

    def rows(name, columns):
        found = pipeline.spark.table(f"folders_of_files.{name}").select(*columns)
        return [tuple(row) for row in found.orderBy(*columns).collect()]

    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    first, second = date(2024, 1, 1), date(2024, 1, 2)
    assert rows("typed", ["a", "day"]) == [(1, first), (2, first)]
    assert rows("texts", ["day"]) == [(first,)]  # an array is no record of a line
    assert rows("lines", ["a", "b", "day"]) == [(1, 2.5, first)]
    assert pipeline.spark.table("folders_of_files.empty").columns == ["later", "_rescued_data"]

    pipeline.write("landing/json/day=2024-01-02/2 two 2%.json", '{"a": 3, "more": 1}')
    pipeline.write("landing/json/day=2024-01-02/2.other", '{"a": 4}')
    pipeline.write("landing/csv/day=2024-01-02/2 [two].csv", "a,b,more\n2,3.5,x\n")
    (landing / "csv" / "day=2024-01-01" / "1.csv").unlink()
    pipeline.update()
    failed = {key for key, each in pipeline.said.items() if each.state != "COMPLETED"}
    assert failed == {"folders_of_files.texts"}
    assert "have new columns: " in pipeline.said["folders_of_files.texts"].message
    assert rows("typed", ["a", "day", "more"])[2:] == [(3, second, 1)]
    for name in ("lines", "older"):
        there = [(1, 2.5, first, None), (2, 3.5, second, "x")]
        assert rows(name, ["a", "b", "day", "more"]) == there
    assert rows("whole", ["a", "b", "more", "day"]) == [(2, 3.5, "x", second)]
