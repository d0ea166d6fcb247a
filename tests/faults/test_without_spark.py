"""Kernels and orchestrators killed, runs cancelled: what finished stays, nobody is left."""

from __future__ import annotations

import os
import signal

import pytest
from processes import until

pytestmark = pytest.mark.e2e


def test_a_killed_kernel_fails_its_attempt_alone(project, chain, caught):
    """Kill -9 of a kernel in the middle: known by its cause, and the others finish."""
    running = project.start("run", chain.name)
    os.kill(caught(), signal.SIGKILL)

    said = running.end()

    assert said.status == 1
    assert "kernel died" in said.err
    assert project.results() == {
        "before": "SUCCESS",
        "middle": "FAILED",
        "after": "UPSTREAM_FAILED",
    }
    (attempt,) = project.record()["tasks"]["middle"]["attempts"]
    assert attempt["failure"]["cause"] == "kernel_died"
    assert (project.root / attempt["output_notebook"]).exists()


@pytest.mark.usefixtures("chain")
def test_a_killed_kernel_is_retried(project, caught):
    """A retry gets a kernel of its own."""
    task = project.notebook_task("wait", "wait", max_retries=1, min_retry_interval_millis=0)
    project.job(task, name="retried")
    running = project.start("run", "retried.json")
    kernel = caught()
    os.kill(kernel, signal.SIGKILL)
    project.write("go", "")

    said = running.end()

    assert said.status == 0, said.err
    lost, good = project.record()["tasks"]["wait"]["attempts"]
    assert lost["failure"]["cause"] == "kernel_died"
    assert good["state"]["result_state"] == "SUCCESS"


def test_a_killed_run_is_told_and_repaired(project, chain, caught, nobody_left, valid_notebooks):
    """Kill -9 of nbkit: no process stays, `show` tells the truth, `repair` does the rest only."""
    running = project.start("run", chain.name)
    caught()
    family = running.family()
    os.kill(running.pid, signal.SIGKILL)
    running.process.communicate()

    nobody_left(family)
    assert valid_notebooks() >= 1
    lost = project.record()
    assert lost["state"]["result_state"] == "FAILED"
    assert lost["status"]["termination_details"]["code"] == "INTERNAL_ERROR"
    assert "nbkit repair 1" in lost["state"]["state_message"]
    assert project.results() == {"before": "SUCCESS", "middle": "FAILED", "after": "CANCELED"}
    assert "nbkit repair 1" in project.nbkit("show", 1).out
    assert "nbkit repair 1" in project.nbkit("runs").out

    project.write("go", "")
    repaired = project.nbkit("repair", 1)

    assert repaired.status == 0, repaired.err
    assert set(project.results().values()) == {"SUCCESS"}
    assert (project.root / "executions").read_text() == "x"
    assert len(project.record()["tasks"]["middle"]["attempts"]) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels(number, project, chain, caught, nobody_left):
    """The running cell is interrupted, the run ends as CANCELED with status 130."""
    running = project.start("run", chain.name, "--json")
    caught()
    family = running.family()
    os.kill(running.pid, number)

    said = running.end()

    assert said.status == 130
    assert said.json["state"]["result_state"] == "CANCELED"
    nobody_left(family)
    assert project.results()["before"] == "SUCCESS"
    assert project.results()["middle"] == "CANCELED"


def test_ctrl_c_twice_kills(project, caught, nobody_left):
    """A notebook that ignores interrupts is killed at the second Ctrl-C, grace or not."""
    project.write("nbkit.toml", "[run]\ngrace_seconds = 600\n[kernels]\npreload = []\n")
    deaf = "import signal, time, os\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    project.notebook("deaf", f"{deaf}open('caught', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    project.job(project.notebook_task("deaf", "deaf"))
    running = project.start("run", "job.json", "--json")
    caught()
    family = running.family()

    os.kill(running.pid, signal.SIGINT)
    until(lambda: "TERMINATING" in project.nbkit("show", 1, "--json").out)
    os.kill(running.pid, signal.SIGINT)
    said = running.end(30)

    assert said.status == 130
    assert said.json["state"]["result_state"] == "CANCELED"
    nobody_left(family)


def test_cancel_from_another_process(project, chain, caught, nobody_left):
    """`nbkit cancel` asks, and the process that runs the job does it."""
    running = project.start("run", chain.name)
    caught()
    family = running.family()

    asked = project.nbkit("cancel", 1)

    assert (asked.status, running.end().status) == (0, 130)
    nobody_left(family)
    assert project.results()["middle"] == "CANCELED"


def test_a_lost_run_can_be_cancelled(project, chain, caught):
    """Its record ends there and then; no process is needed for it."""
    running = project.start("run", chain.name)
    caught()
    os.kill(running.pid, signal.SIGKILL)
    running.process.communicate()

    asked = project.nbkit("cancel", 1)

    assert asked.status == 0
    assert "lost its process" in asked.err
    assert project.record()["state"]["result_state"] == "CANCELED"


def test_a_run_that_goes_on_is_not_repaired(project, chain, caught):
    """Two processes never drive one run."""
    running = project.start("run", chain.name)
    caught()

    refused = project.nbkit("repair", 1)
    project.write("go", "")

    assert refused.status == 2
    assert "another process" in refused.err
    assert running.end().status == 0


def test_a_notebook_deleted_after_validation_fails_its_task(project, chain, caught):
    """The task fails with the nearest name; a repair after putting it back succeeds."""
    running = project.start("run", chain.name)
    caught()
    text = (project.root / "good.ipynb").read_text()
    (project.root / "good.ipynb").unlink()
    project.write("go", "")

    said = running.end()

    assert said.status == 1
    assert "There is no notebook good" in said.err
    (attempt,) = project.record()["tasks"]["after"]["attempts"]
    assert attempt["failure"]["cause"] == "notebook_unreadable"
    project.write("good.ipynb", text)
    assert project.nbkit("repair", 1).status == 0
    assert (project.root / "executions").read_text() == "x"
