"""What a step does with its body, in each of its forms."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from contextlib import nullcontext

import pytest
from tenacity import wait_incrementing

import nbkit
from nbkit.errors import UsageError
from nbkit.guard.failed import Failed
from nbkit.toolkit.notebook import NotebookExit


@pytest.fixture
def said(monkeypatch):
    """What steps tell the run's record."""
    messages = []
    monkeypatch.setattr("nbkit.guard.run.say", messages.append)
    return messages


@pytest.fixture
def slept(monkeypatch):
    """How long steps have waited; no time passes."""
    seconds = []
    monkeypatch.setattr("tenacity.nap.sleep", seconds.append)
    return seconds


def failing(times: int, error: BaseException):
    """A body that fails so many times, then returns `done`."""
    calls = []

    def body():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    body.calls = calls
    return body


def states(said):
    return [(one["name"], one["state"], one["tries"]) for one in said]


def test_a_block_is_on_record(said, capsys):
    """A step is told when it begins and when it is over, and prints nothing when all is well."""
    with nbkit.step("load") as load:
        load.value = 3
    assert states(said) == [("load", "running", 1), ("load", "succeeded", 1)]
    begun, over = said
    assert begun["id"] == over["id"]
    assert begun["ended_at"] == 0 < over["started_at"] <= over["ended_at"]
    assert (over["error"], over["transient"], over["parent"]) == ("", False, "")
    assert (load.state, load.value, load.error) == ("succeeded", 3, None)
    assert capsys.readouterr().out == ""


def test_a_failing_block_raises_its_own_error(said, capsys):
    """The author's exception goes on its way, with a line that says where."""
    with pytest.raises(KeyError) as caught, nbkit.step("load"):
        {}["column"]
    assert traceback.extract_tb(caught.tb)[-1].line.startswith('{}["column"]')
    assert said[-1]["state"] == "failed"
    assert said[-1]["error"] == "KeyError: 'column'"
    assert said[-1]["transient"] is False
    assert capsys.readouterr().out.startswith("step 'load' failed after 1 try, ")


def test_a_function_is_tried_again(said, slept, capsys):
    """Transient errors are retried after a pause; the record counts the tries."""
    body = failing(2, ConnectionResetError("peer"))
    assert nbkit.step("load", retries=3, wait=[1, 5])(body)() == "done"
    assert len(body.calls) == 3
    assert slept == [1, 5]
    assert states(said) == [
        ("load", "running", 1),
        ("load", "running", 1),
        ("load", "running", 2),
        ("load", "running", 2),
        ("load", "running", 3),
        ("load", "succeeded", 3),
    ]
    assert said[1]["error"] == "ConnectionResetError: peer"
    assert said[1]["transient"] is True
    assert said[-1]["error"] == ""
    first, second = capsys.readouterr().out.splitlines()
    assert first == "step 'load': try 1 failed (ConnectionResetError: peer); next in 1 s"
    assert "next in 5 s" in second


def test_tries_come_to_an_end(slept, capsys):
    """After its retries a step fails with the last error, from the author's line."""
    error = TimeoutError("slow")
    body = failing(9, error)
    with pytest.raises(TimeoutError) as caught:
        nbkit.step("load", retries=2)(body)()
    assert caught.value is error
    assert len(body.calls) == 3
    assert len(slept) == 2
    assert all(0 < seconds <= 30 for seconds in slept)
    lines = [frame.filename for frame in traceback.extract_tb(caught.tb)]
    assert not any("tenacity" in line for line in lines)
    assert lines[-1] == __file__
    assert "step 'load': try 3" in caught.value.__notes__[0]
    assert "step 'load' failed after 3 tries" in capsys.readouterr().out


@pytest.mark.parametrize("error", [KeyError("x"), Failed("no"), KeyboardInterrupt(), SystemExit(1)])
def test_permanent_errors_are_not_retried(error, slept):
    """What another try cannot cure fails at once."""
    body = failing(1, error)
    with pytest.raises(type(error)):
        nbkit.step("load", retries=3)(body)()
    assert len(body.calls) == 1
    assert slept == []


@pytest.mark.parametrize(
    ("on", "tries"),
    [
        (KeyError, 2),
        (LookupError, 2),
        ((ValueError, KeyError), 2),
        (lambda error: "x" in str(error), 2),
        (ValueError, 1),
        (lambda error: False, 1),
    ],
)
def test_on_says_which_errors(on, tries, slept):
    """`on` takes the place of the default: classes, or a function."""
    body = failing(9, KeyError("x"))
    with pytest.raises(KeyError):
        nbkit.step("load", retries=1, on=on)(body)()
    assert len(body.calls) == tries


def test_a_failing_on_ends_the_step(said):
    """A mistake in `on` is shown beside the error that it was asked about, after the clean-up."""
    cleaned = []
    step = nbkit.step("x", retries=1, on=lambda error: 1 / 0, cleanup=lambda: cleaned.append(1))
    with pytest.raises(ZeroDivisionError) as caught:
        step(failing(1, KeyError("x")))()
    assert isinstance(caught.value.__context__, KeyError)
    assert states(said)[-1] == ("x", "failed", 1)
    assert cleaned == [1]


def test_nbkit_fail_is_never_retried(slept):
    """Whatever `on` says: the author decided."""
    calls = []

    @nbkit.step(retries=3, on=Exception)
    def check():
        calls.append(1)
        nbkit.fail("3 orders without a customer")

    with pytest.raises(Failed, match="3 orders without a customer"):
        check()
    assert len(calls) == 1


def test_any_tenacity_strategy_waits(slept):
    """`wait` may be a strategy of tenacity's."""
    body = failing(3, TimeoutError())
    nbkit.step("load", retries=3, wait=wait_incrementing(start=2, increment=2))(body)()
    assert slept == [2, 4, 6]


def test_a_loop_over_attempts(said, slept):
    """The loop runs its body again, and is through when it is done."""
    body = failing(1, TimeoutError())
    tries = []
    for attempt in nbkit.step("load", retries=3):
        with attempt as load:
            tries.append(load.tries)
            load.value = body()
    assert tries == [1, 2]
    assert (load.value, load.state) == ("done", "succeeded")
    assert len({one["id"] for one in said}) == 1


def test_a_loop_without_with_is_refused():
    """A loop whose body is in no `with` would never end."""
    with pytest.raises(UsageError, match="with attempt"):
        for _attempt in nbkit.step("load", retries=1):
            pass


def test_a_block_with_retries_is_refused_where_nothing_can_rerun_it():
    """In a module a `with` runs once, so that a step with retries says what to write instead."""
    with (
        pytest.raises(UsageError, match=r"(?s)@nbkit.step\('load', retries=2\).*for attempt in"),
        nbkit.step("load", retries=2),
    ):
        pytest.fail("the body must not run")


@pytest.mark.parametrize(
    ("on_error", "value"),
    [("record", None), (None, None), (7, 7), ([], []), (lambda error: f"no {error}", "no 'x'")],
)
def test_on_error_goes_on(said, on_error, value):
    """A failed step may be recorded only, with a value in its place."""

    @nbkit.step("load", on_error=on_error)
    def load():
        raise KeyError("x")

    assert load() == value
    assert states(said)[-1] == ("load", "recorded", 1)
    assert said[-1]["error"] == "KeyError: 'x'"
    with nbkit.step("load", on_error=on_error) as block:
        raise KeyError("x")
    assert block.value == value
    assert isinstance(block.error, KeyError)


def test_on_error_comes_after_the_retries(said, slept):
    """Going on is for steps that have failed for good."""
    body = failing(9, TimeoutError())
    assert nbkit.step("load", retries=2, on_error=0)(body)() == 0
    assert states(said)[-1] == ("load", "recorded", 3)


def test_a_failing_on_error_shows_both_errors(said):
    """An error in the function that should help has the first one as its context."""

    @nbkit.step(on_error=lambda error: 1 / 0)
    def load():
        raise KeyError("x")

    with pytest.raises(ZeroDivisionError) as caught:
        load()
    assert isinstance(caught.value.__context__, KeyError)
    assert states(said)[-1] == ("load", "failed", 1)


@pytest.mark.parametrize("error", [None, KeyError(), KeyboardInterrupt(), NotebookExit("x")])
def test_cleanup_always_runs(error, slept):
    """However a step ends, its clean-up runs, once."""
    cleaned = []
    body = failing(1 if error else 0, error)
    with pytest.raises(type(error)) if error else nullcontext():
        nbkit.step("load", cleanup=lambda: cleaned.append(1))(body)()
    assert cleaned == [1]


def test_cleanup_runs_after_the_last_try(slept):
    """A retry is not the end of a step."""
    body = failing(2, TimeoutError())
    cleaned = []
    nbkit.step("load", retries=2, cleanup=lambda: cleaned.append(len(body.calls)))(body)()
    assert cleaned == [3]


def test_of_two_errors_the_first_goes_on(said):
    """A clean-up that fails does not hide why the step did; alone, it fails the step."""

    def cleanup():
        raise OSError("no such folder")

    with pytest.raises(KeyError) as caught, nbkit.step("load", cleanup=cleanup):
        raise KeyError("x")
    assert "no such folder" in caught.value.__notes__[0]
    with pytest.raises(OSError, match="no such folder"), nbkit.step("load", cleanup=cleanup):
        pass
    assert said[-1]["state"] == "failed"
    assert "no such folder" in said[-1]["error"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotebookExit("done"), "succeeded"),
        (SystemExit(0), "succeeded"),
        (SystemExit(1), "failed"),
        (KeyboardInterrupt(), "failed"),
        (asyncio.CancelledError(), "failed"),
    ],
)
def test_what_is_no_error_passes_through(error, state, said, slept):
    """Leaving the notebook, and stopping it, is neither retried nor recorded as if it were."""
    body = failing(1, error)
    step = nbkit.step("load", retries=3, on=BaseException, on_error="record")
    with pytest.raises(type(error)):
        step(body)()
    assert states(said)[-1] == ("load", state, 1)


def test_stopping_while_it_waits(said, monkeypatch):
    """An interrupt between two tries ends the step, and cleans up."""

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("tenacity.nap.sleep", interrupt)
    cleaned = []
    step = nbkit.step("load", retries=3, cleanup=lambda: cleaned.append(1))
    with pytest.raises(KeyboardInterrupt):
        step(failing(9, TimeoutError()))()
    assert states(said)[-1] == ("load", "failed", 1)
    assert cleaned == [1]


def test_steps_nest(said, capsys):
    """An inner step names its parent; one error is printed once."""
    with pytest.raises(KeyError), nbkit.step("outer"), nbkit.step("inner"):
        raise KeyError("x")
    outer, inner = said[0], said[1]
    assert (outer["parent"], inner["parent"]) == ("", outer["id"])
    assert len(capsys.readouterr().out.splitlines()) == 1
    with nbkit.step("next"):
        pass
    assert said[-1]["parent"] == ""


def test_async_functions(said, monkeypatch):
    """A coroutine is retried without keeping others from running."""
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)

    monkeypatch.setattr("nbkit.guard.step.asyncio.sleep", pause)
    body = failing(1, TimeoutError())

    @nbkit.step(retries=1, wait=3)
    async def load():
        return body()

    async def main():
        async for attempt in nbkit.step("loop", retries=1):
            with attempt:
                assert await load() == "done"
        async with nbkit.step("block"):
            pass

    asyncio.run(main())
    assert pauses == [3]
    names = {one["name"]: one["id"] for one in said}
    assert next(one for one in said if one["name"] == "load")["parent"] == names["loop"]
    assert states(said)[-1] == ("block", "succeeded", 1)


def test_a_decorated_function_stays_itself():
    """Name and documentation are the function's, methods work, each call is a run of its own."""

    class Loader:
        @nbkit.step
        def load(self, n):
            """Load."""
            return self, n

    loader = Loader()
    assert Loader.load.__doc__ == "Load."
    assert loader.load(1) == (loader, 1)
    assert loader.load(n=2) == (loader, 2)


def test_generators_are_refused():
    """A generator cannot begin again; the message says where the step belongs."""
    with pytest.raises(UsageError, match="around the loop"):

        @nbkit.step
        def rows():
            yield 1

    with pytest.raises(UsageError, match="around the loop"):

        @nbkit.step("x")
        async def more():
            yield 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retries": -1}, "retries"),
        ({"retries": True}, "retries"),
        ({"on": 5}, "on is an error class"),
        ({"on": (KeyError, int)}, "on is an error class"),
        ({"wait": "5 s"}, "wait"),
        ({"wait": []}, "wait"),
        ({"wait": -1}, "wait"),
        ({"on_error": "recrod"}, "on_error"),
        ({"cleanup": "x"}, "cleanup"),
        ({"cleanup": asyncio.sleep}, "cleanup"),
    ],
)
def test_options_that_make_no_sense(options, message):
    """A mistake is told where it is made, before anything runs."""
    with pytest.raises(UsageError, match=message):
        nbkit.step("load", **options)


def test_a_step_has_a_name_and_is_open_once():
    """A block needs a name, and is one run at a time."""
    with pytest.raises(UsageError, match="needs a name"), nbkit.step():
        pass
    with pytest.raises(UsageError, match="is text"):
        nbkit.step(5)
    with pytest.raises(UsageError, match="functions"):
        nbkit.step("x")(5)
    one = nbkit.step("x")
    with pytest.raises(UsageError, match="already open"), one, one:
        pass


def test_java_errors_are_one_telling_line(said):
    """py4j's first line says nothing; the second one does."""
    with pytest.raises(RuntimeError), nbkit.step("load"):
        raise RuntimeError("An error occurred while calling o1.save.\n: java.lang.Error: full\n at")
    assert said[-1]["error"] == "RuntimeError: java.lang.Error: full"


def test_steps_are_light():
    """Using steps imports neither Spark nor pandas, and tenacity only to try again."""
    code = (
        "import sys, nbkit\nwith nbkit.step('x'): pass\n"
        "heavy = {'pyspark', 'pandas', 'tenacity', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
