"""The health rule about durations: one warning each, at the threshold, and nothing stops."""

from __future__ import annotations

from nbkit.events import DurationExceeded, Unit
from nbkit.rules.repair import plan_repair

SLOW = {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 2}]}
BACKLOG = {"rules": [{"metric": "STREAMING_BACKLOG_BYTES", "op": "GREATER_THAN", "value": 0}]}


def at(kit, run):
    return [
        (event.at - kit.START, event.unit)
        for event in run.events
        if isinstance(event, DurationExceeded)
    ]


def test_a_slow_run_is_worth_one_warning_at_its_threshold(kit):
    """The warning comes when the time is reached, however long nothing else happens."""
    run = kit.Simulation([kit.notebook("a")], {"a": kit.Ending(takes=9_000)}, health=SLOW)
    assert run.run().result == "SUCCESS"
    assert at(kit, run) == [(2_000, None)]


def test_each_slow_attempt_of_a_task_is_worth_a_warning(kit):
    """The time of a task counts from the start of its attempt; a quick retry gives none."""
    slow, quick = kit.Ending("FAILED", takes=3_000), kit.Ending()
    run = kit.Simulation([kit.notebook("a", max_retries=1, health=SLOW)], {"a": [slow, quick]})
    run.run()
    assert at(kit, run) == [(2_000, Unit("a"))]


def test_a_for_each_has_a_duration_and_so_have_its_iterations(kit):
    """The rule of the outer task is about the whole, the one of the inner about each input."""
    inner = kit.notebook("one", health=SLOW)
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1, 2]", task=inner, health=SLOW)],
        {Unit("each", 1): kit.Ending(takes=4_000)},
    )
    run.run()
    assert at(kit, run) == [(2_000, Unit("each")), (2_010, Unit("each", 1))]


def test_what_is_quick_enough_gets_no_warning(kit):
    """Rules about streams mean nothing here."""
    tasks = [kit.notebook("a", health=BACKLOG), kit.notebook("b", "a", health=SLOW)]
    run = kit.Simulation(tasks, health=SLOW)
    run.run()
    assert at(kit, run) == []


def test_a_repair_counts_anew(kit):
    """The run's duration counts from the start of the repair."""
    run = kit.Simulation([kit.notebook("a")], {"a": kit.FAILED}, health=SLOW)
    run.run()
    run.script = {"a": kit.Ending(takes=5_000)}
    run.now += 60_000
    run.record(plan_repair(run.graph, run.state, run.now))
    run.run()
    assert at(kit, run) == [(60_010 + 2_000, None)]
