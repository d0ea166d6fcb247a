"""So many runs of a job at once, the oldest first, and the dead hold nobody up."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

import pytest

from nbkit.ledger.turn import Turn


@pytest.fixture
def turns(tmp_path):
    """Make turns of one job, all given back in the end."""
    with ExitStack() as stack:
        yield lambda run_id, most=1: stack.enter_context(Turn(tmp_path / "job", run_id, most))


def test_no_more_than_allowed(turns):
    """Places are for any runs; the one over the limit gets none."""
    assert turns(1, 2).take()
    assert turns(2, 2).take()
    assert not turns(3, 2).take()


def test_a_place_is_kept_until_it_is_given_back(turns):
    """Asking again takes no second place; leaving frees it."""
    first, second = turns(1), turns(2)
    with first:
        assert first.take()
        assert first.take()
        assert not second.take()
    assert second.take()


def test_the_oldest_in_line_is_next(turns):
    """A younger run gets no place while an older one waits, however often it asks."""
    going, older, younger = turns(1), turns(2), turns(3)
    assert going.take()
    older.join_line()
    younger.join_line()
    going.__exit__(None, None, None)
    assert not younger.take()
    assert not turns(4).take()
    assert older.take()
    older.__exit__(None, None, None)
    assert younger.take()


def test_who_gives_up_waiting_holds_nobody_up(turns):
    """Leaving the line without a place is leaving all the same."""
    going, older, younger = turns(1), turns(2), turns(3)
    assert going.take()
    with older:
        older.join_line()
    going.__exit__(None, None, None)
    assert younger.take()


def test_a_job_may_allow_no_runs(turns):
    """A limit of 0 lets nobody in."""
    assert not turns(1, 0).take()


HOLD = """
import sys, time
from pathlib import Path
from nbkit.ledger.turn import Turn
with Turn(Path(sys.argv[1]), 1, 1) as going, Turn(Path(sys.argv[1]), 2, 1) as waiting:
    assert going.take()
    waiting.join_line()
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_holds_nobody_up(turns, tmp_path):
    """Its place is free, and so is its place in the line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "job")], stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        turn = turns(3)
        before = turn.take()
        process.kill()

    assert not before
    assert turn.take()
