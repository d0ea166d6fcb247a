"""Ids of task runs: promised before anything runs, and never another's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.test_properties import SOON, drive, jobs, scripts, simulation

from nbkit.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    RunCreated,
    RunHeldUp,
    RunPlanned,
    RunStarted,
    Unit,
)
from nbkit.rules.apply import replay
from nbkit.rules.record import record
from nbkit.rules.repair import lost_attempts, plan_repair
from nbkit.rules.task_runs import not_numbered, numbered, run_of


def ids(graph, state):
    return {task["task_key"]: task["run_id"] for task in record(graph, state)["tasks"]}


def first_ids(graph, state):
    """Return the id of the first attempt of each task, or the one without which it ended."""
    return {
        task["task_key"]: (task["attempts"] or [task])[0]["run_id"]
        for task in record(graph, state)["tasks"]
    }


@given(jobs(), scripts(), st.integers(1, 4), st.booleans(), st.integers(0, 40))
@SOON
def test_a_task_runs_under_the_id_that_it_was_promised(  # noqa: PLR0917 hypothesis passes by place
    kit, tasks, script, parallel, cancel, steps
):
    """Whatever becomes of it: run, retried, skipped, cancelled. No id is given twice."""
    run = simulation(kit, tasks, script, parallel=parallel)
    promised = ids(run.graph, run.state)
    assert sorted(promised.values()) == [7_000_000 + n for n in range(1, len(tasks) + 1)]
    for _ in range(steps):
        if not run.state.finished:
            run.step()
    if cancel:
        run.record(CancelRequested(run.now))
    drive(run)
    assert first_ids(run.graph, run.state) == promised
    assert_each_id_once(run)


@given(jobs(), scripts(), scripts(), st.integers(0, 40), st.booleans())
@SOON
def test_a_repair_promises_anew_what_ran_and_keeps_what_never_did(  # noqa: PLR0917 as above
    kit, tasks, script, second, steps, older
):
    """So that a client that waits for a task of a lost run still finds it. Also in old records."""
    run = simulation(kit, tasks, script, promised=not older)
    for _ in range(steps):
        if not run.state.finished:
            run.step()
    run.ends.clear()
    for event in lost_attempts(run.state, run.now):
        run.record(event)
    before = run.state
    if all(task.result in {"SUCCESS", "EXCLUDED", "DISABLED"} for task in before.tasks.values()):
        return
    run.script = simulation(kit, tasks, second).script
    run.record(plan_repair(run.graph, before, run.now + 1))
    promised = ids(run.graph, run.state)
    again = set(run.events[-1].rerun)
    for key, task in before.tasks.items():
        if key not in again or (task.life != "TERMINATED" and task.promised):
            assert promised[key] == task.task_run_id
        else:
            assert promised[key] >= before.next_task_run_id
    drive(run)
    for key in again:
        task = run.state.tasks[key]
        assert promised[key] in {task.task_run_id, *(each.task_run_id for each in task.attempts)}
    assert_each_id_once(run)
    history = record(run.graph, run.state)["repair_history"]
    assert set(history[1]["task_run_ids"]) >= {run.state.tasks[key].task_run_id for key in again}


def assert_each_id_once(run):
    used = Counter()
    for task in run.state.tasks.values():
        for unit in (task, *task.iterations):
            used.update({each.task_run_id for each in unit.attempts} | {unit.task_run_id})
    del used[0]
    assert max(used.values(), default=1) == 1
    assert {run_of(id_) for id_ in used} <= {7}


@pytest.mark.parametrize("begun", [RunCreated, RunPlanned])
def test_a_client_that_asks_before_the_start_knows_them(kit, begun):
    """From the first moment that the run is on record, through a wait in the queue, to its end."""
    graph = kit.graph_of([kit.notebook("a"), kit.notebook("b", "a")])
    events = [begun(1, 7, 9, "job", creator="ada", task_runs=numbered(graph.keys))]
    asked = replay(graph, events)
    document = record(graph, asked)
    assert ids(graph, asked) == {"a": 7_000_001, "b": 7_000_002}
    assert (document["run_id"], document["creator_user_name"]) == (7, "ada")
    assert document["status"] == {"state": "PENDING"}
    events.append(RunHeldUp(2, 7, 9, "job", "too many"))
    assert ids(graph, replay(graph, events)) == ids(graph, asked)
    events.append(RunStarted(3, 7, 9, "job", task_runs=not_numbered(graph, asked)))
    state = replay(graph, events)
    assert ids(graph, state) == ids(graph, asked)
    assert state.next_task_run_id == 7_000_003


def test_an_edit_moves_no_id(kit):
    """What is new in the job gets the next ids; what it lost keeps its own for ever."""
    before = kit.graph_of([kit.notebook("gone"), kit.notebook("b")])
    after = kit.graph_of([kit.notebook("new"), kit.notebook("b")])
    planned = RunPlanned(1, 7, 9, "job", task_runs=numbered(before.keys))
    state = replay(after, [planned])
    started = RunStarted(2, 7, 9, "job", task_runs=not_numbered(after, state))
    assert ids(after, replay(after, [planned, started])) == {"new": 7_000_003, "b": 7_000_002}
    ran = [
        replace(planned, task_runs=numbered(["b"])),
        replace(started, task_runs={}),
        AttemptStarted(3, Unit("gone"), 0, 7_000_002, {}),
        AttemptFinished(4, Unit("gone"), 0, "FAILED"),
    ]
    assert replay(after, ran).next_task_run_id == 7_000_003


def test_the_page_of_a_run(kit):
    """Of whoever started it, else the one that is known where the record is read."""
    graph = kit.graph_of([kit.notebook("a")])
    served = replay(graph, [RunCreated(1, 7, 9, "job", pages="http://127.0.0.1:1/runs/")])
    plain = replay(graph, [RunCreated(1, 7, 9, "job")])
    for state, page in ((served, "http://127.0.0.1:1/runs/7"), (plain, "file:///p/7/report.html")):
        document = record(graph, state, "file:///p/7/report.html")
        assert document["run_page_url"] == document["tasks"][0]["run_page_url"] == page
