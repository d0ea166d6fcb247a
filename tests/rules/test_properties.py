"""Rules that hold for every job: over random small graphs, endings and interruptions."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbkit.events import CancelRequested, DurationExceeded, RunRepaired
from nbkit.rules.apply import replay
from nbkit.rules.record import record
from nbkit.rules.repair import lost_attempts, plan_repair
from nbkit.rules.run_if import verdict

RULES = (
    "ALL_SUCCESS",
    "ALL_DONE",
    "NONE_FAILED",
    "AT_LEAST_ONE_SUCCESS",
    "ALL_FAILED",
    "AT_LEAST_ONE_FAILED",
)
ENDINGS = ("SUCCESS", "SUCCESS", "FAILED", "TIMEDOUT", "CANCELED")
SLOW = {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 1}]}
SOON = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def jobs(draw):
    """Tasks that depend on earlier ones, of all the kinds that the rules know themselves."""
    tasks = []
    for place in range(draw(st.integers(1, 7))):
        key = f"t{place}"
        chosen = draw(st.sets(st.sampled_from(range(place)), max_size=3)) if place else set()
        depends_on = []
        for other in sorted(chosen):
            edge = {"task_key": f"t{other}"}
            outcome = draw(st.sampled_from([None, "true", "false"]))
            if outcome and "condition_task" in tasks[other]:
                edge["outcome"] = outcome
            depends_on.append(edge)
        task = {
            "task_key": key,
            "depends_on": depends_on,
            "run_if": draw(st.sampled_from(RULES)),
            "disabled": draw(st.integers(0, 9)) == 0,
            "timeout_seconds": draw(st.sampled_from([0, 0, 1])),
        }
        one = {
            "task_key": f"{key}_one",
            "notebook_task": {"notebook_path": "one.ipynb"},
            "max_retries": draw(st.integers(0, 2)),
            "min_retry_interval_millis": draw(st.sampled_from([0, 50])),
            "retry_on_timeout": draw(st.booleans()),
            "health": draw(st.sampled_from([None, SLOW])),
        }
        kind = draw(st.sampled_from(["notebook", "notebook", "condition", "for_each"]))
        if kind == "condition":
            right = draw(st.sampled_from(["1", "2", "x"]))
            task["condition_task"] = {"left": "1", "op": "LESS_THAN", "right": right}
        elif kind == "for_each":
            inputs = draw(st.sampled_from(["[]", "[1]", "[1, 2, 3]", "no list"]))
            concurrency = draw(st.integers(1, 3))
            task["for_each_task"] = {"inputs": inputs, "task": one, "concurrency": concurrency}
        else:
            task |= {name: value for name, value in one.items() if name != "task_key"}
        tasks.append(task)
    return tasks


@st.composite
def scripts(draw):
    """How the attempts of each task end, one after the other."""
    takes = st.sampled_from([0, 10, 10, 30, 2000])
    ending = st.tuples(st.sampled_from(ENDINGS), takes)
    return {f"t{place}": draw(st.lists(ending, min_size=1, max_size=3)) for place in range(7)}


def simulation(kit, tasks, script, **how):
    endings = {
        key: [kit.Ending(result, takes=takes) for result, takes in each]
        for key, each in script.items()
    }
    return kit.Simulation(tasks, endings, **how)


def drive(run, most=2000):
    for _ in range(most):
        if run.state.finished:
            return
        run.step()
    raise AssertionError("the run does not end")


@given(jobs(), scripts(), st.integers(1, 4), st.sampled_from([0, 0, 1]))
@SOON
def test_every_run_ends(kit, tasks, script, parallel, timeout):
    """Whatever its tasks and however they end, a run ends, with every task over."""
    run = simulation(kit, tasks, script, parallel=parallel, timeout_seconds=timeout)
    drive(run)
    assert all(task.life == "TERMINATED" for task in run.state.tasks.values())
    assert run.most_running <= parallel
    assert not run.state.running
    assert not run.state.queue
    assert record(run.graph, run.state)["end_time"] == run.now
    ids = [
        attempt.task_run_id
        for task in run.state.tasks.values()
        for unit in (task, *task.iterations)
        for attempt in unit.attempts
    ]
    assert len(ids) == len(set(ids))


@given(jobs(), scripts(), st.integers(1, 4))
@SOON
def test_no_task_starts_before_its_rule_is_met(kit, tasks, script, parallel):
    """When a task moves, its parents are over and its rule says that it runs, or skips it so."""
    run = simulation(kit, tasks, script, parallel=parallel)
    while not run.state.finished:
        before = run.state
        run.step()
        for key in run.graph.keys:
            if before.tasks[key].life == "BLOCKED" and run.state.tasks[key].life != "BLOCKED":
                parents = [run.state.tasks[parent.task_key] for parent in run.graph.parents(key)]
                assert all(parent.life == "TERMINATED" for parent in parents)
    for key in run.graph.keys:
        task = run.state.tasks[key]
        found = verdict(run.graph, run.state, key)
        assert found.runs == bool(task.attempts)
        if not found.runs:
            assert (task.result, task.reason) == (found.result, found.reason)


@given(jobs(), scripts(), st.integers(1, 4), st.data())
@SOON
def test_any_prefix_goes_on_to_the_same_end(kit, tasks, script, parallel, data):
    """Taken up by replay after any event, with its attempts still running, a run ends the same."""
    whole = simulation(kit, tasks, script, parallel=parallel)
    drive(whole)
    assert replay(whole.graph, whole.events) == whole.state
    run = simulation(kit, tasks, script, parallel=parallel)
    run.events = whole.events[: data.draw(st.integers(1, len(whole.events)))]
    run.state = replay(run.graph, run.events)
    run.now = run.events[-1].at
    running = sorted(run.state.running, key=lambda unit: run.state.unit(unit).task_run_id)
    for unit in running:
        attempt = run.state.unit(unit).last
        run.start(unit)
        at, ending = run.ends[unit]
        run.ends[unit] = (at - run.now + attempt.started_at, ending)
        if attempt.stopping:
            run.stop(unit, attempt.stopping)
    drive(run)
    assert run.results == whole.results
    assert run.state.result == whole.state.result
    assert run.state.message == whole.state.message


@given(jobs(), scripts(), scripts(), st.booleans(), st.integers(0, 40))
@SOON
def test_a_repair_never_reruns_a_success(  # noqa: PLR0917 hypothesis passes them by place
    kit, tasks, script, second, cancel, steps
):
    """After a failure, a cancel or a crash, a repair leaves what succeeded as it was."""
    run = simulation(kit, tasks, script)
    for _ in range(steps):
        if not run.state.finished:
            run.step()
    if cancel:
        run.record(CancelRequested(run.now))
        drive(run)
    elif not run.state.finished:
        run.ends.clear()
        for event in lost_attempts(run.state, run.now):
            run.record(event)
    kept = {key: task for key, task in run.state.tasks.items() if task.result == "SUCCESS"}
    if all(task.result in {"SUCCESS", "EXCLUDED", "DISABLED"} for task in run.state.tasks.values()):
        return
    run.script = simulation(kit, tasks, second).script
    run.now += 1000
    event = plan_repair(run.graph, run.state, run.now)
    assert isinstance(event, RunRepaired)
    assert not kept.keys() & set(event.rerun)
    run.record(event)
    drive(run)
    assert {key: run.state.tasks[key] for key in kept} == kept
    assert all(task.life == "TERMINATED" for task in run.state.tasks.values())


@given(jobs(), scripts(), st.integers(0, 40), st.sampled_from(["user", "timeout"]))
@SOON
def test_nothing_starts_after_a_cancel(kit, tasks, script, steps, by):
    """Once a run is cancelled no attempt starts, and it ends as cancelled or timed out."""
    run = simulation(kit, tasks, script, parallel=2, timeout_seconds=60)
    for _ in range(steps):
        if not run.state.finished:
            run.step()
    over = run.state.finished
    before = len(run.starts)
    run.record(CancelRequested(run.now, by))
    drive(run)
    assert len(run.starts) == before
    if not over:
        assert run.state.result == ("CANCELED" if by == "user" else "TIMEDOUT")


@given(jobs(), scripts(), st.integers(1, 4))
@SOON
def test_no_attempt_is_warned_of_twice(kit, tasks, script, parallel):
    """A health rule tells once of an attempt that lasts, and never of one that does not."""
    run = simulation(kit, tasks, script, parallel=parallel, health=SLOW)
    drive(run)
    warned = Counter(event.unit for event in run.events if isinstance(event, DurationExceeded))
    assert warned[None] == (run.now - kit.START > 1000) or run.now - kit.START == 1000
    for unit, times in warned.items():
        if unit is not None:
            assert times <= sum(
                attempt.finished_at - attempt.started_at >= 1000
                for attempt in run.state.unit(unit).attempts
            )
