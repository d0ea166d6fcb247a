"""Progress comes at most once a second per attempt, and the latest always comes."""

from __future__ import annotations

from nbkit.events import AttemptProgressed, Unit
from nbkit.tasks.progress import Throttle

A, B = Unit("a"), Unit("b")


def cell(number, unit=A):
    return AttemptProgressed(0, unit, 0, number, 9)


def test_the_first_comes_at_once_and_the_latest_after_a_second():
    """What came between is dropped."""
    throttle = Throttle()
    throttle.offer(cell(1))

    assert throttle.next_due() == 0
    assert throttle.due(5000) == [cell(1)]
    assert throttle.next_due() is None

    throttle.offer(cell(2))
    throttle.offer(cell(3))

    assert throttle.next_due() == 6000
    assert throttle.due(5999) == []
    assert throttle.due(6000) == [cell(3)]


def test_attempts_do_not_hold_each_other_up():
    """Each unit has its own pace."""
    throttle = Throttle()
    throttle.offer(cell(1))
    throttle.due(5000)
    throttle.offer(cell(1, B))

    assert throttle.due(5001) == [cell(1, B)]


def test_what_is_over_says_nothing_more():
    """And its next attempt begins afresh."""
    throttle = Throttle()
    throttle.offer(cell(1))
    throttle.due(5000)
    throttle.offer(cell(2))
    throttle.forget(A)

    assert throttle.next_due() is None
    throttle.offer(cell(1))
    assert throttle.due(5002) == [cell(1)]
