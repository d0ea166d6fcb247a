"""`task_retry_mode` of continuous jobs: what is tried again within a run."""

from __future__ import annotations

import pytest

from nbkit import events
from nbkit.errors import Failure
from nbkit.events import Unit
from nbkit.rules.apply import replay

BOOM = Failure("cell_error", "boom")


def ended(graph, trigger, *happened):
    """Return the state after attempts: `+a` begins one, `-a` is its failure, `=a` its success."""
    told = [events.RunStarted(0, 7, 1, "job", trigger=trigger)]
    attempts = {}
    for number, (what, key) in enumerate(happened, 1):
        at, unit = number * 1000, Unit(key)
        if what == "+":
            attempts[key] = attempts.get(key, -1) + 1
            told.append(events.AttemptStarted(at, unit, attempts[key], 7_000_000 + number, {}))
        else:
            result, why = ("FAILED", BOOM) if what == "-" else ("SUCCESS", None)
            told.append(events.AttemptFinished(at, unit, attempts[key], result, failure=why))
    return replay(graph, told)


def job(kit, *keys, mode="ON_FAILURE"):
    continuous = {"task_retry_mode": mode} if mode else {}
    return kit.graph_of([kit.notebook(key) for key in keys], continuous=continuous)


def test_a_task_is_tried_again_while_another_is_in_its_first_attempt(kit):
    """Later and later; when nothing else goes on, the next run tries."""
    two = job(kit, "a", "b")
    state = ended(two, "continuous", "+a", "+b", "-a")
    assert state.tasks["a"].retry_at == 3000 + 10_000
    state = ended(two, "continuous", "+a", "+b", "-a", "+a", "-a")
    assert state.tasks["a"].retry_at == 5000 + 20_000
    state = ended(two, "continuous", "+a", "+b", "=b", "-a")
    assert (state.tasks["a"].result, state.tasks["a"].retry_at) == ("FAILED", None)
    state = ended(two, "continuous", "+a", "+b", "-b", "+b", "-a")
    assert state.tasks["a"].result == "FAILED"


def test_the_only_task_is_tried_again_three_times(kit):
    """Nobody can set how often."""
    one = job(kit, "a")
    failures = ["+a", "-a"] * 3
    assert ended(one, "continuous", *failures).tasks["a"].life == "WAITING_FOR_RETRY"
    assert ended(one, "continuous", *failures, "+a", "-a").tasks["a"].result == "FAILED"


@pytest.mark.parametrize(
    ("mode", "trigger"), [("NEVER", "continuous"), (None, "continuous"), ("ON_FAILURE", "one_time")]
)
def test_elsewhere_nothing_is_tried_again(kit, mode, trigger):
    """NEVER is what counts where nothing is said; a run by hand is none of the trigger's."""
    state = ended(job(kit, "a", mode=mode), trigger, "+a", "-a")
    assert state.tasks["a"].result == "FAILED"
