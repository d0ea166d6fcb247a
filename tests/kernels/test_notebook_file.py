"""Notebooks of any shape are run, or refused in one line; and nothing is printed about them."""

from __future__ import annotations

import json
import warnings

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill.iorw import load_notebook_node

from nbkit.kernels.kernelspecs import kernel_name, language, read_notebook
from nbkit.kernels.outcome import NotebookFailed
from nbkit.kernels.output import notebook_bytes
from nbkit.kernels.parameters import typed_parameters
from nbkit.kernels.review import fold

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def shape(fields, others=ANYTHING):
    """An object that has some of these fields, each as it should be or of any other shape."""
    odd = {name: values | others for name, values in fields.items()}
    return st.fixed_dictionaries({}, optional=odd)


ABOUT_CELL = shape(
    {
        "tags": st.just(["parameters"]),
        "papermill": shape({}),
        "jupyter": shape({"source_hidden": st.booleans()}),
        "execution": shape({}),
        "scrolled": st.booleans(),
    }
)
CELL = shape(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw"]),
        "source": st.just("a = 1") | st.just(["a = 1\n", "b = 2"]),
        "metadata": ABOUT_CELL,
        "outputs": st.just([]),
        "attachments": st.just({"a.png": {"image/png": "aGk="}}),
        "execution_count": st.none(),
        "id": st.sampled_from(["a", "b", "a!", ""]),
    }
)
ABOUT = shape(
    {
        "kernelspec": shape({"name": st.just("python3"), "language": st.just("python")}),
        "language_info": shape({"name": st.just("python")}),
        "papermill": shape({"parameters": shape({})}),
    }
)
NOTEBOOK = st.builds(
    lambda found, versions: {**found, **versions},
    shape({"metadata": ABOUT, "cells": st.lists(CELL, max_size=3)}),
    st.fixed_dictionaries({"nbformat": st.just(4), "nbformat_minor": st.integers(0, 6)})
    | shape({"nbformat": st.sampled_from([3, 4, "4", 4.0, 99]), "nbformat_minor": st.floats()}),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("odd") / "nb.ipynb"


def read_or_reason(file):
    try:
        return read_notebook(file)
    except NotebookFailed as refused:
        return str(refused)


@given(NOTEBOOK)
def test_any_shape(file, notebook):
    """Whatever is read can be looked at, given parameters, shown and saved."""
    file.write_text(json.dumps(notebook))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_or_reason(file)
        if isinstance(found, str):
            assert "\n" not in found
            return
        assert isinstance(kernel_name(found), str)
        assert language(found)
        typed_parameters(found, {"a": "2"})
        loaded = load_notebook_node(found)
    for cell in loaded.cells:
        assert "raises-exception" not in cell.metadata.get("tags", ())
        assert isinstance(cell.source, str)
    fold(loaded)
    nbformat.reads(notebook_bytes(loaded).decode(), as_version=4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON"),
        (b"[]", "it is JSON, but not of a notebook"),
        (b"\xff\xfe{", "it is not text in UTF-8"),
        (
            b'{\n"cells": [\n<<<<<<< HEAD\n=======\n>>>>>>> x\n]}',
            "merge conflict markers, .*line 3",
        ),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"nbformat": 4, "cells": 5}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}', "cell 0 has something"),
    ],
)
def test_what_is_no_notebook_says_why(file, content, reason):
    """In one line, with the place."""
    file.write_bytes(content)
    with pytest.raises(NotebookFailed, match=rf"cannot be read as a notebook: .*{reason}"):
        read_notebook(file)


def test_a_byte_order_mark(file):
    """Editors of Windows write one."""
    cells = [nbformat.v4.new_code_cell("a = 1")]
    file.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8-sig")
    assert read_notebook(file).cells[0].source == "a = 1"


def test_a_notebook_in_sql_becomes_one_in_python(tmp_path):
    """Its cells get the magic that they would have there; those with a magic keep theirs."""
    path = tmp_path / "nb.ipynb"
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**code, "source": text} for text in ("SELECT 1\r\n", "%python\r\nx = 1")]
    about = {"application/vnd.databricks.v1+notebook": {"language": "sql"}}
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(whole))

    notebook = read_notebook(path)

    assert [cell.source for cell in notebook.cells] == ["%sql\nSELECT 1\n", "%python\nx = 1"]
    assert language(notebook) == "python"
