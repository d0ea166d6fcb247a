import json

import pytest

import nbkit
from nbkit import serving as attempt
from nbkit.toolkit import injected, person
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.reading import reads
from nbkit.toolkit.widget import Widget
from nbkit.toolkit.widgets import InputWidgetNotDefined

widgets = dbutils.widgets


def test_defaults_where_nobody_gives_a_value():
    """Every kind of widget answers its default."""
    widgets.text("a", "1", "Label")
    widgets.dropdown("b", "x", ["x", "y"])
    widgets.combobox("c", "free", ["x"])
    widgets.multiselect("d", "x,y", ["x", "y"])
    assert widgets.getAll() == {"a": "1", "b": "x", "c": "free", "d": "x,y"}
    assert widgets.get("d") == "x,y"


def test_arguments_have_databricks_names():
    """All arguments can be given by the names that Databricks documents."""
    widgets.text(name="a", defaultValue="1", label="A")
    widgets.dropdown(name="b", defaultValue="x", choices=["x"], label="B")
    assert widgets.getArgument(name="a", defaultValue="z") == "1"
    assert widgets.get(name="b") == "x"
    widgets.remove(name="a")
    assert widgets.getAll() == {"b": "x"}


def test_job_parameters_win(context):
    """A parameter of the job beats the default, and exists without a widget."""
    attempt.serve(context)
    assert widgets.get("day") == "2013-01-01"
    widgets.text("day", "1999-01-01")
    assert widgets.get("day") == "2013-01-01"


def test_missing_widget_names_the_nearest():
    """Asking for a widget that is not there names the one that was meant."""
    widgets.text("date", "x")
    with pytest.raises(
        InputWidgetNotDefined, match=r"No input widget named dat is.*; nearest: date"
    ):
        widgets.get("dat")


def test_get_argument_has_a_default():
    """`getArgument` answers its default where there is no such widget."""
    assert widgets.getArgument("a", "z") == "z"
    widgets.text("a", "1")
    assert widgets.getArgument("a", "z") == "1"
    with pytest.raises(InputWidgetNotDefined):
        widgets.getArgument("b")


@pytest.mark.parametrize("create", [widgets.dropdown, widgets.multiselect])
def test_default_must_be_a_choice(create):
    """A dropdown or multiselect starts with one of its choices."""
    with pytest.raises(ValueError, match="'z' of widget 'a' is not among its choices"):
        create("a", "z", ["x", "y"])
    assert widgets.getAll() == {}


def test_only_strings():
    """Names, defaults and choices are strings, and a name is not empty."""
    with pytest.raises(TypeError, match="default value of widget 'a' must be a string"):
        widgets.text("a", 1)
    with pytest.raises(TypeError, match="choices of widget 'a'"):
        widgets.dropdown("a", "1", [1])
    with pytest.raises(TypeError, match="choices of widget 'a'"):
        widgets.dropdown("a", "1", "123")
    with pytest.raises(ValueError, match="must not be empty"):
        widgets.text("", "1")


def test_creating_again_leaves_the_value():
    """A widget that exists keeps its value, as on Databricks, while its choices allow it."""
    widgets.text("a", "1")
    widgets.text("a", "2")
    assert widgets.get("a") == "1"
    widgets.dropdown("b", "x", ["x", "y"])
    widgets.dropdown("b", "y", ["x", "y", "z"])
    assert widgets.get("b") == "x"
    widgets.dropdown("b", "y", ["y", "z"])
    assert widgets.get("b") == "y"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", ()),
        ("x", ("x",)),
        ("x,a,b,y", ("x", "a,b", "y")),
        ("a,x", ("a", "x")),
        ("x,nowhere", ("x", "nowhere")),
    ],
)
def test_a_choice_may_hold_a_comma(value, parts):
    """The value of a multiselect is its choices joined by commas, also such as hold one."""
    assert Widget("multiselect", "m", "", "", ("x", "y", "a", "a,b")).parts(value) == parts


def test_remove():
    """A removed widget is gone; removing one that never was is an error."""
    widgets.text("a", "1")
    widgets.remove("a")
    with pytest.raises(InputWidgetNotDefined):
        widgets.remove("a")
    widgets.text("b", "1")
    widgets.removeAll()
    assert widgets.getAll() == {}
    widgets.text("b", "2")
    assert widgets.get("b") == "2"


def test_papermill_gives_values(shell, monkeypatch):
    """Where nobody is there, widgets answer with the parameters that papermill injected."""
    monkeypatch.setattr(injected, "_given", {})
    injected.register(shell)
    shell.run_cell('# Parameters\nmonth = 7\nnames = ["a\\xe4"]\n', store_history=True)
    widgets.dropdown("month", "1", ["1", "7"])
    assert widgets.get("month") == "7"
    assert json.loads(widgets.get("names")) == ["aä"]
    assert set(widgets.getAll()) == {"month", "names"}


@pytest.mark.parametrize(
    "cell",
    [
        "month = '7'",
        "month = 7  # July",
        "month=7",
        "import x\nmonth = 7",
        "month = 7\n\nx = 1",
        "f(",
    ],
)
def test_an_authors_cell_of_that_name_is_the_authors(cell, shell, monkeypatch):
    """What is not spelled as papermill does it answers for nothing."""
    monkeypatch.setattr(injected, "_given", {})
    injected.register(shell)
    shell.run_cell(f"# Parameters\n{cell}", store_history=True, silent=False)
    assert injected.parameters() == {}


def test_in_an_attempt_no_cell_is_looked_at(shell, monkeypatch):
    """Its parameters are told."""
    monkeypatch.setattr(injected, "_given", {})
    monkeypatch.setattr(attempt, "current", dict)
    injected.register(shell)
    shell.run_cell("# Parameters\nmonth = 7", store_history=True)
    assert injected.parameters() == {}


def test_papermills_cell_by_hand_is_a_cell(shell, monkeypatch):
    """A person who runs that cell has widgets to click on."""
    monkeypatch.setattr(injected, "_given", {})
    monkeypatch.setattr(person, "is_there", lambda: True)
    injected.register(shell)
    shell.run_cell("# Parameters\nmonth = 7", store_history=True)
    assert widgets.getAll() == {}


def test_cells_that_read_a_widget_are_known(shell, monkeypatch):
    """By name, in the order of their first run, and as they were run last."""
    monkeypatch.setattr(reads, "_read", {})
    reads.register(shell)
    shell.push({"w": widgets})
    widgets.text("a", "1")
    widgets.text("b", "1")
    one, two, three = "w.get('a')", "w.getAll()", "w.getArgument('b', '2')"
    for source in (one, two, three, one, "1 + 1"):
        shell.run_cell(source, store_history=True)
    assert [cell.source for cell in reads.readers("a")] == [one, two]
    assert [cell.source for cell in reads.readers("b")] == [two, three]


def test_what_runs_inside_a_cell_belongs_to_it(shell, monkeypatch):
    """A notebook that a cell runs reads for that cell."""
    monkeypatch.setattr(reads, "_read", {})
    reads.register(shell)
    shell.push({"w": widgets, "run": shell.run_cell})
    widgets.text("a", "1")
    outer = "run('w.get(\"a\")', store_history=False); 1"
    shell.run_cell(outer, store_history=True)
    assert [cell.source for cell in reads.readers("a")] == [outer]


@pytest.mark.usefixtures("published")
def test_in_a_job_nothing_is_drawn(context, published):
    """Neither creating a widget nor asking for the bar shows anything."""
    attempt.serve(context)
    widgets.text("a", "1")
    nbkit.widgets(rerun=True)
    assert published == []
    assert widgets._bar is None
