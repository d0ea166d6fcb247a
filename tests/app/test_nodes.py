"""Planned runs, the nodes that take them, and what is left of a run whose node was killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import closing, suppress

import nbformat
import psutil
import pytest
from conftest import PROGRAM
from nbformat.v4 import new_code_cell, new_notebook
from proving import rounds

from nbkit import api
from nbkit.app.node import Node
from nbkit.errors import NbkitError, RunNotFoundError, UsageError
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

GATE = {"task_key": "gate", "condition_task": {"op": "EQUAL_TO", "left": "{{job.parameters.x}}"}}
JOB = {
    "name": "etl",
    "max_concurrent_runs": 10,
    "parameters": [{"name": "x", "default": "1"}],
    "tasks": [{**GATE, "condition_task": {**GATE["condition_task"], "right": "1"}}],
}


class Home:
    """A node's own copy of the project, with folders of its own, on the ledger of all."""

    def __init__(self, root, url="", job=JOB, lease=2):
        root.mkdir()
        self.root = root
        ledger = f"ledger = '{url}'\nlease_seconds = {lease}\n" if url else ""
        kernels = "[kernels]\nspare = 1\npreload = []\n"
        (root / "nbkit.toml").write_text(f"[run]\ngrace_seconds = 1\n{ledger}{kernels}")
        (root / "job.json").write_text(json.dumps(job))
        self.settings = Settings.of(root)
        self.process = None

    def plan(self, **more):
        return api.plan(self.root / "job.json", settings=self.settings, **more).run_id

    def show(self, run_id):
        return api.show(run_id, settings=self.settings)

    def work(self):
        said = []
        api.work(until_idle=True, tell=said.append, settings=self.settings)
        return said

    def start(self, at_once=2):
        command = [PROGRAM, "work", "--at-once", str(at_once)]
        self.process = subprocess.Popen(
            command, cwd=self.root, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def family(self):
        """The node and all that it started."""
        with suppress(psutil.NoSuchProcess):
            node = psutil.Process(self.process.pid)
            return [node, *node.children(recursive=True)]
        return []

    def signal(self, number):
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGKILL)


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request, tmp_path):
    url = request.getfixturevalue("postgresql").database() if request.param != "sqlite" else ""
    made = Home(tmp_path / "home", url)
    yield made
    made.end()


def test_a_planned_run_is_known_before_it_begins(home):
    """It has an id and can be looked at; nobody takes it for lost."""
    run_id = home.plan(parameters={"x": 2})

    record = home.show(run_id).record
    (listed,) = api.runs(settings=home.settings)

    assert record["state"]["life_cycle_state"] == "PENDING"
    assert "result_state" not in record["state"]
    assert (record["run_id"], record["run_name"]) == (run_id, "etl")
    assert listed["state"]["life_cycle_state"] == "PENDING"


def test_a_planned_run_can_be_cancelled(home):
    """Nothing of it ever runs."""
    run_id = home.plan()
    assert "had not begun" in api.cancel(run_id, settings=home.settings)

    assert home.work() == []
    assert home.show(run_id).result_state == "CANCELED"


def test_what_is_planned_under_one_token_is_run_once(home):
    """A trigger that fires twice for the same planned time asks for one run."""
    first, again, other = (home.plan(idempotency_token=token) for token in "aab")

    assert again == first
    assert other != first


@pytest.mark.parametrize("wrong", [{"parameters": {"y": 1}}, {"only": ["gat"]}])
def test_what_could_never_begin_is_not_planned(home, wrong):
    """The person learns of it at once."""
    with pytest.raises(NbkitError, match=r"nobody declares|no task gat"):
        home.plan(**wrong)
    assert api.runs(settings=home.settings) == []


def test_two_nodes_take_different_runs(home):
    """Each run by one, at the same moment too; and not before its time."""
    planned = [home.plan() for _ in range(6)]
    with (
        closing(Ledger(home.settings.ledger_url, home=home.root)) as one,
        closing(Ledger(home.settings.ledger_url, home=home.root)) as two,
    ):
        taken = [*one.take_planned(2), *two.take_planned(3), *one.take_planned(9)]

        assert sorted(each.run_id for each in taken) == planned
        assert one.take_planned(9) == []
    with closing(Ledger(home.settings.ledger_url, home=home.root)) as three:
        assert [each.run_id for each in three.take_planned(9)] == planned


def test_a_node_does_not_take_what_is_not_due(home):
    """Nor what is over."""
    from nbkit.app.loading import load
    from nbkit.app.planning import plan

    definition = load(home.root / "job.json")
    with closing(Ledger(home.settings.ledger_url, home=home.root)) as ledger:
        now = ledger.clock.now()
        later = plan(definition, home.settings, due=now + 3_600_000)
        due = plan(definition, home.settings, due=now - 1000)

        assert [each.run_id for each in ledger.take_planned(9)] == [due]
    assert later != due


@pytest.mark.e2e
def test_a_node_drives_what_was_planned(home, tmp_path):
    """With what it was planned with, in this node's copy of the project."""
    here = Home(tmp_path / "here", home.settings.run.ledger) if home.settings.run.ledger else home
    run_id, late = home.plan(parameters={"x": 2}), home.plan()
    (here.root / "job.json").write_text(json.dumps({**JOB, "description": "as it is now"}))

    said = here.work()

    run = here.show(run_id)
    assert run.result_state == "SUCCESS"
    assert run.tasks["gate"]["condition_task"]["outcome"] == "false"
    assert (here.settings.runs_directory / str(run_id) / "graph.json").is_file()
    assert "as it is now" in (here.settings.runs_directory / str(late) / "graph.json").read_text()
    assert said[0] == f"run {run_id} begins (1 of 1)"


@pytest.mark.e2e
def test_a_planned_run_whose_job_is_gone_fails_and_says_why(home):
    """It is not taken again and again."""
    run_id = home.plan()
    (home.root / "job.json").unlink()

    home.work()

    run = home.show(run_id)
    assert run.result_state == "FAILED"
    assert "there is no job file" in run.record["state"]["state_message"]
    assert home.work() == []


def test_what_was_not_planned_is_not_begun_by_its_number(home):
    """A run of `nbkit run`, or none at all."""
    done = api.run(home.root / "job.json", show="nothing", settings=home.settings)

    assert api.drive(done.run_id, show="nothing", settings=home.settings).succeeded
    with pytest.raises(RunNotFoundError):
        api.drive(99, show="nothing", settings=home.settings)


def test_a_run_that_goes_on_is_driven_by_one(home):
    """Whoever comes second is told by whom."""
    run_id = home.plan()
    with closing(Ledger(home.settings.ledger_url, home=home.root)) as ledger:
        ledger.claim(run_id)
        with pytest.raises(UsageError, match="driven by another process"):
            api.drive(run_id, show="nothing", settings=home.settings)


def test_a_node_that_is_stopped_takes_nothing_more(home):
    """What it did not take is for others."""
    home.plan()
    node = Node(home.settings, 1, print)
    node.stop()
    node.work()
    with closing(Ledger(home.settings.ledger_url, home=home.root)) as ledger:
        assert len(ledger.take_planned(9)) == 1


STEPS = 3
CODE = "import time\ntime.sleep(0.15)\nprint('done')"


def chain(root):
    for number in range(STEPS):
        cells = [new_code_cell(CODE)]
        nbformat.write(new_notebook(cells=cells), root / f"step{number}.ipynb")


def chain_job():
    keys = [f"step{number}" for number in range(STEPS)]
    return {
        "name": "chain",
        "max_concurrent_runs": 100,
        "tasks": [
            {
                "task_key": key,
                "notebook_task": {"notebook_path": f"{key}.ipynb"},
                "depends_on": [{"task_key": before}] if before else [],
            }
            for key, before in zip(keys, [None, *keys], strict=False)
        ],
    }


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(rounds(1, 4)))
def test_nodes_may_be_killed_and_paused_at_any_moment(postgresql, tmp_path, seed):
    """Every planned run succeeds, whatever happens to nodes; no success is run again."""
    url, chance = postgresql.database(), random.Random(f"nodes {seed}")
    homes = [Home(tmp_path / name, url, chain_job(), lease=1) for name in "ab"]
    planned = []
    try:
        for home in homes:
            chain(home.root)
            home.start()
        for _ in range(rounds(4, 25)):
            planned += [homes[0].plan() for _ in range(2)]
            home = chance.choice(homes)
            time.sleep(chance.uniform(0.5, 3))
            if chance.random() < 0.4:
                home.signal(signal.SIGSTOP)
                time.sleep(chance.uniform(1.5, 2.5))
                home.signal(signal.SIGCONT)
            elif chance.random() < 0.5:
                home.signal(signal.SIGKILL)
                home.start()
            elif len(family := home.family()) > 1:  # one of its runs, or a kernel
                with suppress(psutil.NoSuchProcess):
                    chance.choice(family[1:]).kill()
        wait_for_all(homes[0], planned)
    finally:
        for home in homes:
            home.end()
    with closing(Ledger(url, reading=True)) as ledger:
        for run_id in planned:
            judge([*ledger.events_after(run_id, 0)])


def wait_for_all(home, planned):
    """Runs that ended with too many nodes, or whose kernel was killed, are for a person."""
    deadline = time.monotonic() + 300
    left = set(planned)
    while left and time.monotonic() < deadline:
        for run_id in sorted(left):
            run = home.show(run_id)
            if run.succeeded:
                left.discard(run_id)
            elif run.record["state"]["life_cycle_state"] in {"TERMINATED", "INTERNAL_ERROR"}:
                with suppress(UsageError):  # a node was quicker
                    api.repair(run_id, show="nothing", settings=home.settings)
        time.sleep(0.5)
    assert not left


def judge(recorded):
    """Hold the record of one run against what must be true of it, by its bare events."""
    events = [each.event for each in recorded]
    assert [each.seq for each in recorded] == list(range(1, len(recorded) + 1))
    kinds = Counter(event.kind for event in events)
    assert kinds["run_planned"] == kinds["run_started"] == 1
    assert events[-1].kind == "run_finished" or events[-1].kind == "noted"
    succeeded, started, open_ = Counter(), Counter(), set()
    for event in events:
        if event.kind == "run_repaired":
            assert not open_  # the ends of what was lost are on record before
        elif event.kind == "attempt_started":
            assert not succeeded[event.unit]
            started[event.unit, event.attempt] += 1
            open_.add((event.unit, event.attempt))
        elif event.kind == "attempt_finished":
            assert (event.unit, event.attempt) in open_  # none of a former owner
            open_.discard((event.unit, event.attempt))
            succeeded[event.unit] += event.result == "SUCCESS"
    assert set(started.values()) == {1}
    assert len(succeeded) == STEPS
    assert set(succeeded.values()) == {1}


@pytest.mark.e2e
@pytest.mark.prove
def test_a_run_waits_for_a_ledger_that_is_gone(tmp_path):
    """It loses nothing, goes on when the ledger is back, and says so on record and on screen."""
    from postgresql import Server, programs

    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    server = Server()
    server.start()
    try:
        home = Home(tmp_path / "home", server.database(), chain_job(), lease=2)
        chain(home.root)
        command = [PROGRAM, "run", "job.json", "--quiet"]
        with subprocess.Popen(
            command, cwd=home.root, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        ) as process:
            wait_for_first(home)
            server.stop(signal.SIGQUIT)
            time.sleep(rounds(7, 60))
            assert process.poll() is None
            server.start()
            _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert "The run waits until it answers, and loses nothing." in said
        assert "answers again" in said
        with closing(Ledger(home.settings.ledger_url, reading=True)) as ledger:
            events = ledger.events_after(1, 0)
        notes = [each.event.message for each in events if each.event.kind == "noted"]
        ends = Counter(each.event.kind for each in events)
        assert any("did not answer for" in note for note in notes)
        assert ends["attempt_started"] == ends["attempt_finished"] == STEPS
    finally:
        server.remove()


def wait_for_first(home):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(RunNotFoundError), closing(Ledger(home.settings.ledger_url)) as ledger:
            if any(event.kind == "attempt_started" for event in ledger.read(1)):
                return
        time.sleep(0.05)
    raise AssertionError("nothing began")
