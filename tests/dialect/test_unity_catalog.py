"""SQL that only Unity Catalog knows is done here, or skipped with one line."""

from __future__ import annotations

import pytest

from nbkit.dialect import statements as three_levels
from nbkit.dialect.unity_catalog import Catalogs, Local, local, unknown_catalog

KNOWN = ["hive_metastore", "main"]


def done(statement: str) -> Local | None:
    return local(statement, Catalogs(lambda: KNOWN))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("GRANT SELECT ON TABLE main.a.b TO `x@y`", "GRANT"),
        ("-- why\n/* not */ revoke all privileges on schema s from g;", "REVOKE"),
        ("SHOW GRANTS ON CATALOG main", "SHOW GRANTS"),
        ("ALTER TABLE main.silver.`my orders` OWNER TO `team`", "ALTER TABLE"),
        ("ALTER SCHEMA main.silver SET OWNER TO team", "ALTER SCHEMA"),
        ("ALTER TABLE t SET TAGS ('pii' = 'yes')", "ALTER TABLE"),
        ("ALTER TABLE t ALTER COLUMN c UNSET TAGS ('pii')", "ALTER TABLE"),
        ("SET TAG ON TABLE t pii = yes", "SET TAG"),
        ("ALTER TABLE t SET ROW FILTER f ON (region)", "ALTER TABLE"),
        ("ALTER TABLE t ALTER COLUMN c SET MASK m", "ALTER TABLE"),
        ("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (id)", "ALTER TABLE"),
        ("ALTER SCHEMA s ENABLE PREDICTIVE OPTIMIZATION", "ALTER SCHEMA"),
        ("ALTER TABLE t CLUSTER BY AUTO", "ALTER TABLE"),
        ("CREATE EXTERNAL LOCATION x URL 's3://a'", "CREATE EXTERNAL LOCATION"),
        ("SHOW STORAGE CREDENTIALS", "SHOW STORAGE CREDENTIALS"),
        ("CREATE OR REPLACE CONNECTION c TYPE MYSQL", "CREATE OR REPLACE CONNECTION"),
        ("CREATE FOREIGN CATALOG IF NOT EXISTS f USING CONNECTION c", "CREATE FOREIGN CATALOG"),
        ("DROP VOLUME main.a.b", "DROP VOLUME"),
        ("DROP CATALOG IF EXISTS dev CASCADE", "DROP CATALOG"),
        ("COMMENT ON CATALOG main IS 'x'", "COMMENT ON CATALOG"),
    ],
)
def test_what_means_nothing_here_is_skipped_with_one_line(statement, what):
    """The line names the statement and says why."""
    found = done(statement)
    assert found is not None
    assert found.note.startswith(f"nbkit: skipped {what}: ")
    assert "\n" not in found.note
    assert found == Local(found.note)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "CREATE SCHEMA main.silver",
        "CREATE TABLE grant_t AS SELECT 1",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0)",
        "ALTER TABLE t SET TBLPROPERTIES ('tags' = 'x')",
        "USE main.silver",
        "SHOW TABLES IN main.silver",
        "ALTER TABLE t RENAME TO owner",
        "",
    ],
)
def test_everything_else_is_sparks(statement):
    """Also where the words occur in it."""
    assert done(statement) is None


def test_equivalents():
    """What has a local meaning gets it."""
    assert done("USE CATALOG main") == Local(sql="USE `main`", catalog="main")
    assert done("use catalog MAIN") == Local(sql="USE `main`", catalog="main")
    assert done("SET CATALOG 'spark_catalog';") == Local(sql="USE `spark_catalog`")
    assert done("CREATE CATALOG IF NOT EXISTS main") == Local(catalog="main")
    created = done("CREATE CATALOG dev COMMENT 'x'")
    assert created.catalog == "dev"
    assert "nbkit.toml" in created.note
    volume = done("CREATE EXTERNAL VOLUME IF NOT EXISTS main.`default`.raw LOCATION 's3://x'")
    assert volume.folder == "/Volumes/main/default/raw"
    schema = done("CREATE SCHEMA IF NOT EXISTS main.s COMMENT 'c' MANAGED LOCATION 's3://x'")
    assert schema.sql == "CREATE SCHEMA IF NOT EXISTS main.s COMMENT 'c'"


def test_a_deep_clone_is_a_copy():
    """Of a version and at a place, if there are any; a shallow clone is Delta's own."""
    said = done("CREATE OR REPLACE TABLE a.b DEEP CLONE c.`d` VERSION AS OF 3 LOCATION '/x';")
    assert said.sql == (
        "CREATE OR REPLACE TABLE a.b USING delta LOCATION '/x' "
        "AS SELECT * FROM c.`d` VERSION AS OF 3"
    )
    assert said.note.startswith("nbkit: copied rows and columns")
    assert done("CREATE TABLE a CLONE b").sql == "CREATE TABLE a USING delta AS SELECT * FROM b"
    assert done("CREATE TABLE a SHALLOW CLONE b") is None


@pytest.mark.parametrize("statement", ["USE CATALOG prod", "DESCRIBE CATALOG prod"])
def test_an_unknown_catalog_tells_how_to_add_it(statement):
    """In the file, or for the session."""
    with pytest.raises(LookupError) as caught:
        done(statement)
    assert 'catalogs = ["hive_metastore", "main", "prod"]' in str(caught.value)
    assert "CREATE CATALOG prod" in str(caught.value)


def test_catalogs_are_made_on_first_use_unless_they_are_restricted():
    """In lower case, as on Databricks; reading makes none."""

    def asked(statement):
        return local(statement, Catalogs(lambda: KNOWN, lambda name: name != "samples"))

    assert asked("USE CATALOG Fe") == Local(sql="USE `fe`", catalog="fe")
    made = asked("CREATE CATALOG IF NOT EXISTS fe COMMENT 'x'")
    assert made == Local(
        sql="CREATE SCHEMA IF NOT EXISTS spark_catalog.`nbkit_fe__default`", catalog="fe"
    )
    assert asked("CREATE VOLUME fe.s.raw").catalog == "fe"
    for used, made in (("spark_catalog", "workspace"), ("main", "main")):
        here = Catalogs(lambda: KNOWN, in_use=lambda used=used: [used, "s"])
        assert local("CREATE VOLUME raw", here).folder == f"/Volumes/{made}/s/raw"
        assert local("CREATE VOLUME t.raw", here).folder == f"/Volumes/{made}/t/raw"
    for reads in ("SHOW SCHEMAS IN fe", "DESCRIBE CATALOG fe"):
        with pytest.raises(LookupError, match=r"no catalog fe here: nothing was ever made in it"):
            asked(reads)
    with pytest.raises(LookupError, match="sample data"):
        asked("USE CATALOG samples")


@pytest.mark.parametrize(
    ("statement", "becomes"),
    [
        ("USE Fe.s", Local(sql="USE fe.s", catalog="fe", schema="fe.s")),
        ("USE SCHEMA `my-cat`.`a b`;", Local(sql="USE `my-cat`.`a b`", catalog="my-cat",
                                             schema="`my-cat`.`a b`")),
        ("use database dev-2.s", Local(sql="USE `dev-2`.s", catalog="dev-2", schema="`dev-2`.s")),
        ("USE SCHEMA main.s", Local(sql="USE main.s")),
        ("USE SCHEMA samples.s", Local(sql="USE samples.s")),
        ("USE main", Local(sql="USE SCHEMA main")),
        ("USE SCHEMA main", None),
        ("USE hive_metastore", None),
        ("USE other", None),
        ("USE main.s", None),
        ("USE a.b.c", None),
        ("USE schema", None),
    ],
)  # fmt: skip
def test_one_part_is_a_schema_and_two_have_a_catalog(statement, becomes):
    """Spark would take `USE main` for the catalog, also where there is a schema of this name."""
    here = Catalogs(lambda: KNOWN, lambda name: name != "samples", lambda name: name == "main")
    assert local(statement, here) == becomes


@pytest.mark.parametrize(
    ("statement", "becomes"),
    [
        ("CREATE SCHEMA main COMMENT 'x'", "CREATE SCHEMA fe.main COMMENT 'x'"),
        ("DROP DATABASE IF EXISTS `main` CASCADE", "DROP DATABASE IF EXISTS fe.`main` CASCADE"),
        ("SHOW TABLES IN main LIKE 'a*'", "SHOW TABLES IN fe.main LIKE 'a*'"),
        ("CREATE SCHEMA main.main", None),
        ("CREATE SCHEMA other", None),
        ("SHOW TABLES IN main.s", None),
    ],
)  # fmt: skip
def test_a_schema_that_is_called_as_a_catalog_is(statement, becomes):
    """It is in the catalog in use; Spark would look for it in the other one."""
    here = Catalogs(lambda: KNOWN, in_use=lambda: ["fe", "s"])
    todo = local(statement, here)
    assert (todo.sql if todo else None) == becomes


@pytest.mark.parametrize(
    "statement",
    [
        "COMMENT ON CATALOG Fe IS 'CATALOG main'",
        "ALTER CATALOG fe OWNER TO team",
        "GRANT USE CATALOG, CREATE SCHEMA ON CATALOG fe TO `a@b`",
    ],
)
def test_what_is_said_of_a_catalog_makes_it(statement):
    """As its use does; what is said of one that is there is skipped as before."""
    here = Catalogs(lambda: KNOWN, lambda _: True)
    todo = local(statement, here)
    assert todo.catalog == "fe"
    assert todo.note.startswith("nbkit: skipped ")
    assert local(statement.replace("Fe", "main").replace("fe", "main"), here).catalog == ""
    assert local("DROP CATALOG fe", here).catalog == ""


def test_the_message_names_the_nearest_and_what_there_is():
    """And says what makes it."""
    said = unknown_catalog("mian", KNOWN, may_make=True)
    assert "nearest: main. There are: hive_metastore, main. CREATE CATALOG mian" in said
    assert "cannot be the name" in unknown_catalog("we ird", KNOWN, may_make=True)


def test_a_near_miss_is_named():
    """Spark tells names of catalogs apart by case, which Databricks does not."""
    assert "no catalog MAIN here; nearest: main. Add it" in unknown_catalog("MAIN", KNOWN)


def test_databricks_own_catalogs_are_not_to_be_added():
    """What they hold is not here under any name."""
    assert "tells of a workspace on Databricks" in unknown_catalog("system", KNOWN)
    assert "sample data, which is not here" in unknown_catalog("samples", KNOWN)


def test_without_the_plug_in_the_error_says_so():
    """Spark's own error names a class that is nbkit's business."""
    said = "Cannot find catalog plugin class for catalog 'main': nbkit.ProjectCatalog."
    assert "nbkit doctor --fix" in three_levels._advice(said)
    assert three_levels._advice("something else") == ""
