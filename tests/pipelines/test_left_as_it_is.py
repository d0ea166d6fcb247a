"""A view is left as it is if, and only if, nothing that its rows depend on has changed."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

VIEWS = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

@dp.temporary_view
@dp.expect_or_drop("few", "id < 2")
def few():
    return spark.range(10)

@dp.temporary_view
def between():
    return spark.table("few")

@dp.materialized_view
def of_rules():
    return spark.table("between")

@dp.materialized_view
def of_files():
    return spark.read.option("nullValue", "x").csv("{folder}", schema="a STRING")

@dp.materialized_view(spark_conf={{"spark.sql.session.timeZone": "UTC"}})
def of_zone():
    return spark.sql("SELECT CAST(timestamp'2026-01-01 23:00:00Z' AS STRING) AS d")

@dp.materialized_view
def of_literals():
    return spark.sql("SELECT string(id) IN ('0,1', '2') AS a, 'Box #1001' AS b FROM few")

@dp.materialized_view
def of_map():
    pairs = [F.lit(x) for n in range(20) for x in (f"k{{n}}", n)]
    return spark.range(1).select(F.create_map(*pairs)["k19"].alias("n"))
"""
IN_LIST = [(False, "Box #1001"), *[(True, "Box #1001")] * 3]
EDITS = {
    "of_rules": ("id < 2", "id < 4", [(0,), (1,), (2,), (3,)]),
    "of_files": ('"nullValue", "x"', '"nullValue", "y"', [(None,), ("x",)]),
    "of_zone": ('"UTC"', '"Asia/Tokyo"', [("2026-01-02 08:00:00",)]),
    "of_literals": ("('0,1', '2')", "('0', '1', '2')", IN_LIST),
    "of_map": ("n in range(20)", "n in range(1, 20)", [(19,)]),
}


def test_edits(pipeline):
    """Rules of views, options of readers, settings, literals, arguments of long functions."""
    folder = pipeline.root / "files"
    folder.mkdir()
    (folder / "a.csv").write_text("x\ny\n")
    source = VIEWS.format(folder=folder)
    pipeline.write("src/a.py", source)
    schema = pipeline.schema
    pipeline.update()
    assert pipeline.rows(f"{schema}.of_rules", "1") == [(0,), (1,)]
    pipeline.update()
    assert {each.how for each in pipeline.said.values()} == {"unchanged"}
    for name, (old, new, rows) in EDITS.items():
        source = source.replace(old, new)
        pipeline.write("src/a.py", source)
        pipeline.update()
        hows = {key.partition(".")[2]: each.how for key, each in pipeline.said.items()}
        assert hows[name] == "recompute", name
        assert all(hows[other] == "unchanged" for other in EDITS if other not in {name, *BOTH})
        assert pipeline.rows(f"{schema}.{name}", "1") == rows, name


BOTH = {"of_literals", "of_rules"}
"""Both read the view whose rule is edited."""


def test_versions(pipeline):
    """Outside tables of every kind, two versions of one, and commits that change no row."""
    schema, spark = pipeline.schema, pipeline.spark
    feed = "TBLPROPERTIES (delta.enableChangeDataFeed = true, delta.enableRowTracking = true)"
    spark.sql(f"CREATE TABLE {schema}_in.t (id BIGINT) USING delta {feed}")
    for n in range(3):
        spark.sql(f"INSERT INTO {schema}_in.t VALUES ({n})")
    pipeline.write(
        "src/a.sql",
        f"""
CREATE MATERIALIZED VIEW now AS SELECT * FROM {schema}_in.t;
CREATE MATERIALIZED VIEW then AS SELECT * FROM {schema}_in.t VERSION AS OF 1;
CREATE MATERIALIZED VIEW both AS
SELECT id FROM {schema}_in.t EXCEPT SELECT id FROM {schema}_in.t VERSION AS OF 2;
""",
    )
    pipeline.update()
    assert pipeline.rows(f"{schema}.both", "1") == [(2,)]

    def hows():
        pipeline.update()
        return {key.partition(".")[2]: each.how for key, each in pipeline.said.items()}

    left = dict.fromkeys(("now", "then", "both"), "unchanged")
    assert hows() == left
    before = spark.table(f"{schema}_in.t").inputFiles()
    spark.sql(f"OPTIMIZE {schema}_in.t")
    assert spark.table(f"{schema}_in.t").inputFiles() != before
    assert hows() == left
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (9)")
    assert hows() == {**left, "now": "recompute", "both": "recompute"}
    assert pipeline.rows(f"{schema}.both", "1") == [(2,), (9,)]
    spark.sql(f"ALTER TABLE {schema}_in.t ADD COLUMN more STRING")
    assert hows() == {**left, "now": "recompute", "both": "recompute"}


def test_versions_are_those_that_were_read(pipeline):
    """Of a source that changes between the analysis and the reading, or while it is read."""
    from nbkit.pipelines.refresh.pinned import pinned

    schema, spark = pipeline.schema, pipeline.spark
    spark.sql(f"CREATE TABLE {schema}_in.t (id BIGINT) USING delta")
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (1)")
    pipeline.write(
        "src/a.py",
        f"""
from pyspark import pipelines as dp
calls = []

@dp.materialized_view
def m():
    calls.append(1)
    if len(calls) > 1:
        spark.sql("INSERT INTO {schema}_in.t VALUES (2)")
    return spark.table("{schema}_in.t")
""",
    )
    pipeline.update()
    assert pipeline.rows(f"{schema}.m", "1") == [(1,), (2,)]
    pipeline.update()
    assert pipeline.how(f"{schema}.m") == ("COMPLETED", "unchanged")

    query = f"SELECT a.id FROM {schema}_in.t a WHERE id <= (SELECT max(id) FROM {schema}_in.t)"
    fixed = pinned(spark.sql(query))
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (3)")
    assert fixed.rows.count() == 2
    assert fixed.versions[f"{schema}_in.t"].endswith(":2")
    assert pinned(spark.sql(query)).rows.count() == 3
