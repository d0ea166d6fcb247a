"""What becomes of a `with` whose body may run again."""

from __future__ import annotations

import ast
import re

import pytest

import nbkit
from nbkit.toolkit.rerun import RunAgain
from nbkit.toolkit.startup import bind

PLAIN = [
    "with open('x') as f: pass",
    "with nbkit.step('x'): pass",
    "def rows():\n    with nbkit.step('x', retries=1):\n        yield 1",
]


@pytest.fixture
def notebook(shell, context, monkeypatch):
    """A cell runner in a kernel that serves an attempt."""
    monkeypatch.setattr("nbkit.toolkit.say.say", lambda message: None)
    bind(context)

    def run(source):
        return shell.run_cell(f"import nbkit\n{source}")

    run.names = shell.user_ns
    return run


@pytest.mark.parametrize("source", PLAIN)
def test_other_statements_stay(source):
    """Only a `with` on a call with retries is rewritten, and none that yields."""
    assert ast.dump(RunAgain().visit(ast.parse(source))) == ast.dump(ast.parse(source))


def test_the_body_runs_again(notebook):
    """In a cell, `with nbkit.step(…, retries=…)` really tries again."""
    result = notebook(
        "n = 0\n"
        "with nbkit.step('load', retries=3, wait=0) as load:\n"
        "    n += 1\n"
        "    if n < 3: raise ConnectionResetError(n)\n"
    )
    assert result.success
    assert notebook.names["n"] == 3
    assert (notebook.names["load"].state, notebook.names["load"].tries) == ("succeeded", 3)


def test_under_any_name_and_in_functions(notebook):
    """The import may have another name; a function may return out of the block."""
    result = notebook(
        "from nbkit import step as careful\n"
        "n = 0\n"
        "def load():\n"
        "    global n\n"
        "    with careful('load', retries=1, wait=0):\n"
        "        n += 1\n"
        "        if n == 1: raise TimeoutError\n"
        "        return n\n"
        "load()"
    )
    assert result.result == 2


def test_the_traceback_is_the_authors(notebook, capsys):
    """The last try's error is shown at its line, without a line of nbkit's."""
    result = notebook("with nbkit.step('load', retries=1, wait=0):\n    raise TimeoutError('slow')")
    assert type(result.error_in_exec) is TimeoutError
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 3     raise TimeoutError('slow')" in shown
    assert "nbkit/" not in shown


def test_the_traceback_of_a_function_is_the_authors(notebook, capsys):
    """Between the call and the function's line there is no line of nbkit's."""
    notebook("@nbkit.step\ndef load():\n    raise KeyError('x')\nload()")
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 5 load()" in shown
    assert "in load()" in shown
    assert "step.py" not in shown
    assert "hidden" not in shown


def test_break_and_continue_are_about_the_loop_outside(notebook):
    """A jump out of the block leads where it would lead without retries."""
    result = notebook(
        "seen = []\n"
        "for n in range(6):\n"
        "    with nbkit.step('outer', retries=1), nbkit.step('inner', retries=1):\n"
        "        for _ in range(9): break\n"
        "        if n == 1: continue\n"
        "        if n == 4: break\n"
        "        seen.append(n)\n"
        "    seen.append(-n)\n"
        "else:\n"
        "    seen.append('else')\n"
    )
    assert result.success
    assert notebook.names["seen"] == [0, 0, 2, -2, 3, -3]


def test_beside_other_managers(notebook):
    """Managers before the step are entered once, those after it for each try."""
    result = notebook(
        "from contextlib import contextmanager\n"
        "entered = []\n"
        "@contextmanager\n"
        "def manager(name, retries=0):\n"
        "    entered.append(name)\n"
        "    yield name\n"
        "with manager('before') as a, nbkit.step('x', retries=1, wait=0) as s, manager('b') as b:\n"
        "    if s.tries == 1: raise TimeoutError\n"
        "with manager('other', retries=1) as other:\n"
        "    entered.append(other)\n"
    )
    assert result.success
    assert notebook.names["entered"] == ["before", "b", "b", "other", "other"]


def test_in_a_coroutine(notebook):
    """`async with` is made a loop too."""
    result = notebook(
        "n = 0\n"
        "async with nbkit.step('load', retries=1, wait=0):\n"
        "    n += 1\n"
        "    if n == 1: raise TimeoutError\n"
    )
    assert result.success
    assert notebook.names["n"] == 2


def test_what_cannot_run_again_says_so(notebook):
    """A generator's block is left alone, so that the step refuses it."""
    result = notebook(
        "def rows():\n    with nbkit.step('x', retries=1):\n        yield 1\nlist(rows())"
    )
    assert isinstance(result.error_in_exec, nbkit.errors.UsageError)
