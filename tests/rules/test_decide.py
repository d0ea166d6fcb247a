from __future__ import annotations

import json

import pytest

from nbkit.events import CancelRequested, Unit
from nbkit.rules.decide import decide
from nbkit.rules.state import RunState


def test_before_the_start_nothing_is_decided(kit):
    """Without a `RunStarted` there is nothing to do, and no time at which there would be."""
    graph = kit.graph_of([kit.notebook("load")])
    decision = decide(graph, RunState.fresh(graph), 0)
    assert (decision.commands, decision.wake) == ((), None)


def test_after_the_end_nothing_is_decided(kit):
    """A finished run stays finished."""
    run = kit.Simulation([kit.notebook("load")])
    run.run()
    assert decide(run.graph, run.state, run.now + 1).commands == ()


def test_an_empty_job_ends_at_once(kit):
    """A job without tasks succeeds."""
    assert kit.Simulation([]).run().result == "SUCCESS"


def test_order_is_by_definition(kit):
    """Tasks that could start together start in the order in which the job lists them."""
    run = kit.Simulation([kit.notebook(key) for key in "badc"], parallel=2)
    run.run()
    assert run.ran == ["b", "a", "d", "c"]
    assert run.most_running == 2


def test_a_diamond(kit):
    """A task starts when all its parents are over, not before."""
    run = kit.Simulation(
        [
            kit.notebook("a"),
            kit.notebook("b", "a"),
            kit.notebook("c", "a"),
            kit.notebook("d", "b", "c"),
        ],
        {"b": kit.Ending(takes=50)},
    )
    assert run.run().result == "SUCCESS"
    assert [(unit.task_key, at) for unit, at in run.starts] == [
        ("a", 0),
        ("b", 10),
        ("c", 10),
        ("d", 60),
    ]


def test_ids_count_attempts(kit):
    """Every attempt, evaluation and skipped task has an id of its own, counted from the run's."""
    run = kit.Simulation(
        [kit.condition("gate"), kit.notebook("no", "gate=false"), kit.notebook("yes", "gate=true")]
    )
    tasks = run.run().tasks
    assert [tasks[key].task_run_id for key in ("gate", "no", "yes")] == [
        7_000_001,
        7_000_002,
        7_000_003,
    ]


def test_both_outcomes_of_one_gate(kit):
    """A task may hang on a gate's `true` and, through another gate, on its `false`."""
    run = kit.Simulation(
        [
            kit.condition("gate", right="2"),
            kit.condition("other", "gate=false"),
            kit.notebook("serve", "gate=true", "other=true", run_if="AT_LEAST_ONE_SUCCESS"),
        ]
    )
    assert run.run().result == "SUCCESS"
    assert run.results["serve"] == "SUCCESS"


# Timeouts


@pytest.mark.parametrize(("on_timeout", "attempts"), [(False, 1), (True, 2)])
def test_task_timeout(kit, on_timeout, attempts):
    """An attempt over its time is stopped; a retry of it has its own time."""
    run = kit.Simulation(
        [kit.notebook("load", timeout_seconds=2, max_retries=1, retry_on_timeout=on_timeout)],
        {"load": kit.Ending(takes=None)},
    )
    state = run.run()
    load = state.tasks["load"]
    assert (state.result, load.result, load.code) == ("FAILED", "TIMEDOUT", "CANCELED")
    assert [each.stopping for each in load.attempts] == ["task_timeout"] * attempts
    assert load.attempts[0].finished_at - kit.START == 2005


def test_run_timeout(kit):
    """A run over its time is cancelled: running attempts stop, the rest does not start."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("clean", "load"), kit.notebook("other", "clean")],
        {"clean": kit.Ending(takes=None)},
        timeout_seconds=1,
    )
    state = run.run()
    assert (state.result, state.code) == ("TIMEDOUT", "CANCELED")
    assert state.message == "The run took more than 1 s."
    assert run.results == {"load": "SUCCESS", "clean": "TIMEDOUT", "other": "UPSTREAM_FAILED"}
    assert state.tasks["clean"].last.stopping == "run_timeout"


def test_a_success_that_comes_while_stopping_counts(kit):
    """An attempt that ends well although it was asked to stop has ended well."""
    run = kit.Simulation([kit.notebook("load")], {"load": kit.Ending(takes=None)})
    run.run(until=5)
    run.record(CancelRequested(run.now))
    run.step()
    run.ends[Unit("load")] = (run.now, kit.Ending())
    state = run.run()
    assert (state.result, state.tasks["load"].result) == ("CANCELED", "SUCCESS")


# Cancel


def test_cancel(kit):
    """A cancelled run stops what runs and starts nothing more, also no failure handlers."""
    run = kit.Simulation(
        [
            kit.notebook("done"),
            kit.notebook("running", "done"),
            kit.notebook("queued", "done"),
            kit.notebook("child", "running"),
            kit.notebook("free", "done", "queued"),
            kit.notebook("tidy", "running", run_if="ALL_DONE"),
            kit.condition("gate", "child"),
            kit.notebook("waiting", max_retries=1, min_retry_interval_millis=60_000),
        ],
        {"running": kit.Ending(takes=None), "waiting": kit.FAILED},
        parallel=1,
    )
    run.run(until=30)
    assert run.state.tasks["waiting"].life == "WAITING_FOR_RETRY"
    run.record(CancelRequested(run.now))
    state = run.run()
    assert (state.result, state.code) == ("CANCELED", "USER_CANCELED")
    assert run.results == {
        "done": "SUCCESS",
        "running": "CANCELED",
        "queued": "CANCELED",
        "child": "UPSTREAM_CANCELED",
        "free": "UPSTREAM_CANCELED",
        "tidy": "UPSTREAM_CANCELED",
        "gate": "UPSTREAM_CANCELED",
        "waiting": "CANCELED",
    }
    assert run.ran == ["done", "waiting", "running"]
    assert state.tasks["tidy"].reason == "The run was cancelled before this task started."


def test_cancel_twice(kit):
    """The first request counts."""
    run = kit.Simulation([kit.notebook("load")], {"load": kit.Ending(takes=None)})
    run.run(until=5)
    run.record(CancelRequested(run.now, by="user"))
    run.record(CancelRequested(run.now, by="timeout"))
    assert run.run().result == "CANCELED"


# Only


def test_only(kit):
    """Tasks that are not selected do not run, and those that are do not wait for them."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load"),
            kit.notebook("serve", "clean"),
            kit.condition("gate", "load"),
            kit.notebook("more", "gate=false", "clean"),
        ],
        only=("clean", "more"),
    )
    assert run.run().result == "SUCCESS"
    assert run.ran == ["clean", "more"]
    assert run.results["load"] == run.results["serve"] == run.results["gate"] == "DISABLED"
    assert run.state.tasks["load"].reason == "It was not selected for this run."


# For each


@pytest.mark.parametrize(("concurrency", "parallel", "most"), [(1, 4, 1), (3, 8, 3), (3, 2, 2)])
def test_for_each_concurrency(kit, concurrency, parallel, most):
    """Iterations run in order, as many at once as both the task and the run allow."""
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1, 2, 3, 4, 5]", concurrency=concurrency)],
        parallel=parallel,
    )
    each = run.run().tasks["each"]
    assert each.result == "SUCCESS"
    assert [unit.iteration for unit, _ in run.starts] == [0, 1, 2, 3, 4]
    assert run.most_running == most
    assert (each.counts.succeeded, each.counts.failed, each.counts.active) == (5, 0, 0)


def test_for_each_goes_on_after_a_failure(kit):
    """A failed iteration fails the task once the others are over."""
    run = kit.Simulation(
        [kit.for_each("each", inputs='["a", "b", "c"]'), kit.notebook("after", "each")],
        {Unit("each", 1): kit.FAILED},
    )
    each = run.run().tasks["each"]
    assert each.message == "1 of 3 iterations failed; the first was iteration 1 (b): boom"
    assert [found.result for found in each.iterations] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert run.results == {"each": "FAILED", "after": "UPSTREAM_FAILED"}


def test_for_each_over_nothing(kit):
    """Without inputs a For each succeeds at once."""
    run = kit.Simulation([kit.for_each("each", inputs="[]")])
    assert run.run().result == "SUCCESS"
    assert run.starts == []


@pytest.mark.parametrize(
    "inputs", ["not JSON", '{"a": 1}', "3", "{{tasks.load.values.missing}}", "{{job.nothing}}"]
)
def test_for_each_needs_a_list(kit, inputs):
    """Inputs that are no JSON array fail the task."""
    run = kit.Simulation([kit.notebook("load"), kit.for_each("each", "load", inputs=inputs)])
    each = run.run().tasks["each"]
    assert (each.result, each.last.failure.cause) == ("FAILED", "invalid_reference")


@pytest.mark.parametrize("value", [[1, {"a": 2}], '[1, {"a": 2}]'])
def test_for_each_over_a_task_value(kit, value):
    """Inputs may be a task value: a list, or the JSON text of one; its types are kept."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.for_each("each", "load", inputs="{{tasks.load.values.list}}"),
        ],
        {"load": kit.Ending(values={"list": value})},
    )
    each = run.run().tasks["each"]
    assert [found.input for found in each.iterations] == [1, {"a": 2}]


def test_iterations_are_retried_by_the_inner_policy(kit):
    """The task inside a For each says how its iterations are retried."""
    one = kit.notebook("one", max_retries=1, min_retry_interval_millis=100)
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1, 2]", task=one, concurrency=2)],
        {Unit("each", 0): [kit.FAILED, kit.Ending()]},
    )
    each = run.run().tasks["each"]
    assert each.result == "SUCCESS"
    assert [len(found.attempts) for found in each.iterations] == [2, 1]


def test_for_each_timeout(kit):
    """A For each over its time stops its iterations and starts no more."""
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1, 2, 3]", concurrency=2, timeout_seconds=1)],
        {"each": kit.Ending(takes=None)},
        parallel=1,
    )
    each = run.run().tasks["each"]
    assert (each.result, each.message) == ("TIMEDOUT", "It took more than 1 s.")
    assert [found.result for found in each.iterations] == ["TIMEDOUT", "CANCELED", "CANCELED"]
    assert len(run.starts) == 1


def test_for_each_cancelled(kit):
    """With the run, a For each and all its iterations are cancelled."""
    run = kit.Simulation(
        [kit.for_each("each", inputs=json.dumps(list(range(5))), concurrency=2)],
        {"each": [kit.Ending(), kit.Ending(takes=None)], Unit("each", 2): kit.Ending(takes=None)},
    )
    run.run(until=15)
    run.record(CancelRequested(run.now))
    state = run.run()
    assert (state.result, run.results["each"]) == ("CANCELED", "CANCELED")
    assert [found.result for found in state.tasks["each"].iterations] == [
        "SUCCESS",
        "SUCCESS",
        "CANCELED",
        "CANCELED",
        "CANCELED",
    ]


def test_thousands_of_iterations(kit):
    """Five thousand iterations are no trouble."""
    run = kit.Simulation(
        [kit.for_each("each", inputs=json.dumps(list(range(5000))), concurrency=100)], parallel=8
    )
    assert run.run().tasks["each"].counts.succeeded == 5000


def test_a_long_chain(kit):
    """Five hundred conditions in a chain are no trouble."""
    run = kit.Simulation(
        [kit.condition("t0")]
        + [kit.condition(f"t{place}", f"t{place - 1}=true") for place in range(1, 500)]
    )
    assert run.run().result == "SUCCESS"
    assert len(run.events) == 502


@pytest.mark.parametrize(("size", "result"), [(48 * 1024, "SUCCESS"), (48 * 1024 + 1, "FAILED")])
def test_referenced_inputs_have_a_limit(kit, size, result):
    """48 KiB as JSON, as Databricks has it; the failure says what to do instead."""
    inputs = json.dumps(["x" * (size - 4)])
    run = kit.Simulation(
        [kit.for_each("each", inputs="{{job.parameters.list}}")], parameters={"list": inputs}
    )
    each = run.run().tasks["each"]
    assert each.result == result
    assert result == "SUCCESS" or "49,153 bytes" in each.message


def test_iterations_that_never_start_say_why(kit):
    """A For each whose time is up names itself as the reason."""
    run = kit.Simulation(
        [kit.for_each("each", inputs="[1, 2]", timeout_seconds=1)],
        {"each": kit.Ending(takes=None)},
    )
    never = run.run().tasks["each"].iterations[1]
    assert never.message == "It never started: it took more than 1 s."
