"""A parameter given on the command line must be one that something asks for."""

from __future__ import annotations

import pytest

from nbkit.app.asked_parameters import asked_by_notebook, asked_by_sql
from nbkit.app.loading import load
from nbkit.app.parameters import check_declared
from nbkit.errors import UsageError


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("dbutils.widgets.text('day', '1')", {"day"}),
        ('dbutils.widgets.text(name="day", defaultValue="1")', {"day"}),
        ("dbutils.widgets.dropdown(\n    'the day', 'a', ['a'])", {"the day"}),
        (
            "dbutils.widgets.combobox('a', '', []); dbutils.widgets.multiselect('b', '', [])",
            {*"ab"},
        ),
        ("day = dbutils.widgets.get('day')", {"day"}),
        ("day = getArgument('day', '1')", {"day"}),
        ("dbutils.widgets.text(name, '1')", set()),
        ("dbutils.widgets.getAll()", set()),
        ("%sql\nCREATE WIDGET TEXT day DEFAULT '1'", {"day"}),
        ("%sql create widget dropdown `day` default '1' choices select 1", {"day"}),
        ("%sql\nSELECT :day", {"day"}),
        ("day = 'SELECT :day'", set()),
    ],
)
def test_what_a_notebook_asks_for(project, code, names):
    """Its widgets by whichever kind, those it only reads, and markers in its SQL cells."""
    assert asked_by_notebook(project.notebook("a", code)) == names


def test_parameters_cells_and_inline_notebooks_count(project):
    """`%run` shares names and widgets; a notebook that runs itself is read once."""
    project.notebook("lib", "dbutils.widgets.text('b', '')", "%run ./a")
    (project.root / "src.py").write_text(
        "# Databricks notebook source\ndbutils.widgets.text('c', '')\n"
    )
    path = project.notebook("a", "%run ./lib", "%run ./src $x='1'", parameters="a = 1")
    assert asked_by_notebook(path) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT :day, '{{ month }}', ${year}, $week", {"day", "month", "year", "week"}),
        ("SELECT a::int, '12:30'", set()),
    ],
)
def test_what_sql_asks_for(text, names):
    """Markers of Spark, and those that are filled in before."""
    assert asked_by_sql(text) == names


@pytest.fixture
def definition(project):
    project.notebook("a", "dbutils.widgets.text('widget', '1')")
    project.write("q.sql", "SELECT :marker")
    wheel = {"package_name": "p", "entry_point": "e", "named_parameters": {"named": "1"}}
    sql = {"warehouse_id": "w", "file": {"path": "q.sql"}, "parameters": {"of_sql": "1"}}
    each = {
        "inputs": "[1]",
        "task": project.notebook_task("i", "a"),
    }
    each["task"]["notebook_task"]["base_parameters"] = {"base": "1"}
    job = project.job(
        {"task_key": "e", "for_each_task": each},
        {"task_key": "w", "python_wheel_task": wheel},
        {"task_key": "s", "sql_task": sql},
        parameters=[{"name": "declared", "default": ""}],
    )
    return load(job)


@pytest.mark.parametrize("name", ["declared", "widget", "named", "of_sql", "marker", "base"])
def test_whoever_asks_for_it_is_enough(definition, name):
    """The job, a notebook's widget, a task of any type that takes names, a SQL file."""
    check_declared(definition, {name: "1"})


def test_what_nobody_asks_for_is_refused(definition):
    """With the nearest name."""
    with pytest.raises(UsageError, match="nobody declares the parameter widgte; nearest: widget"):
        check_declared(definition, {"widgte": "1"})
