"""Parameters get the type that the parameters cell declares, from what its text tells."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nbkit.kernels.outcome import NotebookFailed
from nbkit.kernels.parameters import typed_parameters


def declaring(source, language="python"):
    cell = new_code_cell(source, metadata={"tags": ["parameters"]})
    return new_notebook(cells=[cell], metadata={"language_info": {"name": language}})


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        ("x = 1", "5", 5),
        ("x = -1", " -7 ", -7),
        ("x = 60 * 60", "5", 5),
        ("x = 1 / 2", "5", 5.0),
        ("x = 1.5", "5", 5.0),
        ("x = 1e-3", "1e9", 1e9),
        ("x = True", "false", False),
        ("x = False", "True", True),
        ("x = not True", "1", True),
        ("x = 'a'", "5", "5"),
        ("x = f'{1}'", "5", "5"),
        ("x = []", '["a", null]', ["a", None]),
        ("x = ['a']", "['a', 1]", ["a", 1]),
        ("x = (1, 2)", "(3, 4)", [3, 4]),
        ("x = {}", '{"a": [1]}', {"a": [1]}),
        ("x = dict()", "{'a': True}", {"a": True}),
        ("x = None", "5", "5"),
        ("x = today()", "5", "5"),
        ("x: int = None", "5", 5),
        ("x: float = 1", "5", 5.0),
        ("x: 'int' = 1", "5", 5),
        ("x: int | None = None", "5", 5),
        ("x: int | None = None", "None", None),
        ("x: Optional[int] = None", "null", None),
        ("x: typing.Optional[float] = 1", "", None),
        ("x: Optional[str] = None", "None", "None"),
        ("x: list[str] = None", '["a"]', ["a"]),
        ("x: List[str] = None", '["a"]', ["a"]),
        ("x: date = None", "2013-01-01", "2013-01-01"),
        ("y = x = 1", "5", 5),
        ("# a comment = 1\nx = 1  # help", "5", 5),
    ],
)
def test_typed(declaration, text, value):
    """The declared type decides; where it cannot be told, the text stays text."""
    typed = typed_parameters(declaring(declaration), {"x": text})
    assert typed == {"x": value}
    assert type(typed["x"]) is type(value)


@pytest.mark.parametrize(
    ("declaration", "text", "kind"),
    [
        ("x = 1", "5.5", "int"),
        ("x = 1", "", "int"),
        ("x = 1.0", "much", "float"),
        ("x = True", "maybe", "bool"),
        ("x = []", "a, b", "list"),
        ("x = []", '{"a": 1}', "list"),
        ("x = {}", "[]", "dict"),
    ],
)
def test_impossible(declaration, text, kind):
    """A value that is none of the declared type fails, naming parameter, value and type."""
    with pytest.raises(NotebookFailed) as raised:
        typed_parameters(declaring(declaration), {"x": text})
    message = raised.value.failure.message
    assert "'x'" in message
    assert repr(text) in message
    assert kind in message


def test_undeclared():
    """What the parameters cell does not declare is for widgets."""
    assert typed_parameters(declaring("x = 1"), {"y": "1"}) == {}
    assert typed_parameters(new_notebook(cells=[new_code_cell("x = 1")]), {"x": "2"}) == {}


def test_cell_that_is_not_python():
    """Magics in the cell do not keep the plain lines from being read."""
    notebook = declaring("%load_ext nbkit\nx = 1\ny = 'a'")
    assert typed_parameters(notebook, {"x": "5", "y": "b"})["y"] == "b"


def test_other_language():
    """In another language the default's looks tell the type, where papermill can read it."""
    assert typed_parameters(declaring("x = 1", "r"), {"x": "5"}) == {}
