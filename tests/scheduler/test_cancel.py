"""How a run learns that somebody wants it to end."""

from __future__ import annotations

import signal

import pytest

from nbkit.scheduler.cancel import CancelWatch, ctrl_c_cancels


def test_nobody_asked():
    """Without a request nothing is wanted, and there is nothing to come back for."""
    watch = CancelWatch()

    assert not watch.cancel_wanted(0)
    assert not watch.kill_wanted()
    assert watch.next_look(0, None) is None
    assert watch.next_look(0, 70) == 70


def test_outside_is_asked_at_most_every_half_second():
    """The ledger is not asked at every event."""
    asked = []
    watch = CancelWatch(lambda: asked.append(1) is not None)

    for now in range(0, 1100, 100):
        assert not watch.cancel_wanted(now)

    assert len(asked) == 3
    assert watch.next_look(1050, None) == 1500
    assert watch.next_look(1050, 1200) == 1200
    assert watch.next_look(1050, 9000) == 1500


def test_a_request_inside_of_the_process_wakes_the_loop():
    """Ctrl-C does not wait for the next look; the second time it kills."""
    watch, woken = CancelWatch(), []
    with watch.waking(lambda: woken.append(1)):
        watch.cancel()

        assert watch.cancel_wanted(0)
        assert not watch.kill_wanted()

        watch.cancel()

        assert watch.kill_wanted()
    watch.cancel()

    assert len(woken) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_cancel_then_kill_then_end_nbkit(number):
    """And afterwards signals do what they did before."""
    watch, before = CancelWatch(), []
    previous = signal.signal(number, lambda *_: before.append(1))
    try:
        with ctrl_c_cancels(watch):
            signal.raise_signal(number)
            assert watch.cancel_wanted(0)
            assert not watch.kill_wanted()

            signal.raise_signal(number)
            assert watch.kill_wanted()
            assert not before

            signal.raise_signal(number)
            assert len(before) == 1
        signal.raise_signal(number)
        assert len(before) == 2
    finally:
        signal.signal(number, previous)
