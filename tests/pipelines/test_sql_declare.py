"""Statements of a pipeline's SQL that need no parser of Spark's: flows, changes, settings."""

from __future__ import annotations

import pytest

from nbkit.pipelines.declare.declarations import Replaces
from nbkit.pipelines.declare.registry import Registry
from nbkit.pipelines.declare.sql_declare import declare_sql


def declared(text, configuration=(), conf=None, first_line=1):
    """What the text declares, and what is wrong with it."""
    registry = Registry()
    problems = declare_sql(
        text,
        "a.sql",
        registry,
        None,
        dict(configuration),
        conf={} if conf is None else conf,
        first_line=first_line,
    )
    return registry.declared().flows, [str(problem) for problem in problems]


def test_a_flow_is_an_insert_into_a_table():
    """With its own name, at its own line, with the query as the author wrote it."""
    text = "-- a\n\nCREATE FLOW `f`\nCOMMENT 'x' AS INSERT INTO c.`t` BY NAME\n  SELECT ';' AS a;"
    (flow,), problems = declared(text, first_line=10)
    assert not problems
    assert (flow.name, flow.target, str(flow.place)) == ("f", "c.t", "a.sql:12")
    assert flow.query.sql == "\n" * 13 + "SELECT ';' AS a"
    assert (flow.once, flow.replaces, flow.changes) == (False, None, None)


def test_a_flow_may_run_once_or_replace():
    """Which rows make room is the author's text, or columns and their order."""
    once, where, using = (
        declared(f"CREATE FLOW f AS INSERT {each} SELECT 1")[0][0]
        for each in (
            "ONCE INTO t BY NAME",
            "INTO t REPLACE WHERE day > '1; SELECT' BY NAME",
            "INTO t BY NAME REPLACE USING (a, `b c`) SEQUENCE BY at",
        )
    )
    assert (once.once, once.replaces) == (True, None)
    assert where.replaces == Replaces(where="day > '1; SELECT'")
    assert using.replaces == Replaces(using=("a", "`b c`"), sequence_by="at")


@pytest.mark.parametrize("head", ["APPLY CHANGES INTO t", "CREATE FLOW f AS AUTO CDC ONCE INTO t"])
def test_changes_are_applied_in_the_older_spelling_too(head):
    """The table's name is the flow's where it has none."""
    (flow,), problems = declared(f"{head} FROM STREAM(s) KEYS (id) SEQUENCE BY at")
    assert not problems
    assert (flow.target, flow.query) == ("t", None)
    assert (flow.name, flow.once) == (("f", True) if "FLOW" in head else ("t", False))
    assert (flow.changes.keys, flow.changes.sequence_by) == (("id",), "at")


def test_settings_hold_for_what_comes_after_them():
    """Spark's lose their quotes; what `${name}` stands for is as it was written."""
    conf = {}
    text = """SET spark.x = '1'; CREATE FLOW a AS INSERT INTO t BY NAME SELECT 1;
      SET day = '2024'; SET spark.x = 2;
      CREATE FLOW b AS INSERT INTO t BY NAME SELECT ${day}, '${month}'"""
    (a, b), problems = declared(text, {"month": "7"}, conf)
    assert not problems
    assert (a.conf, b.conf) == ({"spark.x": "1"}, {"spark.x": "2", "day": "'2024'"})
    assert b.query.sql.strip() == "SELECT '2024', '7'"
    assert conf == {"spark.x": "2", "day": "'2024'"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", "SELECT declares nothing; a pipeline's SQL has CREATE STREAMING TABLE"),
        ("USE SCHEMA a", "USE declares nothing; say catalog and schema in the pipeline's settings"),
        ("CREATE FLOW f AS SELECT 1", "a flow is AS INSERT INTO … or AS AUTO CDC INTO …"),
        ("CREATE FLOW f AS AUTO CDC t", "write AUTO CDC INTO, and the name of a streaming table"),
        ("CREATE FLOW f AS INSERT INTO BY NAME SELECT 1", "INSERT INTO needs the name of a table"),
        ("CREATE FLOW f AS INSERT INTO t SELECT 1", "a flow writes its columns BY NAME"),
        ("CREATE FLOW f AS INSERT INTO t BY NAME", "a flow needs a query"),
        ("APPLY CHANGES INTO FROM s KEYS (a)", "AUTO CDC INTO needs the name of a streaming table"),
        (
            "CREATE FLOW f AS INSERT INTO t BY NAME SELECT '${month}'",
            "the pipeline's configuration has no month",
        ),
        (
            "CREATE FLOW f AS INSERT ONCE INTO t BY NAME REPLACE WHERE a SELECT 1",
            "a flow that replaces rows runs in every update, not ONCE",
        ),
    ],
)
def test_what_declares_nothing_says_where_and_why(text, said):
    """And statements before and after it are declared all the same."""
    good = "CREATE FLOW g{} AS INSERT INTO t BY NAME SELECT 1"
    flows, problems = declared(f"{good.format(1)};\n{text}\n;{good.format(2)}")
    assert [flow.name for flow in flows] == ["g1", "g2"]
    (problem,) = problems
    assert problem.startswith("a.sql:2: ")
    assert said in problem
