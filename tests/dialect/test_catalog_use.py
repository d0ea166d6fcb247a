"""Catalogs that are made on first use: what decides, and in kernels on a real driver."""

from __future__ import annotations

import textwrap

import pytest
from jupyter_client.manager import start_new_kernel

from nbkit.dialect.catalog_use import catalog_in, drops_if_there, in_script, is_script, makes_in


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE SCHEMA IF NOT EXISTS fe.s",
        "-- first\ncreate database FE.s",
        "CREATE OR REPLACE TABLE `fe`.s.t AS SELECT * FROM main.s.u",
        "REPLACE TABLE fe.s.t (i INT)",
        "CREATE EXTERNAL TABLE fe.s.t (i INT) LOCATION '/x'",
        "CREATE VIEW fe.s.v AS SELECT a.b.c FROM main.s.u AS a",
        "CREATE FUNCTION fe.s.f(x INT) RETURNS INT RETURN x",
        "CREATE TABLE IF NOT EXISTS IDENTIFIER(:name) (i INT)",
        "CREATE SCHEMA IDENTIFIER('fe' || '.s')",
    ],
)
def test_what_makes_something_in_a_catalog(statement):
    """Also where an expression makes the name."""
    assert makes_in(statement, "fe")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM fe.s.t",
        "INSERT INTO fe.s.t VALUES (1)",
        "MERGE INTO fe.s.t USING u ON true WHEN MATCHED THEN DELETE",
        "CREATE TABLE main.s.t AS SELECT * FROM fe.s.t",
        "CREATE TABLE IDENTIFIER(:name) AS SELECT * FROM fe.s.t",
        "CREATE TEMPORARY VIEW v AS SELECT * FROM fe.s.t",
        "DROP TABLE fe.s.t",
        "SELECT 'CREATE SCHEMA fe.s'",
        "USE fe.s",
        "",
    ],
)
def test_what_only_reads(statement):
    """A catalog that is new in it is a mistake."""
    assert not makes_in(statement, "fe")


def test_names_of_three_levels():
    """Of schemas one less; hyphens and back-ticks as in SQL."""
    assert catalog_in("fe.s.t") == "fe"
    assert catalog_in("`my-cat`.`s p`.t") == "my-cat"
    assert catalog_in("dev-2.s.t") == "dev-2"
    assert catalog_in("fe.s", 2) == "fe"
    for other in ("t", "s.t", "delta.`/a/b.c`", "a.b.c.d", "", "a.b.c; d", "fe..t"):
        assert catalog_in(other) == ""


def test_scripts_say_what_they_need_before_they_run():
    """A part of one that fails is done: it is never asked again."""
    script = "BEGIN CREATE SCHEMA fe.s; IF 1 = 1 THEN CREATE TABLE b.s.t AS SELECT x.y FROM c.s.u; "
    assert in_script(script + "END IF; END") == {"fe": True, "b": True, "c": False}
    assert is_script(script)
    assert is_script("label: BEGIN SELECT 1; END")
    assert not is_script("SELECT 1")


def test_what_is_dropped_only_if_it_is_there():
    """Nothing is lost in a catalog that is not."""
    assert drops_if_there("DROP SCHEMA IF EXISTS fe.s CASCADE")
    assert not drops_if_there("DROP TABLE fe.s.t")


def run(client, code):
    """Return what a cell prints, or its error."""
    outputs = []
    reply = client.execute_interactive(
        textwrap.dedent(code), timeout=240, output_hook=outputs.append
    )["content"]
    said = "".join(o["content"]["text"] for o in outputs if o["msg_type"] == "stream")
    return said if reply["status"] == "ok" else f"{said}{reply['ename']}: {reply['evalue']}"


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """Start kernels of one project in which any catalog can be made."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text('[spark]\nmemory = "1g"\n')
    started = []

    def start():
        manager, client = start_new_kernel(kernel_name="nbkit", cwd=str(folder))
        started.append((manager, client))
        assert not run(client, "from delta.tables import DeltaTable")
        return client

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.e2e
def test_catalogs_are_made_on_first_use(kernels, tmp_path):
    """With one line each, by whatever makes something; later sessions find them without."""
    first = kernels()
    said = run(
        first,
        f"""
        spark.sql("DROP SCHEMA IF EXISTS fe.s CASCADE")
        print(spark.catalog.tableExists("fe.s.t"), spark.catalog.databaseExists("fe.s"))
        spark.sql("CREATE SCHEMA IF NOT EXISTS fe.s")
        spark.sql("CREATE TABLE FE.s.t AS SELECT 1L AS id")
        print(spark.table("Fe.s.t").count(), spark.sql("SELECT fe.s.t.id FROM fe.s.t").first())
        spark.sql("CREATE SCHEMA IDENTIFIER(:c || '.s')", args={{"c": "named"}})
        spark.range(3).write.saveAsTable("saved.default.t")
        spark.range(3).writeTo("`my-cat`.default.t").create()
        DeltaTable.createOrReplace(spark).tableName("built.default.t").addColumn(
            "id", "BIGINT").execute()
        stream = spark.readStream.table("saved.default.t").writeStream
        stream = stream.option("checkpointLocation", "{tmp_path}").trigger(availableNow=True)
        stream.toTable("streamed.default.t").awaitTermination()
        spark.sql("BEGIN CREATE SCHEMA script.s; CREATE TABLE script.s.t AS SELECT 1 AS a; END")
        spark.sql("USE CATALOG IDENTIFIER(:c)", args={{"c": "used"}})
        spark.sql("CREATE SCHEMA s")
        spark.catalog.setCurrentCatalog("spark_catalog")
        spark.sql("CREATE CATALOG IF NOT EXISTS Empty")
        spark.sql("USE workspace.default")
        spark.sql("CREATE TABLE t AS SELECT 1 AS a")
        spark.sql("CREATE VOLUME files")
        dbutils.fs.ls("/Volumes/workspace/default/files")
        spark.sql("USE brandnew.default")
        spark.sql("USE SCHEMA `by-name`.s")
        spark.sql("USE IDENTIFIER(:c || '.default')", args={{"c": "computed"}})
        spark.catalog.setCurrentDatabase("called.default")
        spark.sql("COMMENT ON CATALOG told IS 'x'")
        spark.sql("USE spark_catalog.default")
        """,
    )
    assert said.splitlines() == [
        "False False",
        "nbkit: made the catalog fe",
        "1 Row(id=1)",
        *(
            f"nbkit: made the catalog {name}"
            for name in ("named", "saved", "my-cat", "built", "streamed", "script", "used", "empty")
        ),
        "nbkit: the volume is the folder /Volumes/workspace/default/files of the project",
        "nbkit: made the catalog brandnew",
        "nbkit: made the catalog by-name",
        "nbkit: made the schema `by-name`.s",
        *(f"nbkit: made the catalog {name}" for name in ("computed", "called", "told")),
        "nbkit: skipped COMMENT ON CATALOG: it is only a name here",
    ]
    later = kernels()
    said = run(
        later,
        """
        print(spark.table("fe.s.t").count(), spark.read.table("saved.default.t").count())
        print(spark.sql("SELECT count(*) FROM `my-cat`.default.t").first()[0])
        print(DeltaTable.forName(spark, "built.default.t").toDF().count())
        spark.sql("CREATE CATALOG IF NOT EXISTS empty")
        spark.sql("USE CATALOG used")
        mine, older = spark.table("workspace.default.t"), spark.table("hive_metastore.default.t")
        print(mine.join(older, "a").count())
        print(spark.sql("SHOW SCHEMAS IN FE").count())
        print([name for name, in spark.sql("SHOW SCHEMAS IN hive_metastore").collect()])
        names = [name for name, in spark.sql("SHOW CATALOGS").collect()]
        print({"empty", "fe", "main"} <= set(names), "FE" in names)
        """,
    )
    assert said.splitlines() == ["1 3", "3", "0", "1", "2", "['default']", "True False"]


@pytest.mark.e2e
def test_what_is_only_read_is_not_made(kernels):
    """The nearest is named; messages have the names that authors write."""
    client = kernels()
    assert "made the catalog shop" in run(client, "spark.sql('CREATE SCHEMA shop.s')")
    for code in (
        "spark.sql('SELECT * FROM shpo.s.t')",
        "spark.sql('CREATE TABLE shop.s.t AS SELECT * FROM shpo.s.t')",
        "spark.table('shpo.s.t')",
        "spark.range(1).write.insertInto('shpo.s.t')",
        "spark.sql('INSERT INTO shpo.s.t VALUES (1)')",
        "spark.sql('SHOW SCHEMAS IN shpo')",
    ):
        said = run(client, code).partition(": ")[2]
        assert said.startswith("nbkit: there is no catalog shpo here: nothing was ever made in it")
        assert "nearest: shop. There are: " in said
    for code in ("spark.sql('CREATE TABLE shop.no.t (i INT)')", "spark.table('shop.no.t')"):
        said = run(client, code)
        assert "`shop`.`no`" in said
        assert "shop__no" not in said
    said = run(client, "spark.sql('SELECT a.b.c FROM (SELECT named_struct(\\'b\\', 1) AS a)')")
    assert "catalog a" not in said
    assert "made the catalog" not in run(client, "spark.table('shop.no.t')")
