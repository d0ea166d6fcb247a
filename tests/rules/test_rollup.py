from __future__ import annotations

import pytest

CHAIN = ("load", "clean", "serve")


@pytest.mark.parametrize(
    ("failing", "rules", "result"),
    [
        ((), {}, "SUCCESS"),
        (("serve",), {}, "FAILED"),
        (("load",), {}, "FAILED"),
        (("load",), {"clean": "ALL_DONE"}, "SUCCESS_WITH_FAILURES"),
        (("load",), {"clean": "ALL_FAILED"}, "SUCCESS_WITH_FAILURES"),
        (("clean",), {"serve": "AT_LEAST_ONE_FAILED"}, "SUCCESS_WITH_FAILURES"),
        ((), {"serve": "AT_LEAST_ONE_FAILED"}, "SUCCESS"),
        (("load", "serve"), {"clean": "ALL_DONE"}, "FAILED"),
    ],
)
def test_the_leaves_decide(kit, failing, rules, result):
    """Failed leaves fail the run; failures that every leaf got over are success with failures."""
    run = kit.Simulation(
        [
            kit.notebook(key, *parent, run_if=rules.get(key, "ALL_SUCCESS"))
            for key, parent in zip(CHAIN, [(), ("load",), ("clean",)], strict=True)
        ],
        dict.fromkeys(failing, kit.FAILED),
    )
    state = run.run()
    assert state.result == result
    assert state.code == ("RUN_EXECUTION_ERROR" if result == "FAILED" else result)


def test_the_message_names_who_failed(kit):
    """The run's message tells which tasks failed and why, not those that only follow."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("clean", "load"), kit.notebook("slow")],
        {"load": kit.FAILED, "slow": kit.Ending("TIMEDOUT", "task_timeout", "too slow")},
    )
    assert run.run().message == (
        "Task load failed with message: boom\nTask slow timed out with message: too slow"
    )


def test_a_disabled_leaf_is_none(kit):
    """With its last task disabled, a run is judged by the last task that counts."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("serve", "load", disabled=True)], {"load": kit.FAILED}
    )
    assert run.run().result == "FAILED"


def test_only_has_leaves_of_its_own(kit):
    """With `--only`, the selected tasks alone decide."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("serve", "load")],
        {"load": kit.FAILED},
        only=("load",),
    )
    assert run.run().result == "FAILED"


def test_a_cancelled_task_alone(kit):
    """A task that was cancelled by itself takes its children along, and handlers still run."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load"),
            kit.notebook("tidy", "clean", run_if="ALL_DONE"),
            kit.notebook("alarm", "load", run_if="AT_LEAST_ONE_FAILED"),
        ],
        {"load": kit.Ending("CANCELED", "canceled", "stopped")},
    )
    assert run.run().result == "SUCCESS_WITH_FAILURES"
    assert run.results == {
        "load": "CANCELED",
        "clean": "UPSTREAM_CANCELED",
        "tidy": "SUCCESS",
        "alarm": "SUCCESS",
    }
