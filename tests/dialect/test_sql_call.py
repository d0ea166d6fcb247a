"""The one wrapper of `SparkSession.sql`: what reaches Spark of what was asked."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException, ParseException

from nbkit.dialect import door, sql_call
from nbkit.dialect.grammar import matched, name_parts
from nbkit.dialect.parameters import markers, with_values
from nbkit.dialect.tokens import tokens


class Refused(AnalysisException):
    def __init__(self, condition):
        super().__init__(condition)
        self.getCondition = lambda: condition


class NotParsed(ParseException):
    def __init__(self):
        super().__init__("no")
        self.getCondition = lambda: "PARSE_SYNTAX_ERROR"


@pytest.fixture
def sent(monkeypatch, tmp_path):
    """Ask, and return all that reached Spark; `refuse` says what it answers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbkit.toml").write_text("")
    monkeypatch.setattr(sql_call, "_filled", {})
    monkeypatch.setattr(door, "put", lambda _: None)
    door.understand()

    class Session:
        conf = None

    def ask(text, *args, refuse=None, **named):
        reached = []

        def run(_, query, given=None):
            reached.append((query, given))
            if refuse is not None and len(reached) == 1:
                raise refuse
            return reached

        return sql_call.through_the_steps(run)(Session(), text, *args, **named)

    return ask


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "  -- why\n SELECT 'it''s', r'\\', \"/mnt/x\" /* t@v1 */ FROM t ; ",
        "BEGIN DECLARE x INT; SET x = 1; SELECT '/dbfs/x', x; END",
        "CREATE OR REPLACE PROCEDURE p() LANGUAGE SQL AS BEGIN GRANT SELECT ON t TO x; END",
        "CALL p('/mnt/x')",
        "FROM t |> WHERE path = '/mnt/x' |> AGGREGATE count(*) GROUP BY k",
        "EXECUTE IMMEDIATE 'SELECT ?' INTO x USING '/mnt/x'",
        "CREATE SCHEMA a.s COMMENT 'MANAGED LOCATION ''s3://x'''",
        "CREATE TABLE t (a INT COMMENT 'PRIMARY KEY') -- CLONE b",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET path = '/mnt/x'",
    ],
)
def test_what_needs_nothing_reaches_spark_byte_for_byte(sent, statement):
    """Once, with its values."""
    assert sent(statement, {"a": 1}) == [(statement, {"a": 1})]


def test_names_in_braces_are_filled_in_before_anything_is_read(sent):
    """As PySpark does; a text that they bring is a text."""
    assert sent("SELECT {a} FROM t WHERE b = {c}", a=1, c="/mnt/it's")[0][0].startswith(
        "SELECT 1 FROM t WHERE b = '/mnt/it"
    )


def test_a_step_is_an_entry_of_the_list(sent, monkeypatch):
    """It is asked in its turn: the steps behind it read what it says."""

    def without_please(asked, go_on):
        return go_on(asked.saying(asked.text.removesuffix(" please")))

    monkeypatch.setattr(sql_call, "STEPS", {"polite": "`please` is no SQL", **sql_call.STEPS})
    assert sent("SELECT 1 please")[0][0] == "SELECT 1 please"  # nobody has filled it yet
    sql_call.fill("polite", without_please)
    assert sent("SELECT 1 please")[0][0] == "SELECT 1"
    assert (
        sent("SELECT * FROM csv.`/Volumes/a` please")[0][0] == "SELECT * FROM csv.`dbfs:/Volumes/a`"
    )


@pytest.mark.parametrize(
    ("asked", "refusal", "again"),
    [
        ("SELECT a FROM t@v2 -- t@v2", NotParsed(), "SELECT a FROM t VERSION AS OF 2 -- t@v2"),
        (
            "CREATE VIEW v AS SELECT :a, ':a'",
            Refused("UNSUPPORTED_FEATURE.PARAMETER_MARKER_IN_UNEXPECTED_STATEMENT"),
            "CREATE VIEW v AS SELECT 'it\\'s', ':a'",
        ),
        (
            "CREATE TABLE t (a INT, PRIMARY KEY (a)) COMMENT ', PRIMARY KEY (a)'",
            Refused("UNSUPPORTED_FEATURE.TABLE_OPERATION"),
            "CREATE TABLE t (a INT) COMMENT ', PRIMARY KEY (a)'",
        ),
    ],
)
def test_what_spark_refuses_is_asked_again_in_its_words(sent, asked, refusal, again):
    """And only then."""
    given = {"a": "it's"} if ":a" in asked else None
    assert [text for text, _ in sent(asked, given, refuse=refusal)] == [asked, again]


def test_what_stays_refused_is_sparks_to_say(sent):
    """With its own error."""
    with pytest.raises(NotParsed):
        sent("SELECT a@v2 FROM t", refuse=NotParsed())


@pytest.mark.parametrize(
    ("statement", "advice"),
    [
        ("CREATE OR REPLACE PROCEDURE p() AS BEGIN SELECT 1; END", "no SQL procedures"),
        ("CREATE TEMPORARY TABLE t (a INT)", "no temporary tables; CREATE TEMPORARY VIEW"),
        ("BEGIN TRANSACTION", "commits each statement by itself"),
    ],
)
def test_what_spark_does_not_have_is_told_in_a_sentence(sent, statement, advice):
    """Before what Spark says."""
    refused = NotParsed()
    refused._desc = "[PARSE_SYNTAX_ERROR] …"
    with pytest.raises(NotParsed):
        sent(statement, refuse=refused)
    first, second = refused._desc.splitlines()
    assert first.startswith("nbkit: ")
    assert advice in first
    assert second.startswith("[PARSE_SYNTAX_ERROR]")


def test_a_text_that_is_run_is_read_too(sent):
    """A plain one without asking Spark for it."""
    assert sent("EXECUTE IMMEDIATE 'OPTIMIZE ''/dbfs/x'''") == [("OPTIMIZE 'dbfs:/x'", None)]
    statement = "EXECUTE IMMEDIATE 'INSERT INTO delta.`/dbfs/x` VALUES (?)' USING '/dbfs/x'"
    assert sent(statement)[0][0] == (
        "EXECUTE IMMEDIATE 'INSERT INTO delta.`dbfs:/x` VALUES (?)' USING '/dbfs/x'"
    )


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SELECT :a, x::int, ':b', a:b, f(:`c d`), ?, {e: 1}", ["a", "c d", ""]),
        ("l: BEGIN SELECT :a; END", ["a"]),
        ("SELECT x[1]:b, (x):c, x :d", ["d"]),
    ],
)
def test_markers_of_parameters(statement, names):
    """A path of a column and a label are none."""
    assert [each.name for each in markers(tokens(statement))] == names


def test_values_that_have_no_literal_stay_parameters():
    """Then Spark says what is wrong."""
    assert with_values("SELECT ?, ?", [None, True]) == "SELECT NULL, TRUE"
    assert with_values("SELECT :a", {"a": 1.5}) is None
    assert with_values("SELECT :a, :b", {"a": 1}) is None
    assert with_values("SELECT ?", []) is None
    assert with_values("SELECT :a", {"a": "${x}"}) == "SELECT '\\u0024{x}'"


def test_shapes():
    """Parts that may be left out, choices, names with hyphens, texts in pieces."""
    shape = "CREATE [OR REPLACE] (TABLE|VIEW) <name> [{at LOCATION <text>}]"
    found = matched(shape, tokens("create table dev-2.s.`a.b` location 'x' 'y'"))
    assert name_parts(found.of("name")) == ["dev-2", "s", "a.b"]
    assert found.value("text") == "xy"
    assert [token.text for token in found.of("at")] == ["location", "'x'", "'y'"]
    assert found.is_all
    assert matched(shape, tokens("CREATE TABLES t")) is None
    assert not matched(shape, tokens("CREATE VIEW v AS SELECT 1")).is_all
