from __future__ import annotations

from typing import get_args

import pytest

from nbkit import events
from nbkit.events import Unit
from nbkit.rules.apply import _STEPS, apply, replay
from nbkit.rules.state import RunState


def test_every_event_is_known():
    """Each kind of event has a step; only a note changes nothing."""
    assert set(get_args(events.Event)) - set(_STEPS) == {events.Noted}


@pytest.fixture(scope="module")
def run(kit):
    simulation = kit.Simulation(
        [
            kit.notebook("load"),
            kit.condition("gate", "load"),
            kit.for_each("each", "gate=true", inputs="[1]"),
            kit.notebook("slow", "each"),
        ],
        {"slow": kit.Ending(takes=None)},
    )
    simulation.run(until=100)
    return simulation


STRANGE = [
    events.RunStarted(1, 8, 1, "again"),
    events.RunHeldUp(1, 8, 1, "again", "too many"),
    events.AttemptStarted(1, Unit("load"), 0, 1, {}),
    events.AttemptStarted(1, Unit("slow"), 5, 1, {}),
    events.AttemptStarted(1, Unit("gone"), 0, 1, {}),
    events.AttemptStarted(1, Unit("each", 9), 0, 1, {}),
    events.AttemptStarted(1, Unit("slow", 0), 0, 1, {}),
    events.AttemptFinished(1, Unit("load"), 0, "FAILED"),
    events.AttemptFinished(1, Unit("slow"), 7, "FAILED"),
    events.AttemptFinished(1, Unit("gone"), 0, "FAILED"),
    events.AttemptFinished(1, Unit("each", 0), 1, "FAILED"),
    events.AttemptProgressed(1, Unit("load"), 0, 1, 2),
    events.AttemptProgressed(1, Unit("slow"), 3, 1, 2),
    events.AttemptProgressed(1, Unit("gone"), 0, 1, 2),
    events.AttemptStopping(1, Unit("load"), 0, "canceled"),
    events.AttemptStopping(1, Unit("slow"), 4, "canceled"),
    events.AttemptStopping(1, Unit("gone"), 0, "canceled"),
    events.TaskValueSet(1, Unit("gone"), "a", 1),
    events.AttemptReported(1, Unit("gone"), 0, {"kind": "step", "id": "1"}),
    events.AttemptReported(1, Unit("slow"), 4, {"kind": "step", "id": "1"}),
    events.TaskSkipped(1, "load", "EXCLUDED", ""),
    events.TaskSkipped(1, "gone", "EXCLUDED", ""),
    events.ConditionEvaluated(1, "gate", 1, "1", "EQUAL_TO", "2", outcome=False),
    events.ConditionEvaluated(1, "gone", 1, "1", "EQUAL_TO", "2", outcome=False),
    events.ForEachStarted(1, "each", 1, (1, 2)),
    events.ForEachStarted(1, "gone", 1, (1, 2)),
    events.ForEachFinished(1, "each", "FAILED"),
    events.ForEachFinished(1, "load", "FAILED"),
    events.DurationExceeded(1, 60, Unit("gone")),
    events.Noted(1, "a setting was ignored"),
]


@pytest.mark.parametrize("event", STRANGE, ids=lambda event: f"{event.kind}")
def test_what_does_not_fit_changes_nothing(run, event):
    """Late, doubled and foreign events leave the state alone."""
    assert apply(run.graph, run.state, event) == run.state


@pytest.mark.parametrize(
    "event",
    [
        events.RunFinished(1, "SUCCESS", "SUCCESS"),
        events.CancelRequested(1),
        events.RunRepaired(1, 1, ("load",), {}),
        *STRANGE[1:],
    ],
    ids=lambda event: f"{event.kind}",
)
def test_before_the_start_nothing_is_over(run, event):
    """Events before `RunStarted` end no task and no run."""
    state = apply(run.graph, RunState.fresh(run.graph), event)
    assert not state.finished
    assert not state.started


def test_replay_is_the_fold(run):
    """Replaying the recorded events gives the same state."""
    assert replay(run.graph, run.events) == run.state


def test_progress(run):
    """The cell that an attempt works on is known while it runs."""
    state = apply(run.graph, run.state, events.AttemptProgressed(1, Unit("slow"), 0, 3, 9))
    last = state.tasks["slow"].last
    assert (last.cell, last.cells) == (3, 9)


def test_values_of_iterations_are_their_own(kit):
    """A task value set inside a For each belongs to the iteration, not to the task."""
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1]")], {"each": kit.Ending(values={"a": 1})}
    )
    each = run.run().tasks["each"]
    assert (dict(each.values), dict(each.iterations[0].values)) == ({}, {"a": 1})
