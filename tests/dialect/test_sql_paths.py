"""A corpus of statements: what goes in, and what Spark gets. It grows with every fault."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbkit.dialect.databricks_syntax import in_sparks_words, without_keys
from nbkit.dialect.json_paths import with_json_functions
from nbkit.dialect.sql_paths import path_edits
from nbkit.dialect.tokens import edited


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    """A project of its own, for the folder that `dbfs:/` is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbkit.toml").write_text("")


def spark_gets(text: str) -> str:
    return edited(text, path_edits(text))


PLACES = [
    "CREATE TABLE t (a INT) USING csv LOCATION {}",
    "CREATE TABLE t (location STRING COMMENT '/mnt/raw') COMMENT 'at /mnt' LOCATION {} AS SELECT 1",
    "CREATE OR REPLACE TABLE t SHALLOW CLONE s VERSION AS OF 3 LOCATION {}",
    "CREATE SCHEMA IF NOT EXISTS s LOCATION {}",
    "CREATE SCHEMA s WITH DBPROPERTIES ('a' = '/mnt/x') LOCATION {}",
    "ALTER TABLE t SET LOCATION {}",
    "EXPLAIN FORMATTED CREATE TABLE t USING csv LOCATION {}",
    "ALTER TABLE t ADD PARTITION (d = '/mnt/x') LOCATION {}",
    "INSERT OVERWRITE DIRECTORY {} USING parquet SELECT '/mnt/x'",
    "LOAD DATA INPATH {} INTO TABLE t",
    "VACUUM {} RETAIN 1 HOURS",
    "OPTIMIZE {} ZORDER BY (path)",
    "DESCRIBE HISTORY {} LIMIT 1",
    "DESC DETAIL {}",
    "CREATE TABLE t USING csv OPTIONS (path {}, x '/mnt/x', header 'true')",
    "CREATE TEMP VIEW v USING csv OPTIONS ('path' = {}, 'quote' '/')",
    "BEGIN DECLARE p STRING DEFAULT '/mnt/x'; CREATE TABLE t USING csv LOCATION {}; END",
    "BEGIN IF '/mnt/x' = p THEN VACUUM {}; END IF; END",
]
TABLES = [
    "SELECT * FROM json.{}",
    "select path from `JSON`.{} where path = '/mnt/raw/a.csv'",
    "SELECT * FROM a, csv.{} c JOIN text.{} ON c.x = '/mnt/x'",
    "SELECT * FROM a JOIN b ON a.x = b.x, csv.{}",
    "SELECT (SELECT count(*) FROM (delta.{})) FROM t",
    "SELECT * FROM STREAM(delta.{})",
    "TABLE parquet.{} |> WHERE file = '/mnt/x'",
    "INSERT INTO delta.{} VALUES ('/mnt/x')",
    "INSERT OVERWRITE delta.{} SELECT 1",
    "UPDATE delta.{} SET path = '/mnt/x'",
    "DELETE FROM delta.{} WHERE path IN ('/mnt/x')",
    "MERGE INTO delta.{} t USING parquet.{} s ON t.path = '/mnt/x' WHEN MATCHED THEN DELETE",
    "CONVERT TO DELTA parquet.{}",
    "DESCRIBE DETAIL delta.{}",
    "CREATE TABLE IF NOT EXISTS delta.{} (a INT)",
    "CREATE TABLE t DEEP CLONE delta.{}",
    "RESTORE TABLE delta.{} TO VERSION AS OF 1",
    "WITH x AS (SELECT trim(BOTH '/' FROM path) FROM text.{}) SELECT * FROM x",
    "BEGIN FOR r AS SELECT * FROM json.{} DO SELECT '/mnt/x'; END FOR; END",
]
NOT_PLACES = [
    "SELECT * FROM files WHERE path = '/mnt/raw/a.csv'",
    "SELECT * FROM files WHERE location IN ('/mnt/a', '/mnt/b') AND path LIKE '/mnt/%'",
    "SELECT path '/mnt/a' FROM t",
    "INSERT INTO files (path) VALUES ('/mnt/raw/a.csv'), ('/dbfs/x')",
    "CREATE TABLE t (a INT) COMMENT 'LOCATION \\'/mnt/x\\'' TBLPROPERTIES ('path' = '/mnt/x')",
    "CREATE TABLE t TBLPROPERTIES (location '/mnt/x') AS SELECT '/mnt/x' AS location",
    "ALTER TABLE t SET TBLPROPERTIES ('location' = '/mnt/x', path '/mnt/y')",
    "COMMENT ON TABLE t IS 'DESCRIBE HISTORY ''/dbfs/x'''",
    "SELECT 'LOCATION ''/dbfs/x'' ', /* LOCATION '/dbfs/x' */ \"VACUUM '/dbfs/x'\" -- '/dbfs/x'",
    "SELECT json.`/mnt/x` FROM t AS json",
    "SELECT a, csv.`/mnt/x`, b FROM t csv WHERE csv.`/mnt/x` IS DISTINCT FROM csv.`/mnt/y`",
    "SELECT extract(day FROM json.`/mnt/x`), trim(BOTH '/' FROM text.`/mnt/x`) FROM t",
    "SELECT * FROM a.json.`/mnt/x`",
    "SELECT r'/dbfs/\\' AS path, options(path, '/mnt/x') FROM t",
    "SET VAR path = '/mnt/x'",
    "EXECUTE IMMEDIATE 'SELECT ?' USING '/mnt/x'",
    "CALL p('/mnt/x', path => '/mnt/y')",
    "CREATE FUNCTION f(path STRING) RETURNS STRING RETURN path || '/mnt/x'",
    "SELECT * FROM t |> EXTEND '/mnt/x' AS location",
]


@pytest.mark.parametrize("shape", PLACES)
@pytest.mark.parametrize("quoted", ["'{}'", '"{}"', "r'{}'"])
def test_a_text_is_a_path_where_the_grammar_has_one(shape, quoted):
    """Nothing else of the statement changes."""
    path = quoted.format("/dbfs/mnt/it")
    assert spark_gets(shape.format(path)) == shape.format(quoted.format("dbfs:/mnt/it"))


@pytest.mark.parametrize("shape", TABLES)
def test_a_name_is_a_path_where_a_table_may_stand(shape):
    """Behind the name of a format."""
    given, spark = ("`/Volumes/a/b/c`", "`dbfs:/Volumes/a/b/c`")
    places = shape.count("{}")
    assert spark_gets(shape.format(*[given] * places)) == shape.format(*[spark] * places)


@pytest.mark.parametrize("statement", NOT_PLACES)
def test_everywhere_else_it_is_a_value(statement):
    """What was written reaches Spark byte for byte."""
    assert spark_gets(statement) == statement


def test_a_path_in_pieces_and_with_escapes():
    """Only its beginning changes where that is enough."""
    assert spark_gets("VACUUM '/dbfs/' -- and\n 'it''s'") == "VACUUM 'dbfs:/' -- and\n 'it''s'"
    assert spark_gets("REFRESH '/mnt/a'") == "REFRESH 'dbfs:/mnt/a'"
    assert spark_gets("VACUUM '/Volumes/a/b/it''s \\u0041'") == (
        "VACUUM 'dbfs:/Volumes/a/b/it''s \\u0041'"
    )
    assert spark_gets(r"VACUUM '\/dbfs/x\'s'") == r"VACUUM 'dbfs:/x\'s'"
    assert spark_gets("SELECT * FROM csv.`/dbfs/a``b`") == "SELECT * FROM csv.`dbfs:/a``b`"


_texts = st.sampled_from(
    [
        "'/mnt/raw/a.csv'",
        "'t@v1'",
        "'PRIMARY KEY (a)'",
        "\"LOCATION '/dbfs/x'\"",
        "r'/dbfs/\\'",
        "'MANAGED LOCATION ''/x'''",
        "'CLUSTER BY AUTO'",
        "'a:b.c'",
        "`a:b`",
        "/* , PRIMARY KEY (a) t@v1 LOCATION '/dbfs/x' */ 'x'",
    ]
)
_statements = st.sampled_from(
    [
        "SELECT {}, {} FROM t WHERE path = {} AND x IN ({}, {}) -- t@v1",
        "SELECT path {} FROM t |> WHERE location = {} |> EXTEND {} AS p",
        "INSERT INTO t VALUES ({}, {}), ({}, {})",
        "CREATE TABLE t (a INT COMMENT {}, location STRING DEFAULT {}) COMMENT {}",
        "CREATE TABLE t TBLPROPERTIES ({} = {}, path {}) AS SELECT {}",
        "UPDATE t SET path = {}, location = concat({}, {}) WHERE json = {}",
        "BEGIN DECLARE x STRING DEFAULT {}; IF x = {} THEN SELECT {}; END IF; END",
        "MERGE INTO t USING s ON t.path = {} WHEN MATCHED THEN UPDATE SET path = {}",
    ]
)


@settings(max_examples=400, deadline=None)
@given(shape=_statements, texts=st.lists(_texts, min_size=8, max_size=8))
def test_no_rewriter_changes_a_text_where_no_path_stands(shape, texts):
    """Whatever it looks like."""
    statement = shape.format(*texts)
    for rewrite in (spark_gets, in_sparks_words, without_keys, with_json_functions):
        assert rewrite(statement) == statement


def test_the_path_of_a_table_whose_changes_are_read():
    """In the text of its name, and by itself; a name with a slash is none."""
    assert spark_gets("SELECT * FROM table_changes('delta.`/Volumes/a/b/t`', 0)") == (
        "SELECT * FROM table_changes('delta.`dbfs:/Volumes/a/b/t`', 0)"
    )
    assert spark_gets("SELECT * FROM table_changes_by_path('/Volumes/a/b/t', 1)") == (
        "SELECT * FROM table_changes_by_path('dbfs:/Volumes/a/b/t', 1)"
    )
    other = "SELECT * FROM table_changes('a.`/x/t`', 0, '/Volumes/a')"
    assert spark_gets(other) == other
