from __future__ import annotations

import pytest

from nbkit.errors import DefinitionError, UsageError
from nbkit.events import CancelRequested, RunFinished, Unit
from nbkit.rules.apply import apply, replay
from nbkit.rules.repair import lost_attempts, plan_repair


def repaired(run, script, **how):
    """Repair a run and drive it to its end; return what started in the repair."""
    before = len(run.starts)
    run.script = script
    run.now += 1000
    run.record(plan_repair(run.graph, run.state, run.now, **how))
    run.run()
    return [unit.task_key for unit, _ in run.starts[before:]]


@pytest.fixture
def medallion(kit):
    """`clean` fails, so `serve` does not run; `other` and the handler succeed."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load"),
            kit.notebook("serve", "clean"),
            kit.notebook("other", "load"),
            kit.notebook("alarm", "clean", run_if="AT_LEAST_ONE_FAILED"),
            kit.notebook("calm", "load", run_if="AT_LEAST_ONE_FAILED"),
        ],
        {"clean": kit.FAILED},
        parameters={"day": "1"},
    )
    run.run()
    return run


def test_only_what_failed_runs_again(kit, medallion):
    """A repair runs what failed and what did not run because of it, and nothing else."""
    assert repaired(medallion, {}) == ["clean", "serve"]
    assert medallion.state.result == "SUCCESS"
    assert medallion.results["calm"] == "EXCLUDED"
    clean = medallion.state.tasks["clean"]
    assert [each.result for each in clean.attempts] == ["FAILED", "SUCCESS"]
    assert [each.attempt for each in clean.attempts] == [0, 1]


def test_a_second_repair(kit, medallion):
    """A repair that fails is repaired in turn; the history keeps all of them."""
    assert repaired(medallion, {"serve": kit.FAILED}) == ["clean", "serve"]
    assert medallion.state.result == "FAILED"
    assert repaired(medallion, {}) == ["serve"]
    assert [each.result for each in medallion.state.episodes] == ["FAILED", "FAILED", "SUCCESS"]
    assert [each.id for each in medallion.state.repairs] == [7001, 7002]


def test_named_tasks(kit, medallion):
    """A named task runs again even if it succeeded, and so does what had not succeeded after it."""
    assert repaired(medallion, {}, tasks=["load"]) == ["load", "clean", "serve"]
    assert medallion.results["calm"] == "EXCLUDED"


def test_dependents(kit, medallion):
    """With dependents, what hangs on the task runs again even if it succeeded."""
    ran = repaired(medallion, {}, tasks=["load"], dependents=True)
    assert ran == ["load", "clean", "other", "serve"]
    assert medallion.results["alarm"] == "EXCLUDED"


def test_parameters(kit, medallion):
    """A repair may change parameters, and a later one remembers them."""
    repaired(medallion, {"serve": kit.FAILED}, parameters={"day": "2"})
    assert medallion.state.tasks["clean"].last.parameters == {"day": "2"}
    repaired(medallion, {})
    assert medallion.state.tasks["serve"].last.parameters == {"day": "2"}


def test_retries_begin_anew(kit):
    """Attempts before the repair do not use up the retries after it."""
    run = kit.Simulation([kit.notebook("load", max_retries=1)], {"load": kit.FAILED})
    run.run()
    assert len(run.state.tasks["load"].attempts) == 2
    repaired(run, {"load": kit.FAILED})
    assert len(run.state.tasks["load"].attempts) == 4


def test_iterations(kit):
    """Of a For each, only the iterations that failed run again; the others keep their end."""
    run = kit.Simulation(
        [kit.for_each("each", inputs='["a", "b", "c"]'), kit.notebook("after", "each")],
        {Unit("each", 1): kit.FAILED},
    )
    run.run()
    assert repaired(run, {}) == ["each", "after"]
    each = run.state.tasks["each"]
    assert run.state.result == "SUCCESS"
    assert [len(found.attempts) for found in each.iterations] == [1, 2, 1]
    assert each.counts.succeeded == 3


def test_iterations_over_new_inputs(kit):
    """If what comes before a For each runs again, all its iterations do."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.for_each("each", "load", inputs="{{tasks.load.values.list}}"),
        ],
        {"load": kit.Ending(values={"list": ["a", "b"]}), Unit("each", 1): kit.FAILED},
    )
    run.run()
    script = {"load": kit.Ending(values={"list": ["x", "y", "z"]})}
    assert repaired(run, script, tasks=["load"]) == ["load", "each", "each", "each"]


def test_iterations_whose_input_changed(kit):
    """An iteration keeps its success only if its input is still the same."""
    inputs = "{{job.parameters.list}}"
    run = kit.Simulation(
        [kit.for_each("each", inputs=inputs)],
        {Unit("each", 1): kit.FAILED},
        parameters={"list": '["a", "b", "c"]'},
    )
    run.run()
    before = len(run.starts)
    repaired(run, {}, parameters={"list": '["a", "b", "x"]'})
    assert [unit.iteration for unit, _ in run.starts[before:]] == [1, 2]


def test_a_cancelled_run(kit):
    """A cancelled run is taken up where it stopped."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("clean", "load"), kit.notebook("serve", "clean")],
        {"clean": kit.Ending(takes=None)},
    )
    run.run(until=20)
    run.record(CancelRequested(run.now))
    assert run.run().result == "CANCELED"
    assert repaired(run, {}) == ["clean", "serve"]
    assert run.state.result == "SUCCESS"


def test_a_lost_run(kit):
    """A run whose orchestrator was killed is taken up: what ran and what had not started."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load", max_retries=5),
            kit.notebook("serve", "clean"),
            kit.for_each("each", "load", inputs="[1, 2, 3]"),
        ],
        {"clean": kit.Ending(takes=None)},
    )
    run.run(until=25)
    run.ends.clear()
    run.state = replay(run.graph, run.events)
    for event in lost_attempts(run.state, run.now):
        run.record(event)
    assert run.state.tasks["clean"].last.failure.cause == "orchestrator_lost"
    assert run.state.tasks["clean"].code == "INTERNAL_ERROR"
    assert run.results["serve"] is None
    assert run.results["each"] == "FAILED"
    assert lost_attempts(run.state, run.now) == ()
    assert repaired(run, {}) == ["clean", "each", "serve", "each"]
    assert run.state.result == "SUCCESS"


def test_what_a_lost_run_left_undone_says_so(kit):
    """A task that never got its turn has no result, so a repair runs it, and a reason."""
    run = kit.Simulation([kit.notebook("load"), kit.notebook("clean", "load")])
    run.step()
    for event in lost_attempts(run.state, run.now):
        run.record(event)
    run.record(RunFinished(run.now, "FAILED", "INTERNAL_ERROR", "lost"))
    clean = run.state.tasks["clean"]
    assert (clean.result, clean.reason) == (None, "The run ended before this task started.")
    assert plan_repair(run.graph, run.state, run.now).rerun == ("load", "clean")


def test_a_run_with_only(kit):
    """Tasks that were not selected stay out of a repair, unless they are named."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("clean", "load"), kit.notebook("serve", "clean")],
        {"load": kit.FAILED},
        only=("load",),
    )
    run.run()
    assert repaired(run, {}) == ["load"]
    assert repaired(run, {}, tasks=["clean"]) == ["clean"]


def test_the_job_changed_meanwhile(kit, medallion):
    """A repair uses the job as it is now: new tasks run, tasks that are gone are forgotten."""
    graph = kit.graph_of(
        [kit.notebook("load"), kit.notebook("clean", "load"), kit.notebook("new", "clean")]
    )
    medallion.graph = graph
    medallion.state = replay(graph, medallion.events)
    assert repaired(medallion, {}) == ["clean", "new"]
    assert set(medallion.state.tasks) == {"load", "clean", "new"}


def test_nothing_to_repair(kit):
    """A run in which nothing failed has nothing to repair."""
    run = kit.Simulation([kit.notebook("load")])
    run.run()
    with pytest.raises(UsageError, match="nothing to repair"):
        plan_repair(run.graph, run.state, run.now)


def test_a_run_that_is_still_going(kit):
    """A run with attempts in progress cannot be repaired."""
    run = kit.Simulation([kit.notebook("load")])
    run.run(until=5)
    with pytest.raises(UsageError, match="still going"):
        plan_repair(run.graph, run.state, run.now)


def test_an_unknown_task(kit, medallion):
    """A wrong task key is named with the nearest right one."""
    with pytest.raises(DefinitionError, match="no task 'laod'; nearest: load"):
        plan_repair(medallion.graph, medallion.state, 0, tasks=["laod"])


def test_repairing_is_one_event(kit, medallion):
    """Between the end and the repair nothing but `RunRepaired` changes the state."""
    event = plan_repair(medallion.graph, medallion.state, medallion.now)
    state = apply(medallion.graph, medallion.state, event)
    assert not state.finished
    assert state.unfinished == 2
