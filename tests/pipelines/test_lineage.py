"""Lineage: which columns come from where, as OpenLineage events and in the event log."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PYTHON = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

dp.create_streaming_table("customers", comment="every version")
dp.create_auto_cdc_flow(
    target="customers", source="changes", keys=["id"], sequence_by=F.col("at"),
    apply_as_deletes=F.expr("op = 'D'"), except_column_list=["op", "at"], stored_as_scd_type=2,
)

@dp.temporary_view
def changes():
    # nbkit's own reader takes the fields out of `value`: nobody would see which is which
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.option("mode", "FAILFAST").schema(
        "id BIGINT, town STRING, op STRING, at BIGINT").load("{folder}/in")

@dp.expect("has a name", "k IS NOT NULL")
@dp.expect_or_drop("paid", "amount > 0")
@dp.table
def orders():
    return spark.readStream.table("{schema}_in.orders")

@dp.materialized_view
def broken():
    return spark.table("orders").selectExpr("cast(raise_error(k) AS STRING) AS oops")
"""
SQL = """
CREATE TEMPORARY VIEW big AS SELECT *, upper(k) AS shout FROM LIVE.orders WHERE amount > 1;
CREATE MATERIALIZED VIEW per_town AS
WITH known AS (SELECT * FROM customers WHERE __END_AT IS NULL)
SELECT known.town, max(shout) AS best, sum(amount) AS total, count(*) AS n,
  CASE WHEN sum(amount) > 10 THEN 'much' END AS much, md5(town) AS hidden
FROM big JOIN known ON big.id = known.id GROUP BY known.town;
CREATE MATERIALIZED VIEW both AS
SELECT town AS name, total AS x, row_number() OVER (PARTITION BY n ORDER BY total) AS r
FROM per_town
UNION ALL SELECT k, amount * 2, 0 FROM {schema}_in.orders
ORDER BY x
"""


def columns_of(facet):
    """What a column lineage facet says, in a line each."""
    return {
        name: {
            f"{origin['name']}.{origin['field']}": sorted(
                f"{way['subtype']}{' masked' if way['masking'] else ''}"
                for way in origin["transformations"]
            )
            for origin in said["inputFields"]
        }
        for name, said in facet["fields"].items()
    }


def test_lineage(pipeline, monkeypatch, tmp_path):
    """Of streams, changes, views and queries, from files and tables, whatever the flow's end."""
    schema, file = pipeline.schema, tmp_path / "events" / "lineage.jsonl"
    pipeline.write("src/a.py", PYTHON.format(schema=schema, folder=tmp_path))
    pipeline.write("src/b.sql", SQL.format(schema=schema))
    pipeline.write("in/a.json", '{"id": 1, "town": "Rome", "op": "U", "at": 1}')
    pipeline.spark.sql(
        f"create table {schema}_in.orders using delta as "
        "select 1L AS id, 20D AS amount, 'a' AS k union all select 2, -1, 'b'"
    )
    monkeypatch.setenv("NBKIT_LINEAGE_FILE", str(file))
    monkeypatch.setenv("NBKIT_LINEAGE_NAMESPACE", "shop")
    pipeline.update()
    assert pipeline.said["lineage.broken"].state == "FAILED"

    events = [json.loads(line) for line in file.read_text().splitlines()]
    whole = [each for each in events if each["job"]["name"] == "lineage"]
    assert [each["eventType"] for each in whole] == ["START", "FAIL"]
    flows = {}
    for each in events:
        if each not in whole:
            flows.setdefault(each["job"]["name"], []).append(each)
            parent = each["run"]["facets"]["parent"]
            assert parent["run"]["runId"] == whole[0]["run"]["runId"]
            assert parent["job"]["name"] == "lineage"
    ends = {name: [each["eventType"] for each in said] for name, said in flows.items()}
    assert ends == {
        "lineage.lineage.broken": ["START", "FAIL"],
        **{
            f"lineage.lineage.{name}": ["START", "COMPLETE"]
            for name in ("orders", "customers", "per_town", "both")
        },
    }
    last = {name.rpartition(".")[2]: said[-1] for name, said in flows.items()}
    failure = last["broken"]["run"]["facets"]["errorMessage"]["message"]
    assert failure == pipeline.said["lineage.broken"].message
    assert "USER_RAISED_EXCEPTION" in failure

    def read(name):
        return {(each["namespace"], each["name"]) for each in last[name]["inputs"]}

    assert read("orders") == {("shop", f"{schema}_in.orders")}
    assert read("customers") == {("file", str(tmp_path / "in"))}
    assert read("per_town") == {("shop", "lineage.orders"), ("shop", "lineage.customers")}
    (orders,) = last["orders"]["outputs"]
    assert orders["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert [
        (each["name"], each["success"], each["severity"], each["actual"])
        for each in orders["facets"]["dataQualityAssertions"]["assertions"]
    ] == [("has a name", True, "warn", "0"), ("paid", False, "warn", "1")]
    assert [each["name"] for each in orders["facets"]["schema"]["fields"]] == ["id", "amount", "k"]

    check_columns(last, tmp_path / "in", f"{schema}_in.orders")
    check_event_log(pipeline, tmp_path / "in")


def check_columns(last, place, outside):
    """Of changes, aggregates, windows and unions."""
    (customers,) = last["customers"]["outputs"]
    assert customers["facets"]["documentation"]["description"] == "every version"
    assert columns_of(customers["facets"]["columnLineage"]) == {
        "id": {f"{place}.id": ["IDENTITY"]},
        "town": {f"{place}.town": ["IDENTITY"]},
        "__START_AT": {f"{place}.at": ["TRANSFORMATION"]},
        "__END_AT": {f"{place}.at": ["TRANSFORMATION"]},
    }
    (per_town,) = last["per_town"]["outputs"]
    lineage = per_town["facets"]["columnLineage"]
    assert columns_of(lineage) == {
        "town": {"lineage.customers.town": ["IDENTITY"]},
        "best": {"lineage.orders.k": ["AGGREGATION"]},
        "total": {"lineage.orders.amount": ["AGGREGATION"]},
        "much": {"lineage.orders.amount": ["CONDITIONAL"]},
        "hidden": {"lineage.customers.town": ["TRANSFORMATION masked"]},
    }
    rows = {
        f"{each['name']}.{each['field']}": each["transformations"] for each in lineage["dataset"]
    }
    assert {name: sorted(way["subtype"] for way in ways) for name, ways in rows.items()} == {
        "lineage.orders.amount": ["FILTER"],
        "lineage.customers.__END_AT": ["FILTER"],
        "lineage.orders.id": ["JOIN"],
        "lineage.customers.id": ["JOIN"],
        "lineage.customers.town": ["GROUP_BY"],
    }
    (both,) = last["both"]["outputs"]
    assert columns_of(both["facets"]["columnLineage"]) == {
        "name": {"lineage.per_town.town": ["IDENTITY"], f"{outside}.k": ["IDENTITY"]},
        "x": {
            "lineage.per_town.total": ["IDENTITY"],
            f"{outside}.amount": ["TRANSFORMATION"],
        },
        "r": {"lineage.per_town.n": ["WINDOW"], "lineage.per_town.total": ["WINDOW"]},
    }


def check_event_log(pipeline, place):
    """With the queries that Databricks' documentation has, but for its `details:` operator."""
    schema = pipeline.schema
    log = f"delta.`{pipeline.root}/.nbkit/pipelines/lineage/event_log`"
    found = pipeline.spark.sql(
        f"""WITH latest AS (
              SELECT origin.update_id AS id FROM {log} WHERE event_type = 'create_update')
            SELECT details, origin.flow_name FROM {log}, latest
            WHERE event_type = 'flow_definition' AND origin.update_id = latest.id"""
    ).collect()
    defined = {row.flow_name: json.loads(row.details)["flow_definition"] for row in found}
    read_by = {
        name: [each["name"] for each in said["input_datasets"]] for name, said in defined.items()
    }
    assert read_by["lineage.big"] == ["lineage.orders"]
    assert read_by["lineage.both"] == ["lineage.per_town", f"{schema}_in.orders"]
    assert read_by["lineage.changes"] == [str(place)]
    assert defined["lineage.customers"]["flow_type"] == "CHANGE"
    assert defined["lineage.per_town"]["language"] == "SQL"
    kinds = pipeline.spark.sql(f"SELECT DISTINCT event_type FROM {log}").collect()
    assert {row.event_type for row in kinds} == {
        "user_action",
        "create_update",
        "dataset_definition",
        "flow_definition",
        "flow_progress",
        "planning_information",
        "update_progress",
    }
    errors = pipeline.spark.sql(
        f"SELECT origin.dataset_name, error.exceptions[0].message FROM {log} "
        "WHERE error.fatal AND event_type = 'flow_progress'"
    ).collect()
    assert [row.dataset_name for row in errors] == ["lineage.broken"]
