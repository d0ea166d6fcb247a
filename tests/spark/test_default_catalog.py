"""Names of one and two parts in the project's default catalog, as sessions have it."""

from __future__ import annotations

import pytest
from deltalake import DeltaTable

from nbkit.app.storage import version_of
from nbkit.settings import Settings
from nbkit.spark.warehouse_tables import tables

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def begins(project, driver) -> Settings:
    """The settings of the folder's project, once it names a default catalog.

    Its driver was started without one: sessions from now on have it all the same.
    """
    del driver
    return Settings.model_validate({"root": project.root, "spark": {"default_catalog": "main"}})


def test_names_of_two_parts_are_the_default_catalogs(client, begins):
    """Whatever makes, reads, lists or drops; files are where names of three levels lead."""
    said = client(
        """
        from nbkit.dialect.door import understand
        understand()
        from delta.tables import DeltaTable
        def rows(query):
            return [tuple(row) for row in spark.sql(query).collect()]
        print(rows("SELECT current_catalog(), current_schema()"), spark.catalog.currentCatalog())
        spark.sql("CREATE SCHEMA bronze")
        spark.sql("CREATE TABLE bronze.made AS SELECT 1 AS a")
        spark.range(3).write.saveAsTable("bronze.saved")
        spark.range(1).write.mode("append").saveAsTable("bronze.saved")
        spark.range(2).write.saveAsTable("alone")
        spark.range(1).write.insertInto("bronze.saved")
        spark.range(1).writeTo("bronze.saved").append()
        DeltaTable.createOrReplace(spark).tableName("bronze.built").addColumn("i", "INT").execute()
        DeltaTable.forName(spark, "bronze.made").update(set={"a": "2"})
        spark.sql("MERGE INTO bronze.made t USING bronze.saved s ON t.a = s.id "
                  "WHEN MATCHED THEN UPDATE SET a = 7")
        spark.sql("CREATE VIEW bronze.seen AS SELECT * FROM bronze.made")
        spark.sql("CREATE FUNCTION bronze.twice(x INT) RETURNS INT RETURN x * 2")
        print(rows("SELECT bronze.twice(a) FROM bronze.seen"), rows("TABLE main.bronze.made"))
        print(sorted(name for _, name, _ in rows("SHOW TABLES IN bronze")))
        print([table.name for table in spark.catalog.listTables()], spark.table("alone").count())
        spark.range(1).createOrReplaceTempView("passing")
        print(spark.catalog.tableExists("passing"), spark.catalog.tableExists("alone"),
              [table.name for table in spark.catalog.listTables() if table.isTemporary],
              spark.catalog.getTable("alone").catalog, spark.catalog.databaseExists("bronze"),
              [column.name for column in spark.catalog.listColumns("bronze.saved")])
        spark.catalog.dropTempView("passing")
        spark.sql("USE SCHEMA bronze")
        print(spark.table("saved").count(), spark.catalog.currentDatabase())
        from nbkit.spark import apart
        print(apart.copied(spark).table("saved").count())
        print(spark.catalog.tableExists("bronze.made"),
              spark.catalog.tableExists("hive_metastore.bronze.made"))
        spark.sql("CREATE SCHEMA hive_metastore.older")
        spark.sql("CREATE TABLE hive_metastore.older.t AS SELECT 1 AS a")
        spark.range(1).createOrReplaceTempView("built")
        print(spark.table("built").columns, spark.table("bronze.built").columns)
        for name in ("bronze.mad", "older.t", "aloen"):
            try:
                spark.table(name)
            except Exception as error:
                print(str(error).splitlines()[0])
        spark.sql("DROP TABLE bronze.built")
        spark.sql("USE spark_catalog.default")
        print(spark.catalog.tableExists("bronze.made"), spark.table("main.bronze.saved").count())
        """,
        begins,
    ).result()
    assert said.splitlines() == [
        "[('main', 'default')] main",
        "[(14,)] [(7,)]",
        "['built', 'made', 'saved', 'seen']",
        "['alone'] 2",
        "True True ['passing'] main True ['id']",
        "6 bronze",
        "6",
        "True False",
        "['id'] ['i']",
        "nbkit: there is no table bronze.mad here; nearest: main.bronze.made.",
        "nbkit: there is no table older.t here, but hive_metastore.older.t in another catalog.",
        "nbkit: there is no table aloen here; nearest: main.default.alone.",
        "False 6",
    ]
    found = {each.names("main")[-1]: each for each in tables(begins)}
    assert {"bronze.saved", "bronze.made", "default.alone", "hive_metastore.older.t"} <= set(found)
    place = begins.root / begins.spark.warehouse / found["bronze.saved"].folder
    assert sorted(DeltaTable(place).to_pyarrow_table()["id"].to_pylist()) == [0, 0, 0, 0, 1, 2]
    assert version_of("bronze.saved", begins, {}).number == 3
