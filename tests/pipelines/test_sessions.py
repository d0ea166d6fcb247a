"""A dataset's query has a session of its own: nothing that it defines is seen by another."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

APART = """
from pyspark import pipelines as dp
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
import helper

BASE = spark.range(100)
CONF = spark.conf
spark.range(7, 8).createOrReplaceTempView("of_module")
spark.udf.register("module_plus", lambda x: x + 100, "bigint")
spark.conf.set("my.own", "module")

def view_of(how, n):
    rows = spark.range(n, n + 1)
    if how == 0:
        rows.createOrReplaceTempView("src")
    elif how == 1:
        BASE.where(f"id = {n}").createOrReplaceTempView("src")
    elif how == 2:
        helper.session.sql(f"CREATE OR REPLACE TEMPORARY VIEW src AS SELECT {n}L AS id")
    elif how == 3:
        SparkSession.getActiveSession().range(n, n + 1).createTempView("src")
    elif how == 4:
        SparkSession.builder.getOrCreate().range(n, n + 1).createOrReplaceTempView("src")
    else:
        rows.sparkSession.range(n, n + 1).createOrReplaceTempView("src")
    return [
        lambda: spark.sql("SELECT id FROM src"),
        lambda: spark.table("src"),
        lambda: rows.sparkSession.table("src"),
        lambda: helper.session.read.table("src"),
    ][n % 4]()

def make(n):
    @dp.materialized_view(name=f"t{n}")
    def t():
        return view_of(n % 6, n)

    @dp.temporary_view(name=f"v{n}")
    def v():
        spark.range(n, n + 1).createOrReplaceTempView("src")
        spark.udf.register("plus", lambda x: x + n, "bigint")
        return spark.sql("SELECT plus(id) AS id FROM src")

    @dp.materialized_view(name=f"of_view{n}")
    def of_view():
        spark.range(1000, 1001).createOrReplaceTempView("src")
        return spark.sql(f"SELECT v.id + src.id AS id FROM v{n} v, src")

    @dp.materialized_view(name=f"set{n}")
    def settings():
        zone = f"Etc/GMT-{n}"
        if n % 2:
            CONF.set("spark.sql.session.timeZone", zone)
        else:
            spark.sql(f"SET spark.sql.session.timeZone = {zone}")
        noon = "hour(timestamp'1970-01-01 12:00:00Z') AS h"
        spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW z AS SELECT {noon}")
        also = "module_plus(o.id) AS p, current_timezone() AS z"
        return spark.sql(f"SELECT h, {also} FROM z, of_module o")

for n in range(6):
    make(n)
"""
HELPER = """
from pyspark.sql import SparkSession
session = SparkSession.builder.getOrCreate()
"""


def test_queries_do_not_see_each_other(pipeline):
    """By whatever name they have their session; what the module defines, they all see."""
    pipeline.write("src/a.py", APART)
    pipeline.write("helper.py", HELPER)
    pipeline.update()
    assert {each.state for each in pipeline.said.values()} == {"COMPLETED"}
    for n in range(6):
        schema = pipeline.schema
        assert pipeline.rows(f"{schema}.t{n}", "1") == [(n,)]
        assert pipeline.rows(f"{schema}.of_view{n}", "1") == [(1000 + 2 * n,)]
        assert pipeline.rows(f"{schema}.set{n}", "1") == [(12 + n, 107, f"Etc/GMT-{n}")]
    left = pipeline.spark.catalog.listTables()
    assert [each.name for each in left if each.isTemporary] == []
    assert pipeline.spark.conf.get("my.own", None) is None


def test_sources_share_what_they_define(pipeline):
    """Own names first, then those of the other sources, also of later ones, and in SQL."""
    source = """
from pyspark import pipelines as dp
spark.range({n}, {n} + 1).createOrReplaceTempView("mine")
spark.udf.register("of_{name}", lambda x: x + {n}, "bigint")
spark.catalog.setCurrentDatabase("{schema}_in")

@dp.materialized_view
def {name}():
    return spark.sql("SELECT of_a(id) AS x, of_c(id) AS y FROM mine")
"""
    for n, name in ((1, "a"), (3, "c")):
        text = source.format(n=n, name=name, schema=pipeline.schema)
        pipeline.write(f"src/{name}.py", text)
    sql = "CREATE MATERIALIZED VIEW b AS SELECT of_a(10) AS x, of_c(10) AS y"
    pipeline.write("src/b.sql", sql)
    pipeline.update()
    assert pipeline.rows(f"{pipeline.schema}.a") == [(2, 4)]
    assert pipeline.rows(f"{pipeline.schema}.b") == [(11, 13)]
    assert pipeline.rows(f"{pipeline.schema}.c") == [(4, 6)]
    assert pipeline.spark.catalog.currentDatabase() == "default"


def test_what_every_session_would_see_is_refused(pipeline):
    """Global temporary views, from Python and SQL."""
    pipeline.write(
        "src/a.py",
        """
from pyspark import pipelines as dp

@dp.materialized_view
def first():
    spark.range(1).createOrReplaceGlobalTempView("src")
    return spark.sql("SELECT * FROM global_temp.src")

@dp.materialized_view
def second():
    spark.sql("CREATE GLOBAL TEMPORARY VIEW other AS SELECT 1 AS x")
    return spark.sql("SELECT * FROM global_temp.other")
""",
    )
    found = pipeline.problems()
    assert "first makes the global temporary view src" in found[0]
    assert "second makes the global temporary view other" in found[1]
    assert pipeline.problems() == found


def test_batches_and_snapshots_do_not_see_each_other(pipeline):
    """Functions that Spark, or a flow, calls: each has the session of its own stream or flow."""
    pipeline.spark.sql(f"create table {pipeline.schema}_in.n (id bigint) using delta")
    pipeline.spark.sql(f"insert into {pipeline.schema}_in.n values (1)")
    pipeline.write(
        "src/a.py",
        f"""
import time
from pyspark import pipelines as dp
from pyspark.sql import functions as F

def make(n):
    @dp.foreach_batch_sink(name=f"sink{{n}}")
    def write(batch, number):
        batch.selectExpr(f"id + {{n}} AS id").createOrReplaceTempView("rows")
        spark.range(n, n + 1).createOrReplaceTempView("mine")
        spark.conf.set("my.n", n)
        time.sleep(0.5)
        rows = spark.sql("SELECT r.id AS a, m.id AS b FROM rows r, mine m")
        rows = rows.selectExpr("*", f"{{spark.conf.get('my.n')}} AS n")
        rows.write.format("delta").mode("append").saveAsTable(f"{pipeline.schema}_in.out{{n}}")

    @dp.append_flow(target=f"sink{{n}}", name=f"flow{{n}}")
    def flow():
        return spark.readStream.table("{pipeline.schema}_in.n")

    def snapshots(last):
        if last is not None:
            return None
        spark.range(n, n + 1).createOrReplaceTempView("src")
        time.sleep(0.2)
        return spark.sql("SELECT id AS k, id AS v FROM src"), 1

    @dp.table(name=f"stream{{n}}")
    def stream():
        rows = spark.readStream.table("{pipeline.schema}_in.n")
        rows.selectExpr(f"id + {{n}} AS id", "1 AS one").createOrReplaceTempView("src")
        return spark.table("src")

    dp.create_streaming_table(f"snap{{n}}")
    dp.create_auto_cdc_from_snapshot_flow(
        target=f"snap{{n}}", source=snapshots, keys=["k"], stored_as_scd_type=1
    )

for n in range(4):
    make(n)
""",
    )
    pipeline.update()
    assert {each.message for each in pipeline.said.values() if each.state != "COMPLETED"} == set()
    for n in range(4):
        assert pipeline.rows(f"{pipeline.schema}_in.out{n}") == [(1 + n, n, n)]
        assert pipeline.rows(f"{pipeline.schema}.snap{n}") == [(n, n)]
        assert pipeline.rows(f"{pipeline.schema}.stream{n}") == [(1 + n, 1)]


def test_a_copy_is_of_the_session_itself(spark):
    """Not of the one that its name means where a query is being made."""
    from nbkit.spark import apart

    first = apart.copied(spark, {"my.own": "first"})
    with apart.within(first):
        spark.range(1).createOrReplaceTempView("only_there")
        second = apart.copied(spark)
        with apart.within(second):
            assert not spark.catalog.tableExists("only_there")
            assert spark.conf.get("my.own", None) is None
        assert spark.catalog.tableExists("only_there")
        assert spark.conf.get("my.own") == "first"
    assert apart.here() is None
    assert not spark.catalog.tableExists("only_there")


def test_views_of_a_preview_are_seen_in_the_notebook(spark, monkeypatch):
    """Also of rows taken from it, and where the query has settings of its own."""
    from nbkit import pipeline as cells
    from nbkit.pipelines.declare import decorators as dp
    from nbkit.pipelines.declare import registry

    monkeypatch.setattr(registry, "_of_cells", [registry.Registry(redefine=True)])

    @dp.materialized_view
    def five():
        return spark.range(5)

    @dp.materialized_view(spark_conf={"spark.sql.session.timeZone": "Asia/Tokyo"})
    def clock():
        return spark.sql("SELECT date_format(timestamp_seconds(0), 'HH') AS hour")

    rows = cells.preview("five")
    rows.createOrReplaceTempView("seen")
    rows.where("id > 2").createOrReplaceTempView("some")
    assert spark.sql("SELECT count(*) FROM seen CROSS JOIN some").first()[0] == 10
    rows = cells.preview("clock")
    rows.createOrReplaceTempView("clock_seen")
    assert rows.first().hour == "09"
    assert spark.table("clock_seen").columns == ["hour"]


DEFAULTED = """
from pyspark import pipelines as dp
from pyspark.sql import functions as F

@dp.table
@dp.expect_or_drop("few", "id < 3")
def streamed():
    return spark.readStream.table("{schema}_in.raw")

@dp.materialized_view
def counted():
    return spark.table("streamed").groupBy().agg(F.count("*").alias("n"))

dp.create_streaming_table("newest")
dp.create_auto_cdc_flow("newest", "{schema}_in.raw", ["id"], "id", stored_as_scd_type=1)
"""
IN_SQL = """
CREATE MATERIALIZED VIEW doubled AS
SELECT 2 * n AS n, (SELECT count(*) FROM {schema}_in.raw) AS m, raw.id
FROM counted, {schema}_in.raw WHERE raw.id = 0;
CREATE MATERIALIZED VIEW hive_metastore.{schema}.elsewhere AS SELECT * FROM main.{schema}.counted
"""


@pytest.fixture
def default_catalog(spark):
    """The catalog `main`, in which the session begins, and the pipeline's copies of it."""
    from nbkit.spark.catalogs import DEFAULT

    spark.conf.set(DEFAULT, "main")
    yield spark.catalog.currentCatalog()
    spark.conf.unset(DEFAULT)
    spark.sql("USE spark_catalog.default")


def test_names_of_two_parts_are_the_default_catalogs(pipeline, spark, default_catalog):
    """Also while the source's session, or the notebook's, uses a schema of it."""
    own = pipeline.schema
    assert default_catalog == "main"
    spark.sql(f"CREATE SCHEMA {own}_in")
    spark.range(5).write.saveAsTable(f"{own}_in.raw")
    spark.range(9).write.saveAsTable(f"spark_catalog.{own}_in.raw")  # not meant
    pipeline.write("src/a.py", DEFAULTED.replace("{schema}", own))
    pipeline.write("src/b.sql", IN_SQL.replace("{schema}", own))
    assert [each.error for each in pipeline.update().values() if each.error] == []
    for _ in range(2):
        assert pipeline.rows(f"{own}.streamed", "1") == [(0,), (1,), (2,)]
        assert pipeline.rows(f"main.{own}.counted", "1") == [(3,)]
        assert pipeline.rows(f"{own}.newest", "1") == [(n,) for n in range(5)]
        assert pipeline.rows(f"{own}.doubled", "1") == [(6, 5, 0)]
        assert pipeline.rows(f"hive_metastore.{own}.elsewhere", "1") == [(3,)]
        spark.sql(f"USE SCHEMA {own}")
        pipeline.update()
    assert pipeline.how(f"nbkit_main__{own}.doubled")[1] == "unchanged"
    tables = spark.sql(f"SHOW TABLES IN spark_catalog.{own}").collect()
    assert [each.tableName for each in tables if not each.isTemporary] == ["elsewhere"]
