"""The bar of inputs, with a person who clicks, without a browser."""

from __future__ import annotations

import pytest

import nbkit
from nbkit.toolkit import person, widget_bar
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.reading import reads

widgets = dbutils.widgets


@pytest.fixture
def notebook(shell, published, monkeypatch):
    """Cells of a person, who sees the bar; what they display is in `published`."""
    monkeypatch.setattr(person, "is_there", lambda: True)
    monkeypatch.setattr(widgets, "_bar", None)
    monkeypatch.setattr(widget_bar, "_rerun", None)
    monkeypatch.setattr(reads, "_read", {})
    monkeypatch.setattr(reads, "runs", 0)
    reads.register(shell)
    shell.push({"w": widgets, "nbkit": nbkit})

    def run(source):
        published.clear()
        shell.run_cell(source, store_history=True).raise_error()
        return [data["text/plain"] for data in published]

    return run


def control(name):
    return widgets._bar._drawn[name][1]


def test_the_bar_is_in_the_cell_that_creates_the_first_input(notebook):
    """It is shown once, grows, and comes back when that cell is run again."""
    first = "w.text('a', '1', 'Label'); w.dropdown('b', 'x', ['x', 'y'])"
    shown, settled = notebook(first)
    assert shown == "widgets: Label='1'"
    assert settled == "widgets: Label='1', b='x'"
    assert notebook("w.combobox('c', '1', ['1'])") == ["widgets: Label='1', b='x', c='1'"]
    assert notebook("1") == []
    assert notebook(first) == ["widgets: Label='1', b='x', c='1'"]
    assert notebook("nbkit.widgets()") == ["widgets: Label='1', b='x', c='1'"]


def test_saved_outputs_hold_no_widget(notebook, published):
    """What is saved is HTML and text; the widget only draws in its place."""
    notebook("w.text('a', '<b>')")
    assert set(published[0]) == {"text/html", "text/plain"}
    assert "<b>&lt;b&gt;</b>" in published[0]["text/html"]


@pytest.mark.parametrize(
    ("create", "kind", "value"),
    [
        ("w.text('a', '1', 'A')", "Text", "5"),
        ("w.dropdown('a', 'x', ['x', 'y'], 'A')", "Dropdown", "y"),
        ("w.combobox('a', 'x', ['x', 'y'], 'A')", "Combobox", "free"),
        ("w.multiselect('a', 'x', ['x', 'y', 'z'], 'A')", "SelectMultiple", ("x", "z")),
    ],
)
def test_what_a_person_gives_is_the_value(notebook, create, kind, value):
    """Each kind is drawn as what it is, and a change is what `get` returns."""
    notebook(create)
    assert type(control("a")).__name__ == kind
    assert control("a").description == "A"
    control("a").value = value
    assert widgets.get("a") == (value if isinstance(value, str) else "x,z")


def test_creating_again_keeps_the_control(notebook):
    """An unchanged input keeps its control and value; a changed one gets a new control."""
    notebook("w.dropdown('a', 'x', ['x', 'y'])")
    before = control("a")
    before.value = "y"
    notebook("w.dropdown('a', 'x', ['x', 'y'])")
    assert control("a") is before
    notebook("w.dropdown('a', 'x', ['x', 'y', 'z'])")
    assert control("a") is not before
    assert control("a").value == "y"


def test_a_removed_input_leaves_the_bar(notebook):
    """The bar has the inputs that there are."""
    notebook("w.text('a', '1'); w.text('b', '1'); w.remove('a')")
    assert list(widgets._bar._drawn) == ["b"]
    assert len(widgets._bar._row.children) == 1


def test_a_change_runs_the_readers_again_if_wanted(notebook, shell):
    """With `rerun`, and not without, in their order and up to the first that fails."""
    notebook("w.text('a', '1'); seen = []")
    notebook("seen.append(w.get('a'))")
    notebook("int(w.get('a'))")
    notebook("seen.append('after ' + w.get('a'))")
    control("a").value = "2"
    assert shell.user_ns["seen"] == ["1", "after 1"]
    notebook("nbkit.widgets(rerun=True)")
    control("a").value = "3"
    assert shell.user_ns["seen"][2:] == ["3", "after 3"]
    control("a").value = "no number"
    assert shell.user_ns["seen"][4:] == ["no number"]


def test_the_project_may_want_it(notebook, shell, tmp_path):
    """`nbkit.toml` says it for every notebook."""
    (tmp_path / "nbkit.toml").write_text("[widgets]\nrerun = true\n")
    notebook("w.text('a', '1'); seen = []")
    notebook("seen.append(w.get('a'))")
    control("a").value = "2"
    assert shell.user_ns["seen"] == ["1", "2"]
