"""SQL of Databricks in Spark's words."""

from __future__ import annotations

import pytest

from nbkit.dialect import described
from nbkit.dialect.databricks_syntax import immediate, in_sparks_words, without_keys
from nbkit.dialect.json_paths import with_json_functions


@pytest.mark.parametrize(
    ("given", "spark"),
    [
        ("SELECT * FROM t@v3", "SELECT * FROM t VERSION AS OF 3"),
        ("SELECT * FROM main.a.`b c`@v0 x", "SELECT * FROM main.a.`b c` VERSION AS OF 0 x"),
        (
            "TABLE t@20190131235901000",
            "TABLE t TIMESTAMP AS OF '2019-01-31 23:59:01.000'",
        ),
        ("SELECT 'me@v1.com' -- t@v1", "SELECT 'me@v1.com' -- t@v1"),
        ("CREATE TABLE t (id INT) CLUSTER BY AUTO", "CREATE TABLE t (id INT) "),
        ("SELECT 'cluster by auto'", "SELECT 'cluster by auto'"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_versions_behind_a_name(given, spark):
    """Texts and comments stay what they are."""
    assert in_sparks_words(given) == spark


@pytest.mark.parametrize(
    ("given", "spark"),
    [
        (
            "SELECT DISTINCT raw:id FROM t WHERE raw:a > 1",
            (
                "SELECT DISTINCT get_json_object(raw, '$.id') AS id FROM t"
                " WHERE get_json_object(raw, '$.a') > 1"
            ),
        ),
        (
            "SELECT t.raw:a.`zip code`[0].c::int, x::string, upper(raw:b), raw:b || 'c', :p",
            (
                "SELECT get_json_object(t.raw, '$.a[\\'zip code\\'][0].c')::int AS c, x::string,"
                " upper(get_json_object(raw, '$.b')), get_json_object(raw, '$.b') || 'c', :p"
            ),
        ),
        (
            "SELECT 1 FROM (SELECT f(), raw:['a b'] FROM t) WHERE x IN (raw:a, raw:b)",
            (
                "SELECT 1 FROM (SELECT f(), get_json_object(raw, '$[\\'a b\\']') AS `a b` FROM t)"
                " WHERE x IN (get_json_object(raw, '$.a'), get_json_object(raw, '$.b'))"
            ),
        ),
        ("SELECT raw:a[0], 1", "SELECT get_json_object(raw, '$.a[0]'), 1"),
        (
            "SELECT 'a:b', cast(x AS struct<a:int, b:array<int>>) -- a:b",
            "SELECT 'a:b', cast(x AS struct<a:int, b:array<int>>) -- a:b",
        ),
    ],
)
def test_paths_into_json_texts(given, spark):
    """Casts, parameters, types and texts have colons too; a column has its last name."""
    assert with_json_functions(given) == spark


def test_keys_are_left_out():
    """Whatever else a column or a table says stays."""
    given = """CREATE TABLE t (
        id INT NOT NULL PRIMARY KEY COMMENT 'PRIMARY KEY', c INT REFERENCES a.b(c),
        d DATE CONSTRAINT f FOREIGN KEY REFERENCES x, e DECIMAL(1, 2),
        CONSTRAINT p PRIMARY KEY (id, c) RELY,
        FOREIGN KEY (d) REFERENCES x(y) NOT ENFORCED) USING DELTA"""
    assert " ".join(without_keys(given).split()) == (
        "CREATE TABLE t ( id INT NOT NULL COMMENT 'PRIMARY KEY', c INT, d DATE, e DECIMAL(1, 2)) "
        "USING DELTA"
    )


@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ("EXECUTE IMMEDIATE stmt;", "stmt"),
        ("execute immediate 'USE ' || name", "'USE ' || name"),
        ("-- now\nEXECUTE IMMEDIATE 'INSERT INTO t USING x'", "'INSERT INTO t USING x'"),
        ("EXECUTE IMMEDIATE concat(a, b) INTO x USING 1", "concat(a, b)"),
    ],
)
def test_what_is_executed_at_once(given, expression):
    """What follows it is told apart."""
    begin, end, alone = immediate(given)
    assert given[begin:end] == expression
    assert alone == ("INTO x" not in given)
    assert immediate("SELECT 1") is None


@pytest.mark.parametrize(
    ("statement", "inner"),
    [
        ("SELECT version FROM (DESCRIBE HISTORY delta.`/x`) WHERE version = 1", ["HISTORY"]),
        ("SELECT * FROM (desc detail a.t) d, (SHOW TABLES IN a) s", ["detail", "TABLES"]),
        ("SELECT * FROM (DESCRIBE t)", ["t"]),
        ("SELECT (show + 1), f(desc) FROM (desc) ORDER BY x DESC", []),
        ("SELECT '(DESCRIBE HISTORY t)' FROM (SELECT describe FROM show)", []),
        ("INSERT INTO t (describe, history) VALUES (1, 2)", []),
    ],
)
def test_what_tells_of_tables_is_a_table(statement, inner):
    """In parentheses behind FROM, JOIN or a comma; a name of that sound is a name."""
    told = [statement[begin:end] for begin, end in described.places(statement)]
    assert [text.split()[1] for text in told] == inner
