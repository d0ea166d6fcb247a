"""What is taken out of SQL before Spark's parser reads it."""

from __future__ import annotations

import pytest

from nbkit.dialect.tokens import statements, tokens
from nbkit.errors import UsageError
from nbkit.pipelines.declare.changes import check
from nbkit.pipelines.declare.declarations import Rule
from nbkit.pipelines.declare.sql_changes import read_changes
from nbkit.pipelines.declare.sql_header import cleaned


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("CREATE OR REFRESH STREAMING TABLE a AS x", "CREATE STREAMING TABLE a AS x"),
        ("create or refresh streaming live table a as x", "create STREAMING TABLE a as x"),
        ("CREATE LIVE TABLE a AS x", "CREATE MATERIALIZED VIEW a AS x"),
        ("CREATE OR REPLACE MATERIALIZED VIEW a AS x", "CREATE MATERIALIZED VIEW a AS x"),
        ("CREATE TEMPORARY LIVE VIEW a AS x", "CREATE TEMPORARY VIEW a AS x"),
        ("CREATE VIEW a AS x", "CREATE TEMPORARY VIEW a AS x"),
        ("CREATE PRIVATE STREAMING TABLE a AS x", "CREATE STREAMING TABLE a AS x"),
        ("CREATE STREAMING TABLE a CLUSTER BY AUTO AS x", "CREATE STREAMING TABLE a AS x"),
        (
            "CREATE MATERIALIZED VIEW a SCHEDULE EVERY 1 HOUR COMMENT 'c' AS x",
            "CREATE MATERIALIZED VIEW a COMMENT 'c' AS x",
        ),
        (
            "CREATE STREAMING TABLE a (i INT, CONSTRAINT k PRIMARY KEY (i)) AS x",
            "CREATE STREAMING TABLE a (i INT ) AS x",
        ),
        (
            "CREATE STREAMING TABLE a (i INT NOT NULL PRIMARY KEY COMMENT 'c', PRIMARY KEY (i))",
            "CREATE STREAMING TABLE a (i INT NOT NULL COMMENT 'c' )",
        ),
        (
            "CREATE LIVE TABLE a (i INT, j INT CONSTRAINT k FOREIGN KEY REFERENCES c (d) NOT NULL)",
            "CREATE MATERIALIZED VIEW a (i INT, j INT NOT NULL)",
        ),
        ("CREATE INCREMENTAL LIVE TABLE a", "CREATE STREAMING TABLE a"),
        ("CREATE TABLE a AS x", "CREATE TABLE a AS x"),
    ],
)
def test_older_and_newer_spellings_become_sparks(given, left):
    """Words that only Databricks knows go; what they said of the kind stays."""
    assert squeezed(cleaned(given).text) == left


def test_expectations_come_out_and_leave_the_lines_as_they_were():
    """Columns stay, conditions may hold parentheses, texts and comments."""
    text = """CREATE OR REFRESH
STREAMING TABLE t (
  a INT, -- CONSTRAINT no EXPECT (false)
  CONSTRAINT one EXPECT (a IN (1, 2) AND b <> ') EXPECT (') ON VIOLATION DROP ROW,
  b STRING,
  CONSTRAINT `two words` EXPECT (b IS NOT NULL) ON VIOLATION FAIL UPDATE
)
AS SELECT 1"""
    made = cleaned(text)
    assert made.rules == [
        Rule("one", "a IN (1, 2) AND b <> ') EXPECT ('", "drop"),
        Rule("two words", "b IS NOT NULL", "fail"),
    ]
    assert made.text.count("\n") == text.count("\n")
    assert made.text.splitlines()[-1] == "AS SELECT 1"
    assert "EXPECT (false)" in made.text  # a comment is none of ours


def test_a_list_of_nothing_but_expectations_goes():
    """Spark would not take an empty list of columns."""
    made = cleaned("CREATE OR REFRESH MATERIALIZED VIEW v (CONSTRAINT c EXPECT (x > 0)) AS y")
    assert squeezed(made.text) == "CREATE MATERIALIZED VIEW v AS y"
    assert made.rules == [Rule("c", "x > 0", "warn")]


def test_what_only_databricks_does_is_named():
    """People hear of each clause that is left out."""
    made = cleaned("CREATE STREAMING TABLE a CLUSTER BY AUTO WITH ROW FILTER f ON (b) AS x")
    assert made.ignored == ["CLUSTER BY AUTO", "WITH ROW FILTER"]


@pytest.mark.parametrize(
    ("clauses", "policy"),
    [
        ("REFRESH POLICY AUTO", "auto"),
        ("COMMENT 'c' REFRESH POLICY incremental", "incremental"),
        ("REFRESH POLICY INCREMENTAL STRICT CLUSTER BY (a)", "incremental_strict"),
        ("SCHEDULE EVERY 1 HOUR REFRESH POLICY FULL", "full"),
        ("REFRESH POLICY FULL TRIGGER ON UPDATE AT MOST EVERY INTERVAL 1 MINUTE", "full"),
        ("COMMENT 'REFRESH POLICY FULL'", None),
    ],
)
def test_a_refresh_policy_is_read_and_taken_out(clauses, policy):
    """Wherever it stands among the clauses."""
    made = cleaned(f"CREATE MATERIALIZED VIEW a {clauses} AS x")
    assert made.policy == policy
    assert ("POLICY" in made.text) == (policy is None)
    assert made.text.endswith("AS x")


def test_an_unknown_policy_is_refused():
    """It must not count as none."""
    for said in ("REFRESH POLICY STRICT", "REFRESH POLICY"):
        with pytest.raises(UsageError, match="AUTO, INCREMENTAL, INCREMENTAL STRICT or FULL"):
            cleaned(f"CREATE MATERIALIZED VIEW a {said} AS x")


def test_an_unknown_reaction_is_refused():
    """A misspelt action must not count as none."""
    with pytest.raises(UsageError, match="ON VIOLATION DROP TABLE; it is DROP ROW or FAIL UPDATE"):
        cleaned("CREATE LIVE TABLE a (CONSTRAINT c EXPECT (x) ON VIOLATION DROP TABLE) AS y")


def test_semicolons_in_texts_and_comments_end_no_statement():
    """Only those between statements do."""
    found = list(statements("a ';' -- ;\n /* ; */ b; c \"x;\" ; ;"))
    assert [[token.text for token in each] for each in found] == [["a", "';'", "b"], ["c", '"x;"']]


def test_all_clauses_of_auto_cdc_are_read():
    """In any letter case, with names in backticks."""
    text = """from STREAM(`src`) KEYS (a, `b c`) IGNORE NULL UPDATES
      APPLY AS DELETE WHEN op = 'D' APPLY AS TRUNCATE WHEN op = 'T' SEQUENCE BY struct(ts, n)
      COLUMNS * EXCEPT (op, ts) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (c)"""
    changes = read_changes(tokens(text), text, str)
    assert (changes.source, changes.keys) == ("`src`", ("a", "`b c`"))
    assert (changes.deletes, changes.truncates) == ("op = 'D'", "op = 'T'")
    assert changes.sequence_by == "struct(ts, n)"
    assert changes.columns is None
    assert changes.except_columns == ("op", "ts")
    assert changes.except_history == ("c",)
    assert (changes.scd_type, changes.ignore_nulls) == (2, True)


@pytest.mark.parametrize("text", ["FROM s KEYS (a)", "FROM s SEQUENCE BY a", "KEYS (a)"])
def test_auto_cdc_says_what_it_lacks(text):
    """Source, keys and order are needed."""
    with pytest.raises(UsageError, match=r"AUTO CDC.* needs"):
        check(read_changes(tokens(text), text, str), "t")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("s", "s"),
        ("STREAM(live.`a b`)", "live.`a b`"),
        ("stream s.t", "s.t"),
        ("(s)", "s"),
        ("snapshot", "snapshot"),
        ("(SELECT * FROM STREAM(s))", "SELECT * FROM (SELECT * FROM STREAM(s))"),
        ("(SELECT keys FROM s) AS q", "SELECT * FROM (SELECT keys FROM s) AS q"),
        (
            "stream(s) |> WHERE a IS DISTINCT FROM b |> SELECT keys, columns",
            "SELECT * FROM stream(s) |> WHERE a IS DISTINCT FROM b |> SELECT keys, columns",
        ),
        ("STREAM read_files('x')", "SELECT * FROM STREAM read_files('x')"),
        ("STREAM(s) JOIN d USING (k)", "SELECT * FROM STREAM(s) JOIN d USING (k)"),
    ],
)
def test_changes_may_come_from_a_query(source, wanted):
    """A name is read as a stream; whatever else stands after FROM is what it says."""
    text = (
        f"FROM {source} KEYS (a) APPLY AS DELETE WHEN b IS DISTINCT FROM 'x' "
        "SEQUENCE BY c COLUMNS * EXCEPT (c)"
    )
    changes = read_changes(tokens(text), text, lambda query, head="": lambda: head + query)
    assert (changes.source() if callable(changes.source) else changes.source) == wanted
    assert (changes.keys, changes.deletes) == (("a",), "b IS DISTINCT FROM 'x'")
    assert (changes.sequence_by, changes.except_columns) == ("c", ("c",))
