"""So many runs of a job at once, the oldest first, and the dead hold nobody up."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack, closing

import pytest

from nbkit.ledger.store import Ledger
from nbkit.ledger.turn import Turn


@pytest.fixture
def turns(url, tmp_path):
    """Make turns of runs of one job, each of a ledger of its own; given back in the end."""
    with ExitStack() as stack:

        def make(most=1):
            ledger = stack.enter_context(closing(Ledger(url, home=tmp_path)))
            run_id = ledger.begin("job", 7, "{}", "job.json")
            return stack.enter_context(Turn(ledger, run_id, most))

        yield make


def test_no_more_than_allowed(turns):
    """Places are for any runs; the one over the limit gets none."""
    assert turns(2).take()
    assert turns(2).take()
    assert not turns(2).take()


def test_a_place_is_kept_until_it_is_given_back(turns):
    """Asking again takes no second place; leaving frees it."""
    first, second = turns(), turns()
    with first:
        assert first.take()
        assert first.take()
        assert not second.take()
    assert second.take()


def test_the_oldest_in_line_is_next(turns):
    """A younger run gets no place while an older one waits, however often it asks."""
    going, older, younger = turns(), turns(), turns()
    assert going.take()
    older.join_line()
    younger.join_line()
    going.__exit__(None, None, None)
    assert not younger.take()
    assert not turns().take()
    assert older.take()
    older.__exit__(None, None, None)
    assert younger.take()


def test_who_gives_up_waiting_holds_nobody_up(turns):
    """Leaving the line without a place is leaving all the same."""
    going, older, younger = turns(), turns(), turns()
    assert going.take()
    with older:
        older.join_line()
    going.__exit__(None, None, None)
    assert younger.take()


def test_a_job_may_allow_no_runs(turns):
    """A limit of 0 lets nobody in."""
    assert not turns(0).take()


def test_each_job_has_places_of_its_own(turns, url, tmp_path):
    """One job holds no other one up."""
    with closing(Ledger(url, home=tmp_path)) as ledger:
        other = Turn(ledger, ledger.begin("other", 8, "{}", "other.json"), 1)
        assert turns().take()
        assert other.take()


def test_places_are_given_out_one_at_a_time(turns):
    """Of many who ask in the same moment, as many get one as there are."""
    asking, barrier, got = [turns(3) for _ in range(8)], threading.Barrier(8), []

    def ask(turn):
        barrier.wait()
        got.append(turn.take())

    threads = [threading.Thread(target=ask, args=[turn]) for turn in asking]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert sorted(got) == [False] * 5 + [True] * 3


HOLD = """
import sys, time
from pathlib import Path
from nbkit.ledger.store import Ledger
from nbkit.ledger.turn import Turn
ledger = Ledger(sys.argv[1], home=Path(sys.argv[2]))
going, waiting = (Turn(ledger, ledger.begin("job", 7, "{}", "job.json"), 1) for _ in "ab")
assert going.take()
waiting.join_line()
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_process_holds_nobody_up(turns, url, tmp_path):
    """Its place is free at once, and so is its place in the line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url, tmp_path], stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        turn = turns()
        before = turn.take()
        process.kill()

    assert not before
    assert turn.take()
