import pytest

from nbkit.toolkit import attempt
from nbkit.toolkit.dbutils import dbutils
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


def test_job_parameters_win(context):
    """A parameter of the job beats the default, and exists without a widget."""
    attempt.serve(context)
    assert widgets.get("day") == "2013-01-01"
    widgets.text("day", "1999-01-01")
    assert widgets.get("day") == "2013-01-01"


def test_missing_widget_names_the_nearest():
    """Asking for a widget that is not there names the one that was meant."""
    widgets.text("date", "x")
    with pytest.raises(InputWidgetNotDefined, match=r"No input widget named dat is.*'date'"):
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


def test_only_strings():
    """Names, defaults and choices are strings."""
    with pytest.raises(TypeError, match="default value of widget 'a' must be a string"):
        widgets.text("a", 1)
    with pytest.raises(TypeError, match="choices of widget 'a'"):
        widgets.dropdown("a", "1", [1])
    with pytest.raises(TypeError, match="choices of widget 'a'"):
        widgets.dropdown("a", "1", "123")


def test_creating_again_changes_nothing():
    """A widget that exists keeps its first definition, as on Databricks."""
    widgets.text("a", "1")
    widgets.text("a", "2")
    assert widgets.get("a") == "1"


def test_remove():
    """A removed widget is gone; removing one that never was is an error."""
    widgets.text("a", "1")
    widgets.remove("a")
    with pytest.raises(InputWidgetNotDefined):
        widgets.remove("a")
    widgets.text("b", "1")
    widgets.removeAll()
    assert widgets.getAll() == {}
