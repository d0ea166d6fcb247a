"""What a reply and outputs say together, on made-up messages: no kernel is needed to judge."""

from __future__ import annotations

import pytest

from nbkit.kernels.verdict import judge

OK = {"status": "ok", "payload": []}


def error(name="ValueError", value="x"):
    return {"ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}


def failed(name="ValueError", value="x"):
    return {"status": "error", **error(name, value)}


def leaving(keep):
    return {"status": "ok", "payload": [{"source": "ask_exit", "keepkernel": keep}]}


@pytest.mark.parametrize(
    ("reply", "shown", "then", "named"),
    [
        (OK, [], "go on", None),
        (failed(), [error()], "fail", "ValueError"),
        (failed(), [], "fail", "ValueError"),
        # shown and not replied with: %%capture, run_cell, %run of a script, showtraceback
        (OK, [error()], "fail", "ValueError"),
        (OK, [error("KeyError"), error("TypeError")], "fail", "KeyError"),
        # replied with by no name: what was shown has it
        (failed("NoneType", "None"), [error()], "fail", "ValueError"),
        (failed("NoneType", "None"), [], "fail", "CellFailed"),
        ({"status": "error"}, [], "fail", "CellFailed"),
        ({"status": "error"}, [error()], "fail", "ValueError"),
        ({"status": "aborted"}, [], "fail", "CellFailed"),
        # Python's way to leave
        (failed("SystemExit", ""), [error("SystemExit", "")], "leave", None),
        (failed("SystemExit", "0"), [error("SystemExit", "0")], "leave", None),
        (failed("SystemExit", "None"), [], "leave", None),
        (failed("SystemExit", "1"), [error("SystemExit", "1")], "fail", "SystemExit"),
        (failed("SystemExit", "no data"), [], "fail", "SystemExit"),
        (failed("MyExit", "0"), [error("MyExit", "0")], "fail", "MyExit"),
        (OK, [error("SystemExit", "0")], "leave", None),
        (OK, [error("SystemExit", "2")], "fail", "SystemExit"),
        (failed("SystemExit", "0"), [error(), error("SystemExit", "0")], "fail", "ValueError"),
        # IPython's: exit() asks to leave, and its argument is none to it
        (leaving(False), [], "leave", None),
        (leaving(None), [], "leave", None),
        (leaving(0), [], "leave", None),
        (leaving(1), [], "fail", "SystemExit"),
        (leaving("no data"), [], "fail", "SystemExit"),
        (leaving(False), [error()], "fail", "ValueError"),
        # an error of that name that nobody told of is an error
        (failed("NotebookExit"), [], "fail", "NotebookExit"),
    ],
)
def test_one_cell(reply, shown, then, named):
    """What decides is everything that is known of the cell."""
    verdict = judge(reply, shown)
    assert verdict.then == then
    assert verdict.error.get("ename") == named


@pytest.mark.parametrize(
    ("reply", "shown", "then"),
    [
        (failed("NotebookExit"), [], "leave"),
        (OK, [], "leave"),  # under %%capture, or behind an `except:` that swallows it
        (OK, [error()], "fail"),
        (failed(), [error()], "fail"),
    ],
)
def test_a_cell_that_exited(reply, shown, then):
    """An exit ends the notebook, unless something else went wrong in its cell."""
    assert judge(reply, shown, exited=True).then == then


def test_an_error_that_is_expected():
    """A tagged cell may fail; to leave is still to leave."""
    assert judge(failed(), [error()], may_fail=True).then == "go on"
    assert judge(OK, [error()], may_fail=True).then == "go on"
    assert judge(failed("SystemExit", "0"), [], may_fail=True).then == "leave"


def test_what_the_reply_tells_is_kept():
    """A reply without a name may still say something."""
    assert judge({"status": "error", "evalue": "lost"}, []).error["evalue"] == "lost"
