"""Pipelines on real Delta tables: analysed, updated, updated again."""

from __future__ import annotations

import json

import pytest

from nbkit.errors import DefinitionError, UsageError
from nbkit.pipelines.tell.last_counts import last_counts

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SHOP = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.expect("positive", "amount > 0")
@dp.table(comment="as they come")
@dp.expect_or_drop("has id", "id IS NOT NULL")
def orders():
    return spark.readStream.table("{schema}_in.orders")


@dp.temporary_view
def big():
    return spark.table("orders").where("orders.amount > 10")


@dp.materialized_view(name="{schema}.total", cluster_by=["k"], table_properties={{"team": "me"}})
def total():
    return dp.read("LIVE.big").groupBy("k").agg(F.sum("amount").alias("total"))
"""
SQL = """
-- what is best
CREATE OR REFRESH MATERIALIZED VIEW top
  (CONSTRAINT few EXPECT (total < 1000000) ON VIOLATION DROP ROW)
COMMENT 'the best'
AS WITH best AS (SELECT max(total) AS most FROM LIVE.total)
SELECT total.k, {schema}.total.total FROM {schema}.total
WHERE total.total = (SELECT most FROM best) OR total.k IN (SELECT k FROM orders WHERE false);

CREATE STREAMING TABLE copy AS SELECT o.*, 1 AS one FROM STREAM(LIVE.orders) o;
"""


WRONG_SQL = """

CREATE LIVE TABLE x AS
SELECT id,
  oops
FROM first;
SELECT 1;
CREATE LIVE TABLE y AS SELEC 1;
CREATE LIVE TABLE z AS SELECT * FROM first WHERE id > '${least}'"""


def orders(pipeline, rows):
    pipeline.spark.sql(
        f"create table if not exists {pipeline.schema}_in.orders "
        "(id bigint, amount double, k string) using delta"
    )
    if rows:
        pipeline.spark.sql(f"insert into {pipeline.schema}_in.orders values {rows}")


def test_shop(pipeline):
    """Python and SQL together: first update, nothing new, something new, a full refresh."""
    schema = pipeline.schema
    pipeline.write("src/a.py", SHOP.format(schema=schema))
    pipeline.write("src/b.sql", SQL.format(schema=schema))
    orders(pipeline, "(1, 20, 'a'), (2, 5, 'a'), (3, 30, 'b'), (null, 40, 'b'), (4, -1, 'b')")

    graph = pipeline.resolve()
    assert [str(problem) for problem in graph.problems] == []
    assert graph.datasets["shop.top"].parents == ("shop.total", "shop.orders")
    assert graph.stored_parents("shop.total") == ("shop.orders",)

    pipeline.update()
    assert pipeline.rows("shop.total") == [("a", 20.0), ("b", 30.0)]
    assert pipeline.rows("shop.top") == [("b", 30.0)]
    assert len(pipeline.rows("shop.copy")) == 4
    said = pipeline.said["shop.orders"]
    assert (said.state, said.how, said.rows, said.dropped) == ("COMPLETED", "full", 4, 1)
    counts = {each.name: (each.passed, each.failed) for each in said.outcomes[0].results}
    assert counts == {"positive": (4, 1), "has id": (4, 1)}
    detail = pipeline.spark.sql("describe detail shop.total").first()
    assert detail.clusteringColumns == ["k"]
    assert detail.properties["team"] == "me"

    before = detail.lastModified
    pipeline.update()
    assert {each.how for each in pipeline.said.values()} == {"unchanged"}
    graph = pipeline.resolve()
    last = last_counts(pipeline.place(graph).folder, graph, pipeline.spark)
    assert (last["shop.orders"].rows, last["shop.orders"].dropped) == (4, 1)
    results = last["shop.orders"].outcomes[0].results
    assert {each.name: (each.passed, each.failed) for each in results} == counts
    assert [each.dropped for each in results] == [0, 1]
    assert last["shop.total"].rows is not None
    assert pipeline.spark.sql("describe detail shop.total").first().lastModified == before

    orders(pipeline, "(5, 50, 'a')")
    pipeline.update()
    assert pipeline.how("shop.top") == ("COMPLETED", "recompute")
    assert pipeline.rows("shop.top") == [("a", 70.0)]
    assert len(pipeline.rows("shop.copy")) == 5

    pipeline.update(full_refresh=("orders",))
    assert pipeline.said["shop.total"].state == "EXCLUDED"
    assert len(pipeline.rows("shop.orders")) == 5
    pipeline.update()
    assert pipeline.said["shop.copy"].message == (
        "begun anew: it streams from shop.orders, which has begun anew"
    )
    assert len(pipeline.rows("shop.copy")) == 5


def test_wrong_code_is_found_before_anything_runs(pipeline):
    """With the dataset, its file and line, and the nearest name; dependents stay quiet."""
    pipeline.write(
        "src/a.py",
        """from pyspark import pipelines as dp

@dp.materialized_view
def first():
    return spark.range(3).selectExpr("id", "id * 2 AS twice")

@dp.materialized_view
def second():
    return spark.table("first").withColumn("thrice", dp_expr("id * 3"))

@dp.materialized_view
def third():
    rows = spark.table("first")
    return rows.select("id", "twise")

@dp.materialized_view
def fourth():
    return spark.table("third")

@dp.materialized_view
@dp.expect("odd", "nothing > 0")
def fifth():
    return spark.table("frist")

@dp.materialized_view(schema="id BIGINT, other STRING")
def sixth():
    return spark.table("first")

@dp.materialized_view
def a():
    return spark.table("c")

@dp.materialized_view
def b():
    return spark.sql("SELECT * FROM LIVE.a")

@dp.materialized_view
def c():
    return dp.read("b")

@dp.table
def stream_of_view():
    return spark.readStream.table("first").groupBy("id").count()

@dp.append_flow(target="nothing")
def lost():
    return spark.readStream.table("first")

@dp.materialized_view
def of_a_day():
    return spark.table("first").where(spark.conf.get("the.day"))

@dp.materialized_view
def far_away():
    return spark.read.text("nowhere://a/b")

@dp.table
def of_a_volume():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.load("/Volumes/a/b/c").join(spark.read.json("/Volumes/a/b/d"), "id")
""",
    )
    pipeline.write("src/b.sql", WRONG_SQL)
    found = pipeline.problems()
    text = "\n".join(found)
    assert "src/a.py:9: second: NameError: name 'dp_expr' is not defined" in found
    assert "src/a.py:14: third: [UNRESOLVED_COLUMN.WITH_SUGGESTION]" in text
    assert "fourth" not in text
    assert "src/a.py:23: fifth: there is no table or dataset frist; nearest: first" in found
    assert "src/a.py:25: its schema has column other, its query has not" in text
    assert "waits for itself: " in text
    assert text.count("waits for itself") == 1
    assert "src/a.py:45: there is no dataset nothing to write to" in text
    assert "src/b.sql:5: x: [UNRESOLVED_COLUMN.WITH_SUGGESTION]" in text
    assert "src/b.sql:7: SELECT declares nothing" in text
    assert "src/b.sql:8: [PARSE_SYNTAX_ERROR]" in text
    assert "src/b.sql:9: the pipeline's configuration has no least" in found
    assert "src/a.py:51: of_a_day: the pipeline's configuration has no the.day" in found
    assert "of_a_volume: no schema can be inferred from dbfs:/Volumes/a/b/c" in text
    assert "src/a.py:55: far_away: nbkit: Spark has no connector for nowhere" in text
    with pytest.raises(DefinitionError, match="pipeline wrong_code"):
        pipeline.update()


def test_failures(pipeline):
    """A failed dataset keeps its old rows; what reads it is skipped, the others are finished."""
    orders(pipeline, "(1, 20, 'a')")
    source = f"""import dlt

@dlt.table
@dlt.expect_or_fail("small", "amount < 100")
def strict():
    return spark.table("{pipeline.schema}_in.orders")

@dlt.table
def after():
    return dlt.read("strict")

@dlt.table
def other():
    return spark.table("{pipeline.schema}_in.orders").selectExpr("id", "amount")

dlt.create_streaming_table("two")

@dlt.append_flow(target="two")
def good():
    return dlt.readStream("{pipeline.schema}_in.orders")

@dlt.append_flow(target="two", once=True)
def history():
    return spark.sql("SELECT bigint(0) AS id, 0D AS amount, 'h' AS k")
"""
    pipeline.write("src/a.py", source)
    pipeline.update()
    assert pipeline.rows("failures.two") == [(0, 0.0, "h"), (1, 20.0, "a")]
    orders(pipeline, "(2, 200, 'a')")
    pipeline.update()
    assert {key: each.state for key, each in pipeline.said.items()} == {
        "failures.strict": "FAILED",
        "failures.after": "SKIPPED",
        "failures.other": "COMPLETED",
        "failures.two": "COMPLETED",
    }
    assert (
        "a row fails the expectation 'small' (amount < 100)"
        in pipeline.said["failures.strict"].message
    )
    assert pipeline.rows("failures.strict") == [(1, 20.0, "a")]
    assert len(pipeline.rows("failures.other")) == 2
    assert len(pipeline.rows("failures.two")) == 3

    pipeline.spark.sql("delete from failures.other")
    pipeline.update(refresh=("other",))
    assert (
        pipeline.said["failures.other"].message == "recomputed: somebody else has changed its table"
    )
    assert len(pipeline.rows("failures.other")) == 2

    pipeline.spark.sql("create or replace table failures.theirs as select 1 as x")
    pipeline.write("src/b.sql", "CREATE LIVE TABLE theirs AS SELECT 2 AS x")
    pipeline.update(refresh=("theirs",))
    assert (
        "table failures.theirs was made by somebody else"
        in pipeline.said["failures.theirs"].message
    )
    assert pipeline.rows("failures.theirs", "1") == [(1,)]
    with pytest.raises(DefinitionError, match="there is no dataset othr; nearest: other"):
        pipeline.update(refresh=("othr",))


def test_quarantine(pipeline):
    """Failing rows stand beside the dataset, with the reasons; of views and of streams."""
    orders(pipeline, "(1, 20, 'a'), (null, 5, 'a'), (3, -1, null)")
    pipeline.write(
        "src/a.py",
        f"""from nbkit import pipelines as dp

@dp.expect_or_quarantine("id", "id IS NOT NULL")
@dp.expect_or_quarantine("k", "k IS NOT NULL")
@dp.materialized_view
def whole():
    return spark.table("{pipeline.schema}_in.orders")

@dp.expect_all_or_quarantine({{"id": "id IS NOT NULL", "k": "k IS NOT NULL"}})
@dp.table
def stream():
    return spark.readStream.table("{pipeline.schema}_in.orders")
""",
    )
    for _ in range(2):
        pipeline.update()
        for name in ("whole", "stream"):
            assert pipeline.rows(f"quarantine.{name}") == [(1, 20.0, "a")]
            bad = pipeline.rows(f"quarantine.{name}_quarantine")
            assert bad == [(None, 5.0, "a", ["id"]), (3, -1.0, None, ["k"])]
    assert pipeline.said["quarantine.stream"].rows is None


def test_notebooks_are_sources(pipeline):
    """Databricks' .py notebooks and .ipynb, with %run, %sql and %md cells and configuration."""
    pipeline.write(
        "spark-pipeline.yml",
        (pipeline.root / "spark-pipeline.yml").read_text()
        + "configuration: {least: '2', factor: '3'}\n",
    )
    pipeline.write(
        "src/a.py",
        """# Databricks notebook source
# MAGIC %md
# MAGIC # Title

# COMMAND ----------
# MAGIC %run ../shared

# COMMAND ----------
import dlt

@dlt.view
def numbers():
    least = spark.conf.get("least")
    return spark.range(5).where(f"id >= {least}").withColumn("times", times("id"))

# COMMAND ----------
# MAGIC %sql
# MAGIC SET digit = '0'

# COMMAND ----------
# MAGIC %sql
# MAGIC CREATE LIVE TABLE doubled AS
# MAGIC SELECT id * ${factor} AS id, times FROM LIVE.numbers WHERE times LIKE concat('%', ${digit})
""",
    )
    pipeline.write(
        "shared.py",
        "# Databricks notebook source\nfrom pyspark.sql import functions as F\n\n"
        "def times(name):\n    return F.col(name) * 10\n",
    )
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# no code"]},
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": ["from pyspark import pipelines as dp\n", "%pip install nothing\n", "x = 1"],
        },
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "@dp.materialized_view\ndef broken():\n"
            "    return spark.table('doubled').select('nothing')",
        },
    ]
    pipeline.write(
        "src/b.ipynb",
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
    )
    pipeline.write(
        "src/c.py",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "displayHTML('<b>no notebook</b>')\n\n@dataclass\nclass Row:\n    least: int\n",
    )
    pipeline.write(
        "src/d.py",
        "from dataclasses import dataclass\nfrom pyspark import pipelines as dp\n\n"
        "@dataclass\nclass Named:\n    name: str\n\ndef declare(named):\n"
        "    @dp.materialized_view(name=named.name)\n    def query():\n"
        "        return spark.range(2)\n\n"
        "if __name__ == '__main__':\n    declare(Named('of_the_program'))\n",
    )
    (problem,) = pipeline.problems()
    assert problem.startswith("src/b.ipynb[2]:3: broken: [UNRESOLVED_COLUMN")
    (pipeline.root / "src/b.ipynb").unlink()
    pipeline.update()
    assert pipeline.rows("notebooks_are_sources.doubled") == [(6, 20), (9, 30), (12, 40)]
    assert pipeline.rows("notebooks_are_sources.of_the_program", "1") == [(0,), (1,)]


def test_files_have_versions(pipeline):
    """A view of files is left alone while there are the same ones, and they are the same."""
    folder = pipeline.root / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("1\n2\n")
    query = f"SELECT count(*) AS n FROM csv.`{folder}`"
    pipeline.write("src/a.sql", f"CREATE MATERIALIZED VIEW a AS {query}")
    how = []
    for name, text in (("a.csv", None), ("a.csv", None), ("b.csv", "3\n"), ("a.csv", "4\n")):
        if text:
            (folder / name).write_text(text)
        pipeline.update()
        (done,) = pipeline.said.values()
        how.append((done.how, done.message.endswith(f"{folder} has changed")))
    assert how == [
        ("recompute", False),
        ("unchanged", False),
        ("recompute", True),
        ("recompute", True),
    ]
    assert pipeline.rows("files_have_versions.a", "1") == [(2,)]


def test_events(pipeline):
    """Every update leaves its events in a Delta table, in Databricks' shape."""
    from nbkit.pipelines.tell.event_log import newest

    pipeline.write(
        "src/a.sql",
        "CREATE LIVE TABLE a (CONSTRAINT c EXPECT (id > 0) ON VIOLATION DROP ROW) "
        "AS SELECT * FROM range(3)",
    )
    pipeline.update()
    found = newest(pipeline.place(pipeline.resolve()).folder, 100, lambda: pipeline.spark)
    kinds = [event["event_type"] for event in found]
    assert kinds[:2] == ["user_action", "create_update"]
    assert kinds[-1] == "update_progress"
    assert "flow_definition" in kinds
    (done,) = [
        event
        for event in found
        if event["details"].get("flow_progress", {}).get("status") == "COMPLETED"
    ]
    assert done["details"]["flow_progress"]["data_quality"] == {
        "dropped_records": 1,
        "expectations": [
            {"name": "c", "dataset": "events.a", "passed_records": 2, "failed_records": 1}
        ],
    }
    assert done["details"]["flow_progress"]["metrics"] == {"num_output_rows": 2}


def test_one_update_at_a_time(pipeline):
    """Another process would write into the same checkpoints."""
    pipeline.write("src/a.sql", "CREATE LIVE TABLE a AS SELECT 1 AS x")
    place = pipeline.place(pipeline.resolve())
    with place.claimed("p"), pytest.raises(UsageError, match="is being updated by another process"):
        pipeline.update()
