"""What notebooks of 2026 use, in a real kernel: what works, and the sentence where it does not."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def schema(notebook):
    """A schema of this file, which is gone after it."""
    said = notebook.run("""
        def tried(query):
            try:
                return rows(query)
            except Exception as error:
                return str(error).splitlines()[0].removeprefix("nbkit: ")[:52]
        spark.sql("CREATE SCHEMA main.lately")
        spark.sql("CREATE TABLE main.lately.t (id INT, v STRING)")
        spark.sql("INSERT INTO main.lately.t VALUES (1, 'a'), (2, 'b')")
    """)
    assert not said
    yield
    assert not notebook.run("""
        spark.sql("USE spark_catalog.default")
        spark.sql("DROP SCHEMA main.lately CASCADE")
    """)


def test_rows_are_merged_by_data_frames(notebook):
    """`mergeInto`, with all of its clauses."""
    said = notebook.run("""
        from pyspark.sql import functions as F
        new = spark.createDataFrame([(2, "B"), (3, "c")], "id INT, v STRING").alias("new")
        new.mergeInto("main.lately.t", F.expr("new.id = t.id")).whenMatched(
            F.expr("new.v = 'B'")).update({"v": F.expr("new.v || '!'")}).whenNotMatched().insertAll(
            ).whenNotMatchedBySource().delete().merge()
        print(sorted(map(tuple, spark.table("main.lately.t").collect())))
    """)
    assert said == "[(2, 'B!'), (3, 'c')]\n"


def test_streams_keep_states(notebook):
    """`transformWithState` with rows and with pandas; on RocksDB."""
    said = notebook.run("""
        import tempfile
        import pandas as pd
        from pyspark.sql import Row
        from pyspark.sql.streaming import StatefulProcessor
        spark.conf.set("spark.sql.streaming.stateStore.providerClass",
            "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")
        class Counting(StatefulProcessor):
            def init(self, handle):
                self.seen = handle.getValueState("seen", "n INT")
            def counted(self, more):
                n = (self.seen.get()[0] if self.seen.exists() else 0) + more
                self.seen.update((n,))
                return n
            def handleInputRows(self, key, rows, timers):
                yield Row(k=key[0], n=self.counted(sum(1 for _ in rows)))
        class WithPandas(Counting):
            def handleInputRows(self, key, rows, timers):
                yield pd.DataFrame({"k": [key[0]], "n": [self.counted(sum(map(len, rows)))]})
        spark.sql("CREATE TABLE main.lately.seen AS SELECT id % 3 AS k FROM range(8)")
        for name, how, processor in (("one", "transformWithState", Counting()),
                                     ("two", "transformWithStateInPandas", WithPandas())):
            groups = spark.readStream.table("main.lately.seen").groupBy("k")
            states = getattr(groups, how)(statefulProcessor=processor, timeMode="None",
                outputStructType="k LONG, n INT", outputMode="Update")
            states.writeStream.outputMode("update").format("memory").queryName(name).option(
                "checkpointLocation", tempfile.mkdtemp()).trigger(availableNow=True).start(
                ).awaitTermination()
            print(sorted(map(tuple, spark.table(name).collect())))
        spark.conf.unset("spark.sql.streaming.stateStore.providerClass")
    """)
    assert said.splitlines() == ["[(0, 3), (1, 3), (2, 2)]"] * 2


def test_scripts_with_cursors_and_handlers(notebook):
    """In SQL cells too: a script is one statement there."""
    said = notebook.run("""
        print(tried("BEGIN DECLARE x, total INT DEFAULT 0; DECLARE done BOOLEAN DEFAULT false; "
            "DECLARE c CURSOR FOR SELECT id FROM range(4); "
            "DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = true; OPEN c; "
            "REPEAT FETCH c INTO x; IF NOT done THEN SET total = total + x; END IF; "
            "UNTIL done END REPEAT; CLOSE c; SELECT total; END"))
        print(tried("BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SELECT 'caught'; END; "
            "SELECT raise_error('no'); END"))
    """)
    assert said.splitlines() == ["[(6,)]", "[('caught',)]"]
    get_ipython = "get_ipython().run_cell_magic('sql', '', "
    said = notebook.run(f"""
        {get_ipython}'DECLARE OR REPLACE n INT DEFAULT 1;\\nSET VAR n = 41;\\n'
            'BEGIN SET n = n + 1; END;\\nFROM range(1) |> SELECT n + id AS n')
        print(_sqldf.collect()[0][0])
    """)
    assert said.splitlines()[-1] == "42"


def test_what_delta_refuses_is_done_in_another_way(notebook):
    """Clones over rows and of mapped columns, `NOT NULL` afterwards; with one line each."""
    said = notebook.run("""
        spark.sql("CREATE TABLE main.lately.of (id INT, v STRING)")
        spark.sql("INSERT INTO main.lately.of VALUES (7, 'x')")
        for _ in range(2):
            spark.sql("CREATE OR REPLACE TABLE main.lately.clone SHALLOW CLONE main.lately.of")
        spark.sql("ALTER TABLE main.lately.of SET TBLPROPERTIES "
                  "('delta.columnMapping.mode' = 'name')")
        spark.sql("CREATE TABLE main.lately.mapped SHALLOW CLONE main.lately.of")
        print(tried("SELECT * FROM main.lately.clone"), tried("SELECT * FROM main.lately.mapped"))
        for _ in range(2):
            spark.sql("ALTER TABLE main.lately.clone ALTER COLUMN id SET NOT NULL")
        try:
            spark.sql("INSERT INTO main.lately.clone VALUES (NULL, 'x')")
        except Exception as error:
            print("not_null_id" in str(error))
        spark.sql("ALTER TABLE main.lately.clone ALTER COLUMN id DROP NOT NULL")
        spark.sql("INSERT INTO main.lately.clone VALUES (NULL, 'y')")
        print(tried("SELECT count(*) FROM main.lately.clone"))
        print(tried("ALTER TABLE main.lately.clone ALTER COLUMN id SET NOT NULL")[:30])
    """)
    lines = said.splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("nbkit")] == ["nbkit"] * 3
    assert [line for line in lines if not line.startswith("nbkit")] == [
        "[(7, 'x')] [(7, 'x')]",
        "True",
        "[(2,)]",
        "[DELTA_NEW_CHECK_CONSTRAINT_VI",
    ]


def test_files_of_clones_outlive_a_vacuum_of_their_source(notebook, tmp_path):
    """Of clones by name, by place and of a clone; without any, and after them, all go."""
    said = notebook.run(f"""
        from pathlib import Path
        spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
        place = "{tmp_path}/source"
        def rows_there():
            return len(list(Path(place).glob("*.parquet")))
        def refilled():
            spark.range(3).coalesce(1).write.format("delta").mode("overwrite").save(place)
        refilled()
        spark.sql("CREATE TABLE main.lately.one (id BIGINT)")
        spark.sql(f"REPLACE TABLE main.lately.one SHALLOW CLONE delta.`{{place}}`")
        spark.sql("CREATE TABLE main.lately.of_one SHALLOW CLONE main.lately.one")
        refilled()
        DeltaTable.forPath(spark, place).clone("{tmp_path}/two", isShallow=True)
        for _ in range(2):
            refilled()
        spark.sql(f"VACUUM delta.`{{place}}` RETAIN 0 HOURS DRY RUN")
        print(rows_there())
        spark.sql("ALTER TABLE main.lately.of_one RENAME TO main.lately.moved")
        spark.sql(f"VACUUM '{{place}}' RETAIN 0 HOURS")
        print(rows_there(), spark.table("main.lately.moved").count())
        spark.sql("DROP TABLE main.lately.one")
        DeltaTable.forPath(spark, place).vacuum(0)
        print(rows_there(), spark.read.load("{tmp_path}/two").count(),
              spark.table("main.lately.moved").count())
        spark.sql("DROP TABLE main.lately.moved")
        __import__("shutil").rmtree("{tmp_path}/two")
        DeltaTable.forPath(spark, place).vacuum(0)
        print(rows_there(), spark.read.load(place).count())
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    """)
    lines = [line for line in said.splitlines() if line[:1].isdigit()]
    assert lines == ["4", "3 3", "3 3 3", "1 3"]


def test_what_tells_of_a_table_is_a_table(notebook):
    """In a query, also with values, and in a statement that makes a table of it."""
    said = notebook.run("""
        print(tried("SELECT min(version) FROM (DESCRIBE HISTORY main.lately.t) WHERE version > 0"))
        spark.sql("CREATE TABLE main.lately.told AS SELECT d.format, s.tableName FROM "
                  "(DESCRIBE DETAIL main.lately.t) d JOIN (SHOW TABLES IN main.lately LIKE 't') s")
        print(tried("SELECT * FROM main.lately.told"))
        print([row.viewName for row in spark.sql("SHOW VIEWS").collect()
               if row.viewName.startswith("nbkit")])
    """)
    assert said.splitlines() == ["[(1,)]", "[('delta', 't')]", "[]"]


def test_values_fit_as_in_spark_connect(notebook):
    """And older names of functions come with a star, in a cell of its own namespace."""
    said = notebook.run("""
        import numpy as np
        from datetime import date
        rows_of = spark.createDataFrame([(1, np.int64(2), date(2024, 1, 2), [3, None])],
                                        "a DOUBLE, b BIGINT, c STRING, d ARRAY<FLOAT>")
        print(rows_of.collect())
        print([row[0] for row in spark.createDataFrame([1, 2.5], "double").collect()])
        try:
            spark.createDataFrame([(1.5,)], "a INT")
        except Exception as error:
            print(type(error).__name__)
        star = {}
        exec("from pyspark.sql.functions import *", star)
        print(rows_of.select(star["countDistinct"]("a"), star["sumDistinct"]("b"),
                             star["approxCountDistinct"]("a")).first()[:])
    """)
    assert said.splitlines()[0] == "[Row(a=1.0, b=2, c='2024-01-02', d=[3.0, None])]"
    assert said.splitlines()[1:3] == ["[1.0, 2.5]", "PySparkTypeError"]
    assert said.splitlines()[-1] == "(1, 2, 1)"


def test_builders_make_and_find_below_another_catalog(notebook):
    """Tables of one and two levels; afterwards the same catalog and schema are in use."""
    said = notebook.run("""
        spark.sql("USE main.lately")
        for name in ("built", "lately.built"):
            DeltaTable.createIfNotExists(spark).tableName(name).addColumn("a", "INT").execute()
        print(spark.table("main.lately.built").columns, spark.catalog.currentDatabase())
    """)
    assert said == "['a'] lately\n"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("CREATE PROCEDURE main.lately.p() AS BEGIN SELECT 1; END", "Spark 4.2 has no SQL proc"),
        ("CALL main.lately.p(1)", "Spark 4.2 has no SQL proc"),
        ("SHOW PROCEDURES IN main", "Spark 4.2 has no SQL proc"),
        ("CREATE TEMP TABLE x AS SELECT 1", "Spark 4.2 has no temporary tables"),
        ("DROP TEMPORARY TABLE IF EXISTS x", "Spark 4.2 has no temporary tables"),
        ("BEGIN IF true THEN SIGNAL SQLSTATE '45000'; END IF; END", "Spark 4.2 signals no"),
        ("INSERT INTO main.lately.t REPLACE USING (id) SELECT 1, 'a'", "Delta here does not repl"),
        ("UNDROP TABLE main.lately.t", "what is dropped here is gone"),
        ("SHOW TABLES DROPPED IN main.lately", "what is dropped here is gone"),
        ("LIST '/Volumes/main'", "Spark lists no files in SQL"),
        ("CREATE TABLE main.lately.c (v STRING COLLATE UTF8_LCASE)", "Delta here keeps no coll"),
        ("CREATE OR REFRESH STREAMING TABLE s AS SELECT 1 AS a", "a pipeline makes what is ref"),
        (
            "CREATE FUNCTION main.lately.p(x INT) RETURNS INT LANGUAGE PYTHON AS $$return x;$$",
            "Spark 4.2 keeps no functions in Python",
        ),
        ("SELECT ai_query('a', 'b')", "ai_query is a service of Databricks"),
        ("SELECT h3_longlatash3(1.0, 1.0, 5)", "h3_longlatash3 is a function of Databricks al"),
        ("SELECT current_metastore()", "current_metastore is the id of a metastore"),
    ],
)
def test_what_is_not_here_is_said(notebook, statement, sentence):
    """In a sentence, before what Spark says."""
    assert notebook.run(f"print(tried({statement!r}))").startswith(sentence)
