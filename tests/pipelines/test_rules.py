"""Expectations as PySpark columns, and on columns that are not there any more."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

SOURCE = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

ROWS = [(1, "a", [1, 2], 1.5), (2, None, [-1], None), (None, "c'd", [], 0.1), (4, "a", None, 2.0)]
COLUMNS = "id INT, `odd 'name` STRING, many ARRAY<INT>, x DOUBLE"


@dp.temporary_view
@dp.expect_or_drop("seen", F.col("id").isNull() | (F.col("id") < 4))
def seen():
    return spark.createDataFrame(ROWS, COLUMNS)


@dp.materialized_view
@dp.expect("some", inv=F.col("id").isin(1, 2))
@dp.expect_or_drop("named", F.col("`odd 'name`").isin("a", "c'd"))
@dp.expect_all({
    "all of them": F.forall("many", lambda each: each > F.lit(0)),
    "inner": F.exists("many", lambda a: F.exists("many", lambda b: a < b)),
    "date": F.date_add(F.lit("2026-01-01").cast("date"), F.col("id")) > F.lit("2026-01-02"),
    "text": F.col("`odd 'name`").rlike(r"^[a-z]'?\\\\w*$"),
    "cast": F.col("x").cast("int") >= 1,
})
@dp.expect("as before", "id > 0")
def table():
    return spark.table("seen")


@dp.table
@dp.expect_or_quarantine("whole", (F.col("n") % 2 == 0) & F.expr("n IS NOT NULL"))
def stream():
    return spark.readStream.schema("n INT").json("{root}/in")
"""


def failing(rows, rule):
    return sum(rule(*row) is not True for row in rows)


def test_columns(pipeline):
    """They count, drop and quarantine as SQL does, and a table of them is left as it is."""
    folder = pipeline.root / "in"
    folder.mkdir()
    (folder / "a.json").write_text('{"n": 1}\n{"n": 2}\n{"n": null}')
    pipeline.write("src/a.py", SOURCE.replace("{root}", str(pipeline.root)))
    pipeline.update()
    said = {key.partition(".")[2]: each for key, each in pipeline.said.items()}
    assert {each.state for each in said.values()} == {"COMPLETED"}, said
    rows = [(1, "a", [1, 2], 1.5), (2, None, [-1], None), (None, "c'd", [], 0.1)]
    failed = {
        result.name: result.failed
        for outcome in said["table"].outcomes
        for result in outcome.results
    }
    assert failed == {
        "seen": 1,
        "some": failing(rows, lambda i, *_: i in {1, 2}),
        "named": 1,
        "all of them": failing(rows, lambda _i, _n, many, _x: all(each > 0 for each in many)),
        "inner": failing(rows, lambda _i, _n, m, _x: any(a < b for a in m for b in m)),
        "date": failing(rows, lambda i, *_: i is not None and i > 1),
        "text": 1,
        "cast": failing(rows, lambda _i, _n, _m, x: x is not None and int(x) >= 1),
        "as before": 1,
    }
    schema = pipeline.schema
    assert pipeline.rows(f"(SELECT id FROM {schema}.table)", "1") == [(None,), (1,)]
    assert pipeline.rows(f"{schema}.stream", "1") == [(2,)]
    assert pipeline.rows(f"(SELECT n FROM {schema}.stream_quarantine)", "1") == [(None,), (1,)]
    pipeline.update()
    hows = {key.partition(".")[2]: each.how for key, each in pipeline.said.items()}
    assert hows["stream"] == "unchanged"
    resolved = [pipeline.resolve().datasets[f"{schema}.table"].dataset for _ in range(2)]
    text, again = ({rule.name: rule.condition for rule in each.rules} for each in resolved)
    assert text == again, "else it would be computed anew in each update"
    assert all(isinstance(condition, str) for condition in text.values())
    assert text["as before"] == "id > 0"


WRONG = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

yes = F.udf(lambda value: True, "boolean")


@dp.materialized_view
@dp.expect("in Python", yes("b"))
def one():
    return spark.range(1).withColumnRenamed("id", "b")


@dp.materialized_view
@dp.expect("old name", F.col("id") > 0)
def two():
    return spark.range(1).withColumnRenamed("id", "b").select(F.col("b").alias("c")).where("c > 1")


@dp.materialized_view
@dp.expect("old name", "upper(`an id`) > 0")
def three():
    return spark.sql("SELECT id AS `an id`, 1 AS one FROM range(1)").toDF("new name", "one")


@dp.materialized_view
@dp.expect("no condition", F.col("id") + 1)
def four():
    return spark.range(1)


@dp.materialized_view
@dp.expect("nothing", F.col("nothing") > 1)
def five():
    return spark.range(1)
"""


def test_what_is_refused(pipeline):
    """In one sentence each, before anything is made."""
    pipeline.write("src/a.py", WRONG)
    said = pipeline.problems()
    for message in (
        "expectation 'in Python' cannot be written in SQL",
        "expectation 'old name' asks for id, which its query calls c: write it so",
        "expectation 'old name' asks for an id, which its query calls new name: write it so",
        "expectation 'no condition' is no condition: it is bigint",
        "expectation 'nothing': [UNRESOLVED_COLUMN",
    ):
        assert any(message in each for each in said), (message, said)
