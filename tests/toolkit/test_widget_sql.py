"""Widgets in SQL cells, with a stand-in for Spark that answers what it was asked."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException

from nbkit.toolkit import widget_sql
from nbkit.toolkit.widgets import InputWidgetNotDefined, Widgets


class Refused(AnalysisException):
    """Spark's refusal of a statement, for a reason that has a name."""

    def __init__(self, condition, **parameters):
        super().__init__(condition)
        self.getCondition = lambda: condition
        self.getMessageParameters = lambda: parameters


class Frame:
    def __init__(self, rows):
        self.rows = rows

    def collect(self):
        return self.rows


@pytest.fixture
def widgets():
    made = Widgets()
    made.text("day", "2013-01-01")
    made.text("table", "gold.it's")
    return made


@pytest.fixture
def asked(widgets):
    """Run a statement and return what reaches Spark."""

    def ask(statement):
        sent = []
        widget_sql.run(statement, widgets, lambda text, args: sent.append((text, args)))
        return sent[0]

    return ask


@pytest.mark.parametrize(
    ("statement", "text", "arguments"),
    [
        ("select :day", "select :day", {"day": "2013-01-01"}),
        ("select :`day`", "select :`day`", {"day": "2013-01-01"}),
        ("select 1", "select 1", None),
        ("select x::day, '12:30'", "select x::day, '12:30'", None),
        ("select * from ${table}", "select * from gold.it's", None),
        ("select '${ day }'", "select '2013-01-01'", None),
        ("select ${env:HOME}, ${other}", "select ${env:HOME}, ${other}", None),
        ("select getArgument('table')", r"select 'gold.it\'s'", None),
        ('select getargument("none", "1")', "select '1'", None),
        ("select ':day', a:b, `:day` -- :day", "select ':day', a:b, `:day` -- :day", None),
        ("select 'getArgument(\"day\")'", "select 'getArgument(\"day\")'", None),
    ],
)
def test_widgets_in_a_statement(asked, statement, text, arguments):
    """Markers become arguments; the older forms become text or a literal."""
    assert asked(statement) == (text, arguments)


def test_a_missing_widget_names_the_nearest(widgets):
    """A marker without a widget is told in the words of widgets."""

    def sql(text, args):
        raise Refused("UNBOUND_SQL_PARAMETER", name="dey")

    with pytest.raises(InputWidgetNotDefined, match=r"no input widget named dey.*; nearest: day"):
        widget_sql.run("select :dey", widgets, sql)


def test_a_missing_name_of_a_table_is_told_too(widgets):
    """`IDENTIFIER(:name)` fails in Spark for another reason, and means the same."""

    def sql(text, args):
        raise Refused("NOT_A_CONSTANT_STRING.NOT_CONSTANT", name="IDENTIFIER")

    with pytest.raises(
        InputWidgetNotDefined, match=r"no input widget named tabel.*; nearest: table"
    ):
        widget_sql.run("select * from identifier(:tabel)", widgets, sql)


def test_other_errors_are_sparks(widgets):
    """What else is wrong with a statement is Spark's to say."""

    def sql(text, args):
        raise Refused("TABLE_OR_VIEW_NOT_FOUND")

    with pytest.raises(Refused):
        widget_sql.run("select :day from nowhere", widgets, sql)


def test_create_and_remove(widgets):
    """SQL notebooks create and remove widgets in SQL."""

    def run(statement, rows=()):
        return widget_sql.run(statement, widgets, lambda text, args: Frame(rows))

    run('CREATE WIDGET TEXT `a b` DEFAULT "x\\"y"')
    run("-- one of\ncreate widget dropdown cut default 'Good' choices select 1", [("Good",), (2,)])
    run("CREATE WIDGET TEXT who DEFAULT 'O''Brien'; ")
    said = {"a b": 'x"y', "cut": "Good", "who": "O'Brien"}
    assert widgets.getAll() | said == widgets.getAll()
    assert widgets._defined["cut"].choices == ("Good", "2")
    run("REMOVE WIDGET cut")
    assert "cut" not in widgets.getAll()
    with pytest.raises(ValueError, match="not among its choices"):
        run("CREATE WIDGET DROPDOWN bad DEFAULT 'x' CHOICES SELECT 1", [(1,)])
