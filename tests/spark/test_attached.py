"""The whole PySpark and Delta API works in a client of the shared driver."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e


def test_frames_sql_rdds_and_python_functions_work(client):
    """Everything that a session of one's own offers is there, RDDs and Python workers too."""
    said = client("""
        from pyspark.sql.functions import udf, col
        twice = udf(lambda n: n * 2, "long")
        print(spark.range(5).select(twice("id").alias("n")).agg({"n": "sum"}).first()[0])
        print(spark.sql("select 1 + 1").first()[0])
        print(spark.sparkContext.parallelize(range(10), 2).map(lambda n: n + 1).sum())
        total = spark.sparkContext.accumulator(0)
        spark.sparkContext.parallelize([1, 2, 3]).foreach(total.add)
        print(total.value)
        print(spark.createDataFrame([(1, "a")], "n int, s string").toPandas().s[0])
    """).result()
    assert said.split() == ["20", "2", "55", "6", "a"]


def test_delta_tables_merge_and_travel_in_time(client):
    """The `DeltaTable` API works, which Spark Connect could not offer."""
    said = client("""
        from delta.tables import DeltaTable
        spark.sql("create schema if not exists merging")
        spark.sql("drop table if exists merging.t")
        spark.range(3).withColumnRenamed("id", "n").write.format("delta").saveAsTable("merging.t")
        news = spark.range(2, 5).withColumnRenamed("id", "n")
        table = DeltaTable.forName(spark, "merging.t")
        merge = table.alias("t").merge(news.alias("s"), "t.n = s.n")
        merge.whenNotMatchedInsertAll().execute()
        print(spark.table("merging.t").count(), table.history().count())
        print(spark.read.option("versionAsOf", 0).table("merging.t").count())
        from pyspark.sql.functions import udf
        twice = udf(lambda n: n * 2, "long", useArrow=True)  # over stored columns, see conf.py
        print(spark.table("merging.t").select(twice("n").alias("m")).agg({"m": "sum"}).first()[0])
    """).result()
    assert said.split() == ["5", "2", "3", "20"]


def test_for_each_batch_works_in_two_clients_at_once(client, tmp_path):
    """Java calls back into each client's own Python."""
    code = """
        def batch(frame, number):
            print("rows", frame.count(), flush=True)
        spark.range(10).write.parquet("{place}")
        stream = spark.readStream.schema("id long").parquet("{place}")
        query = stream.writeStream.foreachBatch(batch).trigger(availableNow=True)
        query.option("checkpointLocation", "{place}-checkpoint").start().awaitTermination()
    """
    clients = [client(code.format(place=tmp_path / name)) for name in "ab"]
    assert [each.result() for each in clients] == ["rows 10", "rows 10"]


def test_a_notebook_that_builds_its_session_gets_the_leased_one(client):
    """`SparkSession.builder…getOrCreate()` and `getActiveSession()` return it, in threads too."""
    said = client("""
        from concurrent.futures import ThreadPoolExecutor
        from pyspark.sql import SparkSession
        built = SparkSession.builder.appName("mine").config("spark.sql.ansi.enabled", "false")
        print(built.getOrCreate() is spark, spark.conf.get("spark.sql.ansi.enabled"))
        print(SparkSession.getActiveSession() is spark)
        with ThreadPoolExecutor(1) as threads:
            print(threads.submit(SparkSession.getActiveSession).result() is spark)
    """).result()
    assert said.split() == ["True", "false", "True", "True"]


def test_sessions_are_apart_and_tables_are_shared(client):
    """Temporary views and settings are a session's own; the catalog is everyone's."""
    first = client("""
        spark.conf.set("spark.sql.shuffle.partitions", "7")
        spark.range(1).createOrReplaceTempView("mine")
        spark.sql("create or replace table shared_numbers using delta as select 1 as n")
        print("done", flush=True)
        sys.stdin.read()
    """)
    assert first.line() == "done"
    said = client("""
        print(spark.catalog.tableExists("mine"), spark.catalog.tableExists("shared_numbers"))
        print(spark.conf.get("spark.sql.shuffle.partitions") == "7")
    """).result()
    assert said.split() == ["False", "True", "False"]


def test_what_spark_does_now_is_known_for_each_client_by_itself(client, tmp_path):
    """Stages and tasks done of all, without those whose output is there; a neighbour has none."""
    gates = tmp_path / "gates"
    gates.mkdir()
    looking = """
        import time
        from nbkit.spark.work_now import looker, nothing
        look = looker(spark.sparkContext)
        def seen(wanted):
            while (now := tuple(look().values())[2:]) != wanted:
                time.sleep(0.02)
            return now
    """
    busy = client(f"""{looking}
        from pathlib import Path
        from threading import Thread
        def wait_at(name):
            def passing(number, rows):
                while not Path({str(gates)!r}, f"{{name}}{{number}}").exists():
                    time.sleep(0.02)
                return rows
            return passing
        def let(*names):
            for name in names:
                Path({str(gates)!r}, name).touch()
        assert look() == nothing()
        pairs = spark.sparkContext.range(8, numSlices=4).map(lambda n: (n % 2, n))
        pairs = pairs.mapPartitionsWithIndex(wait_at("a")).reduceByKey(max, 3)
        again = pairs.mapPartitionsWithIndex(wait_at("b")).map(lambda p: (p[1] % 2, 1))
        work = Thread(target=again.reduceByKey(max, 2).count)
        work.start()
        seen((1, 0, 3, 0, 9))
        print("at work", flush=True)
        sys.stdin.readline()
        let("a0")
        seen((1, 0, 3, 1, 9))
        let("a1", "a2", "a3", "b0")
        seen((1, 1, 3, 5, 9))
        let("b1", "b2")
        work.join()
        seen((0, 0, 0, 0, 0))
        for name in ("b0", "b1", "b2"):
            Path({str(gates)!r}, name).unlink()
        work = Thread(target=again.count)
        work.start()
        seen((1, 0, 1, 0, 3))  # the first stage has been worked through before
        let("b0", "b1", "b2")
        work.join()
        print("done")
    """)
    assert busy.line() == "at work"
    idle = client(f"{looking}\n        print(seen((0, 0, 0, 0, 0)))")
    assert idle.result() == "(0, 0, 0, 0, 0)"
    busy.tell()
    assert busy.result() == "done"


def test_stop_ends_one_session_and_the_next_use_gets_another(client):
    """`spark.stop()` at the end of a notebook does not end the driver of all."""
    other = client("""
        print("ready", flush=True)
        sys.stdin.readline()
        print(spark.range(3).count(), flush=True)
    """)
    assert other.line() == "ready"
    said = client("""
        spark.stop()
        spark = attach(settings)
        print(spark.range(2).count())
    """).result()
    assert said == "2"
    other.tell()
    assert other.result() == "3"


def test_settings_of_a_job_reach_the_session_and_workers(client):
    """Session settings and variables are those asked for; a static one is a warning."""
    said = client("""
        import warnings
        from pyspark.sql.functions import udf
        spark.stop()
        wanted = {"spark.sql.shuffle.partitions": "11", "spark.sql.warehouse.dir": "/x"}
        with warnings.catch_warnings(record=True) as seen:
            spark = attach(settings, wanted, {"COLOUR": "blue"})
        print(spark.conf.get("spark.sql.shuffle.partitions"), len(seen))
        read = udf(lambda _: __import__("os").environ["COLOUR"])
        print(spark.range(1).select(read("id")).first()[0])
    """).result()
    assert said.split() == ["11", "1", "blue"]


def test_a_failed_query_is_an_exception_and_nothing_more(client):
    """PySpark's own JSON log line of the same error stays out of output notebooks."""
    failed = client("""
        try:
            spark.sql("select * from nowhere_at_all")
        except Exception as error:
            print(type(error).__name__, lost(error))
    """)
    out, err = failed.process.communicate()
    assert out.split() == ["AnalysisException", "False"]
    assert "nowhere_at_all" not in err
