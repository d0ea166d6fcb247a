"""Three-level names, views and Unity Catalog's statements in a real kernel on a real driver."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e


def test_sql_reads_and_writes_by_three_levels(notebook):
    """The table is one and the same by its name in the session's own catalog."""
    said = notebook.run("""
        print(rows("SELECT main.silver.orders.item FROM main.silver.orders WHERE id = 1"))
        print(rows("SELECT count(*) FROM nbkit_main__silver.orders"))
        spark.sql("UPDATE main.silver.orders SET item = 'c' WHERE id = 2")
        spark.sql("CREATE TABLE main.silver.copy AS SELECT * FROM main.silver.orders")
        spark.sql('''MERGE INTO main.silver.copy t USING main.silver.orders s ON t.id = s.id + 1
                     WHEN MATCHED THEN DELETE''')
        spark.sql("ALTER TABLE main.silver.copy ADD CONSTRAINT known CHECK (id > 0)")
        spark.sql("ALTER TABLE main.silver.copy RENAME TO main.silver.kept")
        print(rows("SELECT * FROM main.silver.kept"))
        print(rows("SELECT count(*) FROM main.silver.orders VERSION AS OF 0"))
        print(rows("DESCRIBE HISTORY main.silver.orders LIMIT 1")[0][4])
        print(rows("SHOW TABLES IN main.silver"))
        spark.sql("CREATE TABLE `dev-2`.default.t (one INT)")
        print(spark.table("nbkit_dev_zz2dz2__default.t").columns)
        spark.sql("DROP TABLE main.silver.kept")
    """)
    assert said.splitlines() == [
        "[('a',)]",
        "[(2,)]",
        "[(1, 'a')]",
        "[(0,)]",
        "UPDATE",
        "[('silver', 'kept', False), ('silver', 'orders', False)]",
        "['one']",
    ]


def test_hive_metastore_is_the_sessions_own_catalog(notebook):
    """`hive_metastore.bronze.t` is `bronze.t`."""
    said = notebook.run("""
        spark.sql("CREATE SCHEMA hive_metastore.bronze")
        spark.sql("CREATE TABLE hive_metastore.bronze.t (one INT)")
        print(spark.table("bronze.t").columns, spark.catalog.tableExists("hive_metastore.bronze.t"))
    """)
    assert said.split() == ["['one']", "True"]


def test_pyspark_and_delta_read_and_write_by_three_levels(notebook, tmp_path):
    """Writers, readers, the catalog, streams, and DeltaTable, its builder too."""
    said = notebook.run(f"""
        numbers = spark.range(3).withColumnRenamed("id", "n")
        numbers.write.saveAsTable("main.silver.numbers")
        numbers.write.insertInto("main.silver.numbers")
        numbers.writeTo("main.silver.numbers").append()
        print(spark.table("main.silver.numbers").count())
        numbers.writeTo("main.silver.numbers").using("delta").createOrReplace()
        print(spark.read.option("versionAsOf", 0).table("main.silver.numbers").count())
        print(DeltaTable.forName(spark, "main.silver.numbers").toDF().count())
        stream = spark.readStream.table("main.silver.numbers").writeStream
        stream = stream.option("checkpointLocation", "{tmp_path}").trigger(availableNow=True)
        stream.toTable("main.silver.streamed").awaitTermination()
        print(spark.table("main.silver.streamed").count())
        DeltaTable.createIfNotExists(spark).tableName("main.silver.built").addColumn(
            "id", "BIGINT").execute()
        names = [table.name for table in spark.catalog.listTables("main.silver")]
        print("built" in names, spark.catalog.getTable("main.silver.built").catalog)
        print(spark.catalog.databaseExists("main.silver"), spark.catalog.databaseExists("main.no"))
    """)
    assert said.splitlines() == ["9", "3", "3", "3", "True main", "True False"]


def test_views_by_three_levels(notebook):
    """Made, replaced, altered, renamed, listed and dropped; never taken for tables."""
    said = notebook.run("""
        spark.sql("CREATE VIEW main.silver.v AS SELECT upper(item) AS item FROM main.silver.orders")
        print(sorted(rows("SELECT * FROM main.silver.v")))
        print(rows("SELECT count(*) FROM nbkit_main__silver.v"))
        spark.sql('''CREATE OR REPLACE VIEW main.silver.v (a COMMENT 'x') COMMENT 'ids'
                     AS SELECT id FROM main.silver.orders''')
        print(spark.table("main.silver.v").columns, rows("SHOW VIEWS IN main.silver"))
        spark.sql("ALTER VIEW main.silver.v AS SELECT 1 AS one")
        spark.sql("ALTER VIEW main.silver.v RENAME TO main.silver.w")
        print(rows("SELECT * FROM main.silver.w"))
        print("SELECT 1 AS one" in rows("SHOW CREATE TABLE main.silver.w")[0][0])
        for wrong in ("DROP TABLE main.silver.w", "DROP VIEW main.silver.orders",
                      "CREATE VIEW main.silver.orders AS SELECT 1"):
            try:
                spark.sql(wrong)
            except Exception as error:
                print(error.getCondition())
        spark.sql("DROP VIEW main.silver.w")
        print(rows("SHOW VIEWS IN main.silver"))
    """)
    assert said.splitlines() == [
        "[('A',), ('C',)]",
        "[(2,)]",
        "['a'] [('silver', 'v', False)]",
        "[(1,)]",
        "True",
        "WRONG_COMMAND_FOR_OBJECT_TYPE",
        "WRONG_COMMAND_FOR_OBJECT_TYPE",
        "TABLE_OR_VIEW_ALREADY_EXISTS",
        "[]",
    ]


def test_the_current_catalog_and_schema(notebook):
    """`USE CATALOG` and `USE SCHEMA` complete shorter names, in views for ever."""
    said = notebook.run("""
        spark.sql("USE CATALOG main")
        print(rows("SELECT current_catalog(), current_schema()"))
        spark.sql("CREATE TABLE made (one INT)")
        spark.sql("USE SCHEMA silver")
        assert DeltaTable.forName(spark, "orders").toDF().count() == 2
        spark.sql("CREATE VIEW latest AS SELECT max(id) AS id FROM orders")
        print(rows("SELECT count(*) FROM orders"), spark.catalog.currentCatalog())
        spark.sql("USE spark_catalog.default")
        print(rows("SELECT * FROM main.silver.latest"), spark.table("main.default.made").columns)
        print([name for name, in rows("SHOW CATALOGS")])
        print([name for name, in rows("SHOW SCHEMAS IN main")])
    """)
    assert said.splitlines() == [
        "[('main', 'default')]",
        "[(2,)] main",
        "[(2,)] ['one']",
        "['dev-2', 'hive_metastore', 'main', 'spark_catalog']",
        "['default', 'silver']",
    ]


def test_names_of_two_levels_are_nobody_elses(notebook):
    """A schema called as nbkit could have called it, and one called as a catalog is."""
    said = notebook.run("""
        spark.sql("CREATE SCHEMA main__silver")
        spark.sql("CREATE TABLE main__silver.orders AS SELECT 'mine' AS whose")
        print(rows("SELECT * FROM main__silver.orders"))
        print(rows("SELECT count(*) FROM main.silver.orders"))
        print(("main__silver",) in rows("SHOW SCHEMAS IN hive_metastore"))
        spark.sql("DROP SCHEMA main__silver CASCADE")
        spark.sql("USE CATALOG main")
        spark.sql("CREATE SCHEMA main")
        spark.sql("CREATE TABLE main.t AS SELECT 1 AS one")
        print(rows("SELECT * FROM main.main.t"), rows("SELECT one FROM main.t"))
        print(rows("SHOW TABLES IN main"), spark.catalog.tableExists("main.t"))
        spark.sql("USE main")
        print(rows("SELECT current_catalog(), current_schema()"))
        spark.sql("INSERT INTO t VALUES (2)")
        spark.sql("USE SCHEMA main.silver")
        print(rows("SELECT current_schema()"), rows("SELECT sum(one) FROM main.t"))
        spark.sql("DROP SCHEMA main CASCADE")
        print(rows("SHOW SCHEMAS IN main"))
        spark.catalog.setCurrentDatabase("spark_catalog.default")
        print(rows("SELECT current_catalog(), current_schema()"))
    """)
    assert said.splitlines() == [
        "[('mine',)]",
        "[(2,)]",
        "True",
        "[(1,)] [(1,)]",
        "[('main', 't', False)] True",
        "[('main', 'main')]",
        "[('silver',)] [(3,)]",
        "[('default',), ('silver',)]",
        "[('spark_catalog', 'default')]",
    ]


def test_tables_by_their_place_are_in_no_catalog(notebook, tmp_path):
    """All that is asked of one, while another catalog is in use."""
    said = notebook.run(f"""
        place = "delta.`{tmp_path}/t`"
        spark.sql("USE main.silver")
        spark.sql(f"CREATE TABLE {{place}} (id INT, v STRING)")
        spark.sql(f"CREATE TABLE IF NOT EXISTS {{place}} (id INT, v STRING)")
        spark.sql(f"INSERT INTO {{place}} VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        spark.sql(f"UPDATE {{place}} SET v = 'B' WHERE id = 2")
        spark.sql(f"DELETE FROM {{place}} WHERE id = 3")
        spark.sql(f"MERGE INTO {{place}} t USING orders s ON t.id = s.id + 1 "
                  "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, v) "
                  "VALUES (9, 'new')")
        spark.sql(f"ALTER TABLE {{place}} ADD COLUMN more INT")
        spark.sql(f"OPTIMIZE {{place}}")
        print(sorted(rows(f"SELECT id, v FROM {{place}}")))
        spark.sql(f"RESTORE TABLE {{place}} TO VERSION AS OF 1")
        print(rows(f"DESCRIBE HISTORY {{place}}")[0][4], rows(f"DESCRIBE DETAIL {{place}}")[0][0])
        spark.sql(f"CREATE OR REPLACE TABLE {{place}} AS SELECT 5 AS five")
        spark.range(2).write.format("delta").mode("append").option("mergeSchema", "true").save(
            "{tmp_path}/t")
        spark.sql(f"CREATE TABLE of_place SHALLOW CLONE {{place}}")
        print(rows("SELECT count(*) FROM of_place"), DeltaTable.isDeltaTable(spark, "{tmp_path}/t"))
        spark.sql("DROP TABLE of_place")
        spark.sql("USE spark_catalog.default")
    """)
    assert said.splitlines() == [
        "[(1, 'a'), (9, 'new')]",
        "RESTORE delta",
        "[(3,)] True",
    ]


def test_the_information_schema(notebook):
    """What a catalog holds, as tables that can be queried."""
    said = notebook.run("""
        print(rows('''SELECT table_type, data_source_format, comment
                      FROM main.information_schema.tables
                      WHERE table_schema = 'silver' AND table_name = 'orders' ORDER BY 1'''))
        print(rows('''SELECT column_name, ordinal_position, data_type, full_data_type
                      FROM main.information_schema.columns
                      WHERE table_name = 'orders' ORDER BY 2'''))
        print(rows("SELECT comment FROM main.information_schema.schemata"
                   " WHERE schema_name = 'silver'"))
    """)
    assert said.splitlines() == [
        "[('MANAGED', 'DELTA', 'all')]",
        "[('id', 1, 'LONG', 'bigint'), ('item', 2, 'STRING', 'string')]",
        "[('clean',)]",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "spark.sql('SELECT * FROM prod.silver.t')",
        "spark.table('prod.silver.t')",
        "spark.range(1).write.saveAsTable('prod.silver.t')",
        "spark.range(1).writeTo('prod.silver.t').create()",
        "DeltaTable.forName(spark, 'prod.silver.t')",
        "spark.sql('CREATE SCHEMA prod.silver')",
        "spark.sql('USE CATALOG prod')",
    ],
)
def test_an_unknown_catalog_tells_how_to_add_it(notebook, code):
    """First thing in the error, whatever it is that names it."""
    said = notebook.run(code).partition(": ")[2]
    assert said.startswith("nbkit: there is no catalog prod here. Add it in nbkit.toml")


def test_a_missing_table_is_told_with_the_nearest(notebook):
    """In one sentence, whatever asks for it; looked for only when the error is shown."""
    asked = [
        "spark.table('{}')",
        "spark.read.table('{}')",
        "spark.readStream.table('{}')",
        "spark.sql('SELECT * FROM {}')",
        "spark.sql('DELETE FROM {}')",
        "DeltaTable.forName(spark, '{}')",
        "spark.range(1).write.insertInto('{}')",
        "get_ipython().run_line_magic('sql', 'SELECT * FROM {}')",
    ]
    for code in asked:
        said = notebook.run(code.format("main.silver.oders"))
        assert said.startswith(
            "AnalysisException: nbkit: there is no table main.silver.oders here; "
            "nearest: main.silver.orders.\n["
        ), code
        assert "UnresolvedRelation" not in said
        said = notebook.run(code.format("silver.orders"))
        assert ": there is no table silver.orders here, but main.silver.orders in another" in said
    said = notebook.run("""
        spark.range(1).createOrReplaceTempView("orders_today")
        spark.table("`order_today`")
    """)
    assert "there is no table order_today here; nearest: orders_today.\n" in said
    said = notebook.run("""
        from nbkit.dialect import missing_table
        looked, look = [], missing_table.listed
        missing_table.listed = lambda *given: looked.append(1) or look(*given)
        try:
            spark.table("main.silver.oders")
        except Exception as error:
            print(len(looked), str(error) == str(error), len(looked))
        missing_table.listed = look
        print(spark.catalog.tableExists("main.silver.oders"))
        spark.catalog.dropTempView("orders_today")
    """)
    assert said.splitlines() == ["0 True 1", "False"]


def test_other_errors_are_sparks(notebook):
    """Of what comes near to nothing; without the plan, which tells its reader nothing."""
    said = notebook.run("spark.sql('SELECT nothing FROM main.silver.orders')")
    assert said.startswith("AnalysisException: [UNRESOLVED_COLUMN")
    assert "Relation" not in said


def test_what_only_unity_catalog_knows(notebook):
    """In `spark.sql` and in `%sql`: done here, or skipped with one line."""
    assert notebook.run("%sql GRANT SELECT ON TABLE main.silver.orders TO team") == (
        "nbkit: skipped GRANT: there are no permissions here\n"
    )
    said = notebook.run("""
        spark.sql("CREATE VOLUME IF NOT EXISTS main.silver.raw")
        dbutils.fs.put("/Volumes/main/silver/raw/a.txt", "x", True)
        spark.sql("ANALYZE TABLE main.silver.orders COMPUTE STATISTICS")
        spark.sql("CREATE CATALOG lab")
        spark.sql("CREATE SCHEMA lab.s")
        print(rows("SHOW SCHEMAS IN lab"))
        print(rows("DESCRIBE CATALOG lab"))
    """)
    lines = said.splitlines()
    assert lines[0] == "nbkit: the volume is the folder /Volumes/main/silver/raw of the project"
    assert any(line.startswith("nbkit: skipped ANALYZE TABLE") for line in lines)
    assert any(line.startswith("nbkit: catalog lab is there for this session") for line in lines)
    assert lines[-2:] == ["[('default',), ('s',)]", "[('Catalog Name', 'lab')]"]


def test_a_table_that_is_not_delta(notebook):
    """Made empty and filled, or from a query; a query does not replace it, and that is said."""
    said = notebook.run("""
        spark.sql("CREATE TABLE main.silver.plain (n INT) USING parquet")
        spark.sql("INSERT INTO main.silver.plain VALUES (1)")
        print(rows("SELECT * FROM main.silver.plain"))
        spark.sql("CREATE TABLE main.silver.other USING parquet AS SELECT 1 AS n")
        spark.sql("CREATE OR REPLACE TABLE main.silver.other USING parquet AS SELECT 2 AS n")
    """)
    assert "table other is there already, and only Delta tables are replaced by a query" in said
    assert notebook.run("print(rows('SELECT * FROM main.silver.plain'))") == "[(1,)]\n"


def test_dropping_a_schema_drops_what_is_in_it(notebook):
    """Also by its other name."""
    said = notebook.run("""
        spark.sql("CREATE SCHEMA main.gone")
        spark.sql("CREATE TABLE main.gone.t (n INT)")
        spark.sql("DROP SCHEMA main.gone CASCADE")
        print(spark.catalog.databaseExists("nbkit_main__gone"))
    """)
    assert said == "False\n"


def test_what_is_not_delta_is_made_from_queries_too(notebook):
    """With its partitions and rows; when the query fails, there is no table."""
    said = notebook.run("""
        spark.sql('''CREATE TABLE main.silver.sheet USING csv PARTITIONED BY (item) COMMENT 'c'
                     AS SELECT item, id, "main.silver.plus(" AS x FROM main.silver.orders''')
        print(rows("SELECT id, item, x FROM main.silver.sheet WHERE id = 1"))
        print(rows("SHOW PARTITIONS nbkit_main__silver.sheet")[0])
        try:
            spark.sql('''CREATE TABLE main.silver.bad USING csv
                         AS SELECT string(raise_error('no')) AS x''')
        except Exception as error:
            print(type(error).__name__, spark.catalog.tableExists("main.silver.bad"))
        spark.sql("DROP TABLE main.silver.sheet")
    """)
    assert "[(1, 'a', 'main.silver.plus(')]" in said
    assert "('item=a',)" in said
    assert "SparkRuntimeException False" in said


def test_own_names_stay_out_of_what_people_see(notebook):
    """Schemas of other catalogs are not in the legacy one, and tables have their names."""
    said = notebook.run("""
        print([name for name, in rows("SHOW SCHEMAS IN hive_metastore") if "__" in name])
        print(spark.sql("DESCRIBE DETAIL main.silver.orders").first()["name"])
    """)
    assert said == "[]\nmain.silver.orders\n"


def test_functions_by_three_levels(notebook):
    """Made, called and dropped; what only looks like a call in a text stays."""
    said = notebook.run("""
        spark.sql("CREATE FUNCTION main.silver.plus(x INT) RETURNS INT RETURN x + 1")
        print(rows("SELECT main.silver.plus(1), `main`.silver.PLUS (2), 'main.silver.plus(1)'"))
        spark.sql("DROP FUNCTION IF EXISTS main.silver.plus")
        spark.sql("USE CATALOG main")
        spark.sql("CREATE FUNCTION silver.minus(x INT) RETURNS INT RETURN x - 1")
        spark.sql("-- none\\nCREATE FUNCTION default.zero() RETURNS INT RETURN 0")
        print(rows("SELECT silver.minus(default.zero() + 1)"))
        spark.sql("CREATE FUNCTION silver.upto(x INT) RETURNS TABLE (n INT) "
                  "RETURN SELECT explode(sequence(0, x - 1))")
        spark.sql("USE CATALOG hive_metastore")
        print(rows("SELECT a.n, 'FROM main.silver.upto(9)' FROM main.silver.upto(1) a "
                   "JOIN LATERAL main.silver.upto(1) b ON a.n = b.n"))
        print(rows("SELECT t.n, u.n FROM VALUES (2) t(n), LATERAL main.silver.upto(t.n) u"))
        try:
            spark.sql("SELECT main.silver.plus(1)")
        except Exception as error:
            print(error.getCondition())
    """)
    assert said == (
        "[(2, 3, 'main.silver.plus(1)')]\n[(0,)]\n[(0, 'FROM main.silver.upto(9)')]\n"
        "[(2, 0), (2, 1)]\n"
        "UNRESOLVED_ROUTINE\n"
    )


def test_statements_of_databricks_in_sparks_words(notebook):
    """Versions behind a name, statements made of text, and how a table is created."""
    said = notebook.run("""
        print(rows("SELECT count(*) FROM main.silver.orders@v0"))
        spark.sql("EXECUTE IMMEDIATE 'CREATE CATALOG ' || 'made'")
        spark.sql("CREATE SCHEMA made.s")
        spark.sql("CREATE TABLE made.s.t (id INT NOT NULL, CONSTRAINT k PRIMARY KEY (id))")
        print(spark.sql("SHOW CREATE TABLE main.silver.orders").first()[0].splitlines()[0])
    """)
    assert said.startswith("[(0,)]\n")
    assert said.endswith("\nCREATE TABLE main.silver.orders (\n")


def test_paths_into_json_texts(notebook):
    """As on Databricks they give texts, in queries and in views; of variants Spark has its own."""
    said = notebook.run("""
        spark.sql("CREATE TABLE raw (doc STRING) CLUSTER BY AUTO")
        text = '{"id": 7, "at": {"zip code": "1010", "all": [{"n": 1}, {"n": 2}]}}'
        spark.createDataFrame([(text,)], "doc string").write.insertInto("raw")
        print(rows("SELECT doc:id::int, r.doc:at.`zip code`, doc:at.all[1].n FROM raw r"))
        spark.sql("CREATE VIEW ids AS SELECT doc:id, doc:at.all[0].n m FROM raw WHERE doc:id > 1")
        print(rows("SELECT id, m FROM ids"))
        print(rows("SELECT parse_json(doc):id::int FROM raw"))
    """)
    assert said.splitlines()[-3:] == ["[(7, '1010', '2')]", "[('7', '1')]", "[(7,)]"]


def test_what_spark_4_2_knows_comes_through_whole(notebook):
    """Scripts, procedures, session variables, pipes, and texts that are run with values."""
    said = notebook.run("""
        def tried(query, **named):
            try:
                return [tuple(row) for row in spark.sql(query, **named).collect()]
            except Exception as error:
                return f"{type(error).__name__} {error.getCondition()}"
        print(tried("BEGIN DECLARE n INT DEFAULT 1; WHILE n < 3 DO SET n = n + 1; END WHILE; "
                    "IF n = 3 THEN SELECT 'it''s;' AS a, n; END IF; END"))
        spark.sql("DECLARE OR REPLACE VARIABLE most INT DEFAULT 3")
        spark.sql("SET VAR most = 4")
        print(tried("SELECT most"))
        print(tried("FROM main.silver.orders |> WHERE id = 1 |> SELECT item"))
        print(tried("EXECUTE IMMEDIATE 'SELECT id + ? FROM main.silver.orders WHERE id = 1' "
                    "INTO most USING 40"))
        print(tried("SELECT most, :a, ':a' -- :b", args={"a": "x"}))
        print(tried("SELECT * FROM {few} WHERE id = :n", args={"n": 1}, few=spark.range(3)))
        print(tried("CREATE TEMPORARY VIEW given AS SELECT :a AS a", args={"a": "it's ${x}"}))
        print(tried("SELECT a FROM given"))
    """)
    assert said.splitlines() == [
        '[("it\'s;", 3)]',
        "[(4,)]",
        "[('a',)]",
        "[]",
        "[(41, 'x', ':a')]",
        "[(1,)]",
        "[]",
        '[("it\'s ${x}",)]',
    ]


def test_a_text_that_looks_like_a_path_is_a_value(notebook):
    """In conditions, lists and values; a path is one where the grammar has it."""
    said = notebook.run("""
        spark.sql("CREATE TABLE seen (path STRING)")
        spark.sql("INSERT INTO seen (path) VALUES ('/mnt/raw/a.csv'), ('/dbfs/x')")
        print(rows("SELECT path FROM seen WHERE path = '/mnt/raw/a.csv'"))
        print(rows("SELECT count(*) FROM seen WHERE path IN ('/mnt/raw/a.csv', '/dbfs/x')"))
        spark.sql("INSERT OVERWRITE DIRECTORY '/Volumes/a/b/c/out' USING json SELECT 1 AS one")
        print(rows("SELECT * FROM json.`/Volumes/a/b/c/out`"))
    """)
    assert said.splitlines() == ["[('/mnt/raw/a.csv',)]", "[(2,)]", "[(1,)]"]


def test_a_replaced_view_is_replaced_in_one_step(notebook):
    """It has the new columns, and nothing is there twice."""
    said = notebook.run("""
        spark.sql("CREATE VIEW main.silver.again AS SELECT id FROM main.silver.orders")
        spark.sql("CREATE OR REPLACE VIEW main.silver.again COMMENT 'new' AS "
                  "SELECT item, id AS n FROM main.silver.orders")
        print(rows("SELECT * FROM main.silver.again WHERE n = 1"))
        print(spark.table("main.silver.again").columns)
        print([row[1] for row in rows("SHOW VIEWS IN main.silver")].count("again"))
        try:
            spark.sql("CREATE OR REPLACE VIEW main.silver.again AS "
                      "SELECT nothing FROM main.silver.orders")
        except Exception as error:
            print(error.getCondition())
        print(rows("SELECT item FROM main.silver.again WHERE n = 1"))
        spark.sql("DROP VIEW main.silver.again")
    """)
    assert said.splitlines() == [
        "[('a', 1)]",
        "['item', 'n']",
        "1",
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        "[('a',)]",
    ]
