"""The loop records before it acts, waits for what is due, and always comes to an end."""

from __future__ import annotations

import json

import pytest

from nbkit.errors import SetupError, StuckError
from nbkit.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    RunFinished,
    RunStarted,
    Unit,
)
from nbkit.graph.load import parse_job
from nbkit.rules.apply import apply, replay
from nbkit.rules.decide import Decision
from nbkit.rules.state import RunState
from nbkit.scheduler import loop
from nbkit.scheduler.cancel import CancelWatch
from nbkit.testing import FAILS, HANGS, FakeClock, Scripted, ScriptedTasks


def notebook(key, *parents, **more):
    depends_on = [{"task_key": parent} for parent in parents]
    return {
        "task_key": key,
        "notebook_task": {"notebook_path": f"{key}.ipynb"},
        "depends_on": depends_on,
        **more,
    }


def condition(key, *parents):
    task = notebook(key, *parents)
    del task["notebook_task"]
    return {**task, "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}


class Drive:
    """One job with its fakes; the log is what was put on record."""

    def __init__(self, *tasks, script=None, watch=None, parallel=4, **settings):
        text = json.dumps({"name": "job", "tasks": tasks, **settings})
        self.graph = parse_job(text).graph
        self.clock = FakeClock(1000)
        self.tasks = ScriptedTasks(self.clock, script)
        self.watch = watch or CancelWatch()
        self.log = []
        self.state = RunState.fresh(self.graph)
        self.first = [RunStarted(1000, 1, 77, "job", parallel=parallel)]

    def __call__(self, **more):
        arguments = {"first": self.first, "record": self.log.extend, **more}
        self.state = loop.drive(
            self.graph,
            self.state,
            self.tasks,
            clock=self.clock,
            watch=self.watch,
            **arguments,
        )
        return self.state

    @property
    def results(self):
        return {key: task.result for key, task in self.state.tasks.items()}

    @property
    def order(self):
        return [command.unit.task_key for command in self.tasks.submitted]


def test_tasks_run_after_their_parents():
    """A diamond runs its sides at once, and ends as a success."""
    drive = Drive(notebook("a"), notebook("b", "a"), notebook("c", "a"), notebook("d", "b", "c"))

    assert drive().result == "SUCCESS"
    assert drive.order == ["a", "b", "c", "d"]
    assert drive.tasks.most == 2


def test_the_log_alone_gives_the_last_state():
    """The state is the fold of what was recorded."""
    drive = Drive(
        notebook("a", max_retries=1), notebook("b", "a"), script={"a": [FAILS, Scripted()]}
    )

    assert drive() == replay(drive.graph, drive.log)
    assert isinstance(drive.log[-1], RunFinished)


def test_a_run_goes_on_from_every_prefix_of_its_log():
    """A crash anywhere, then taking the run up again, ends every task once."""
    tasks = (notebook("a"), condition("b", "a"), notebook("c", "b"), notebook("d", "c"))
    whole = Drive(*tasks)
    whole()

    for length in range(1, len(whole.log)):
        again = Drive(*tasks)
        again.log = whole.log[:length]
        again.state = replay(again.graph, again.log)
        lost = bool(again.state.running)
        again.first = []

        assert again().finished
        assert replay(again.graph, again.log) == again.state
        assert again.state.result == ("FAILED" if lost else "SUCCESS")
        done = {event.unit for event in whole.log[:length] if isinstance(event, AttemptFinished)}
        assert not done & {command.unit for command in again.tasks.submitted}


def test_what_ran_in_a_dead_process_is_lost():
    """The attempt ends as a failure that says so, before anything else happens."""
    drive = Drive(notebook("a"))
    started = AttemptStarted(1000, Unit("a"), 0, 1_000_001, {})
    drive.state = replay(drive.graph, [*drive.first, started])
    drive.first = []
    drive()

    assert drive.log[0].failure.cause == "orchestrator_lost"
    assert drive.results == {"a": "FAILED"}


def test_nothing_starts_before_it_is_on_record():
    """When the ledger fails, the attempt that it did not keep never began."""
    drive = Drive(notebook("a"))

    def record(events):
        if any(isinstance(event, AttemptStarted) for event in events):
            raise SetupError("the disk is full")

    with pytest.raises(SetupError, match="full"):
        drive(record=record)

    assert not drive.tasks.submitted


def test_a_retry_waits_for_its_time():
    """The loop comes back when the retry is due, although nothing happens."""
    drive = Drive(
        notebook("a", max_retries=2, min_retry_interval_millis=60_000),
        script={"a": [FAILS, FAILS, Scripted()]},
    )

    assert drive().result == "SUCCESS"
    starts = [event.at for event in drive.log if isinstance(event, AttemptStarted)]
    assert starts == [1000, 61_000, 121_000]


def test_a_task_that_takes_too_long_is_stopped():
    """The timeout is a wake-up like any other."""
    drive = Drive(notebook("a", timeout_seconds=5), script={"a": [HANGS]})
    drive()

    assert drive.results == {"a": "TIMEDOUT"}
    assert drive.clock.now() == 6001


def test_no_more_run_at_once_than_allowed():
    """For each is bounded twice: by its own concurrency and by the run's slots."""
    each = {
        "task_key": "each",
        "for_each_task": {
            "inputs": json.dumps(list(range(30))),
            "concurrency": 10,
            "task": notebook("one"),
        },
    }
    drive = Drive(each, parallel=3)

    assert drive().result == "SUCCESS"
    assert len(drive.tasks.submitted) == 30
    assert drive.tasks.most == 3


def test_task_values_reach_who_starts_later():
    """Values are on record before the task that set them is over."""
    seen = []
    drive = Drive(notebook("a"), notebook("b", "a"), script={"a": [Scripted(values={"n": 7})]})
    submit = drive.tasks.submit
    drive.tasks.submit = lambda command, state: (
        seen.append(state.task_values()),
        submit(command, state),
    )
    drive()

    assert seen == [{}, {"a": {"n": 7}}]


def test_a_request_from_outside_cancels_the_run():
    """`nbkit cancel` is noticed within half a second while nothing else happens."""
    drive = Drive(notebook("a"), notebook("b", "a"), script={"a": [HANGS]})
    drive.watch = CancelWatch(lambda: drive.clock.now() >= 1800)
    drive()

    (asked,) = [event for event in drive.log if isinstance(event, CancelRequested)]
    assert asked.at == 2000
    assert drive.state.result == "CANCELED"


def test_after_the_request_the_loop_only_waits():
    """It does not spin until the last task has stopped."""
    stubborn = Scripted(milliseconds=None, milliseconds_to_stop=60_000)
    drive = Drive(notebook("a"), script={"a": [stubborn]})
    drive.watch = CancelWatch(lambda: drive.clock.now() >= 1500)
    waits, wait = [], drive.tasks.wait
    drive.tasks.wait = lambda until: (waits.append(until), wait(until))[1]
    drive()

    assert waits == [1500, None]
    assert drive.state.result == "CANCELED"


def test_the_second_ctrl_c_kills():
    """What does not stop is not waited for."""
    stubborn = Scripted(milliseconds=None, milliseconds_to_stop=3_600_000)
    drive = Drive(notebook("a"), script={"a": [stubborn]})
    wait = drive.tasks.wait

    def impatient(until):
        if drive.watch.kill_wanted():
            return wait(until)
        drive.watch.cancel()
        return []

    drive.tasks.wait = impatient
    drive()

    assert drive.state.result == "CANCELED"
    assert drive.clock.now() < 3_600_000


def test_observers_hear_every_event_after_it_was_recorded():
    """They get the state with the event in it, and a broken one hurts nobody."""
    drive, heard = Drive(notebook("a"), notebook("b", "a")), []

    def broken(event, state):
        raise ValueError(event)

    def listener(event, state):
        heard.append(event)
        assert event in drive.log
        assert replay(drive.graph, heard) == state

    drive(observers=[broken, listener])

    assert heard == drive.log
    assert drive.state.result == "SUCCESS"


def test_a_run_with_nothing_to_wait_for_is_a_bug_and_says_so(monkeypatch):
    """Rules that forget a task end the loop, they do not hang it."""
    monkeypatch.setattr(loop, "decide", lambda graph, state, now: Decision((), None))

    with pytest.raises(StuckError, match="Run 1"):
        Drive(notebook("a"))()


def test_long_chains_are_driven():
    """500 conditions in a chain are one decision each."""
    keys = [f"c{number}" for number in range(500)]
    chain = [condition(key, *keys[max(0, place - 1) : place]) for place, key in enumerate(keys)]
    drive = Drive(*chain)

    assert drive().result == "SUCCESS"
    assert len(drive.log) == 502


def test_a_finished_run_is_left_alone():
    """Driving it again records nothing."""
    drive = Drive(notebook("a"))
    drive()
    before = list(drive.log)
    drive.first = []
    drive()

    assert drive.log == before
    assert apply(drive.graph, drive.state, before[-1]) == drive.state
