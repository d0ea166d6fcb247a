"""A run is heard by its view and its notifier, each whatever happens to the other."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from nbkit.app.audience import Begun, audience
from nbkit.clock import SystemClock
from nbkit.events import Noted, RunHeldUp
from nbkit.graph.load import parse_job
from nbkit.ledger.store import Ledger
from nbkit.rules.state import RunState
from nbkit.settings import Settings

TASK = {"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}
HELD_UP = RunHeldUp(5, 1, 9, "job", "why")


@pytest.fixture
def begun(tmp_path):
    graph = parse_job(json.dumps({"name": "job", "tasks": [TASK]})).graph
    return Begun(1, graph, tmp_path / "1", Settings(root=tmp_path))


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    made.begin("job", 9, "{}", "job.json")
    yield made
    made.close()


def seen_by(shown, ended=None):
    @contextmanager
    def view(begun):
        yield lambda event, state: shown.append((event, state.queued_at))
        if ended is not None:
            ended.append(len(shown))

    return view


def test_what_is_told_is_on_record_first_and_changes_the_state(begun, ledger):
    """A note comes with the state that was last seen."""
    shown = []
    state = RunState.fresh(begun.graph)
    with audience(begun, state, ledger, SystemClock(), seen_by(shown)) as listening:
        listening.note(Noted(1, "early"))
        listening.tell(HELD_UP)
        listening.note(Noted(6, "late"))

    assert shown == [(Noted(1, "early"), None), (HELD_UP, 5), (Noted(6, "late"), 5)]
    assert ledger.read(1) == [event for event, _ in shown]


def test_the_view_ends_after_the_notifier(begun, ledger, monkeypatch):
    """So it can show what could not be delivered after the end of the run."""
    shown, ended = [], []
    monkeypatch.setattr(
        "nbkit.notify.deliver.Notifier.__exit__",
        lambda notifier, *_: notifier._note(Noted(7, "not delivered")),
    )
    state = RunState.fresh(begun.graph)
    with audience(begun, state, ledger, SystemClock(), seen_by(shown, ended)):
        assert not shown
    assert [event.message for event, _ in shown] == ["not delivered"]
    assert ended == [1]


def test_a_view_that_fails_silences_nobody(begun, ledger):
    """The note is on record, and the others are separate observers of the loop."""

    @contextmanager
    def broken(begun):
        def show(event, state):
            raise RuntimeError("broken")

        yield show

    state = RunState.fresh(begun.graph)
    with audience(begun, state, ledger, SystemClock(), broken) as listening:
        listening.note(Noted(1, "x"))
        assert len(listening.observers) == 2
    assert ledger.read(1) == [Noted(1, "x")]
