"""What a parameters cell declares, and the form made of it."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import nbkit
from nbkit import serving as attempt
from nbkit.toolkit import person
from nbkit.toolkit.declared_parameters import Parameter, declared, file_of, only_declares, source_in
from nbkit.toolkit.reading import reads

CELL = """\
from typing import Literal
month = 0  # 1 to 12, 0 for the whole year
# where the files are,
# as a folder
folder = "data"
rate: float = 1
dry = False
mode: Literal["full", "new"] = "new"  # what to load

keys = ["a", 1]
limit: int | None = None
"""


def test_names_types_defaults_and_help():
    """A parameter is an assignment; its type chooses the control, its comment is the help."""
    assert declared(CELL) == [
        Parameter("month", "int", 0, "1 to 12, 0 for the whole year"),
        Parameter("folder", "str", "data", "where the files are, as a folder"),
        Parameter("rate", "float", 1.0),
        Parameter("dry", "bool", False),
        Parameter("mode", "choice", "new", "what to load", ("full", "new")),
        Parameter("keys", "literal", ["a", 1]),
        Parameter("limit", "literal", None),
    ]


@pytest.mark.parametrize("source", ["", "%sql select 1", "def f(): ...", "a.b = 1", "a, b = 1, 2"])
def test_what_declares_nothing(source):
    """Other code declares no parameters, and is no error."""
    assert declared(source) == []


def test_cells_that_only_declare():
    """Literals and imports; a call could be anything."""
    assert only_declares(CELL)
    assert only_declares("a = -1")
    assert not only_declares("a = 1\nprint(a)")
    assert not only_declares("a = f()")
    assert not only_declares("import os")
    assert not only_declares("%pip install x")


@pytest.fixture
def notebook_file(tmp_path):
    tagged = new_code_cell("a = 1", id="tagged", metadata={"tags": ["parameters"]})
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("b = 1", id="other"), tagged]), path)
    return path


def test_the_tagged_cell_is_the_one(notebook_file, monkeypatch):
    """As it was run last, else as it was saved; its front end tells the notebook's file."""
    assert source_in(notebook_file, {"other": "b = 1"}) == "a = 1"
    assert source_in(notebook_file, {"other": "b = 1", "tagged": "a = 2"}) == "a = 2"
    assert source_in(None, {"x": "print()", "other": "b = 1"}) == "b = 1"
    assert source_in(None, {"x": "print()"}) is None
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook_file))
    assert file_of({}) == notebook_file
    monkeypatch.setenv("JPY_SESSION_NAME", "a kernel console")
    assert file_of({}) is None
    assert file_of({"__vsc_ipynb_file__": str(notebook_file)}) == notebook_file


@pytest.fixture
def cell(shell, published, monkeypatch):
    """Run a cell and return what it shows as text."""
    monkeypatch.setattr(reads, "_read", {})
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    reads.register(shell)
    shell.push({"nbkit": nbkit})

    def run(source):
        published.clear()
        shell.run_cell(source, store_history=True).raise_error()
        return [data["text/plain"] for data in published]

    return run


def test_in_a_job_the_values_are_the_jobs(cell, context):
    """There is no form; the values are those that the notebook goes on with."""
    attempt.serve(context)
    cell(CELL)
    cell("month = 7")
    cell("given = nbkit.parameters()")
    (shown,) = cell("given")
    assert shown.startswith("parameters: month=7, folder='data', rate=1")
    assert cell("assert dict(given)['month'] == 7") == []


def test_a_job_without_a_parameters_cell(cell, context):
    """The parameters are the job's own."""
    attempt.serve(context)
    assert cell("nbkit.parameters()") == ["parameters: day='2013-01-01'"]


def test_papermills_cell_is_a_parameters_cell(cell):
    """Where papermill's is the only one, it says what the parameters are."""
    assert cell("nbkit.parameters()") == ["parameters: none"]
    cell("# Parameters\nmonth = 7\n")
    assert cell("nbkit.parameters()") == ["parameters: month=7"]


def test_by_hand_it_is_a_form(cell, shell, published, monkeypatch):
    """Each control sets the variable of its name; a text that is no value is not set."""
    shown = []
    monkeypatch.setattr(person, "is_there", lambda: True)
    monkeypatch.setattr(
        "nbkit.toolkit.live.Slot.around", lambda slot, html: shown.append(slot) or html
    )
    cell(CELL)
    (text,) = cell("nbkit.parameters()")
    assert "mode='new'" in text
    assert "1 to 12" in published[0]["text/html"]
    rows = shown[0].child.children
    controls = {row.children[0].description: row.children for row in rows}
    kinds = {name: type(control).__name__ for name, (control, _) in controls.items()}
    assert kinds == {
        "month": "IntText",
        "folder": "Text",
        "rate": "FloatText",
        "dry": "Checkbox",
        "mode": "Dropdown",
        "keys": "Text",
        "limit": "Text",
    }
    controls["month"][0].value = 3
    controls["mode"][0].value = "full"
    controls["keys"][0].value = "[2]"
    controls["limit"][0].value = "no value"
    names = shell.user_ns
    assert (names["month"], names["mode"], names["keys"]) == (3, "full", [2])
    assert names["limit"] is None
    assert "not set" in controls["limit"][1].value
    controls["limit"][0].value = "5"
    assert names["limit"] == 5
    assert controls["limit"][1].value == ""
    assert cell("1") == [
        text.replace("month=0", "month=3")
        .replace("'new'", "'full'")
        .replace("['a', 1]", "[2]")
        .replace("limit=None", "limit=5")
    ]


def test_by_hand_without_a_cell_it_says_what_to_do(cell, monkeypatch):
    """No parameters cell: how to make one."""
    monkeypatch.setattr(person, "is_there", lambda: True)
    with pytest.raises(LookupError, match="tag 'parameters'"):
        cell("nbkit.parameters()")
