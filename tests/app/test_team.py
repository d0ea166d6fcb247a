"""Two people on two machines, with one ledger and one store, at the same moment."""

from __future__ import annotations

import json
import subprocess
import threading

import nbformat
import pytest
from conftest import PROGRAM, condition, notebook_task
from nbformat.v4 import new_code_cell, new_notebook
from processes import until

from nbkit import api
from nbkit.errors import UsageError
from nbkit.settings import Settings

WORK = "open('began', 'w').close()\nimport time, pathlib\ntime.sleep({})\nprint('done')"


class Machine:
    """Its own copy of the project, and its own name for the folder of runs."""

    def __init__(self, root, url, directory, seconds):
        self.root = root
        root.mkdir()
        shared = f"ledger = '{url}'\nstore = '{root.parent}/store'\ndirectory = '{directory}'\n"
        kernels = "[kernels]\nspare = 1\npreload = []\n"
        (root / "nbkit.toml").write_text(f"[run]\ngrace_seconds = 1\n{shared}{kernels}")
        cells = [new_code_cell(WORK.format(seconds))]
        nbformat.write(new_notebook(cells=cells), root / "book.ipynb")
        gate = condition("gate", "{{job.parameters.x}}", "EQUAL_TO", "1")
        jobs = {"gates": [gate], "books": [notebook_task("book", "book.ipynb")]}
        for name, tasks in jobs.items():
            parameters = [{"name": "x", "default": "1"}]
            job = {"name": name, "parameters": parameters, "tasks": tasks}
            (root / f"{name}.json").write_text(json.dumps(job))
        self.settings = Settings.of(root)

    def run(self, job="gates", **more):
        return api.run(self.root / f"{job}.json", show="nothing", settings=self.settings, **more)


@pytest.fixture
def machines(postgresql, tmp_path):
    """Two of them; notebooks take this long."""
    url = postgresql.database()

    def make(seconds):
        names = (("one", "runs"), ("two", "out/runs"))
        return [Machine(tmp_path / name, url, folder, seconds) for name, folder in names]

    return make


def at_once(*asked):
    """Do all at the same moment; return the answers and the errors."""
    barrier, said = threading.Barrier(len(asked)), []

    def do(ask):
        barrier.wait()
        try:
            said.append(ask())
        except UsageError as error:
            said.append(error)

    threads = [threading.Thread(target=do, args=[ask]) for ask in asked]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return said


def test_a_token_used_at_once_on_two_machines_runs_once(machines):
    """Both get that run, when it is over."""
    one, two = machines(0)
    asked = [lambda each=each: each.run(idempotency_token="t") for each in [one, two] * 3]

    found = at_once(*asked)

    (only,) = api.runs(settings=two.settings)  # whoever lost may have been promised an id before it
    assert {(run.run_id, run.result_state) for run in found} == {(only["run_id"], "SUCCESS")}


@pytest.mark.e2e
def test_a_run_is_looked_at_repaired_and_cancelled_from_the_other_machine(machines):
    """Whatever its folder of runs is called; of two who repair at once, one does."""
    one, two = machines(0)
    (one.root / "book.ipynb").rename(one.root / "gone.ipynb")
    cells = [new_code_cell("print('seen'); raise ValueError('odd')")]
    nbformat.write(new_notebook(cells=cells), one.root / "book.ipynb")
    failed = one.run("books")
    assert failed.result_state == "FAILED"
    page = api.review(failed.run_id, task="book", settings=two.settings)
    assert "seen" in page.read_text()
    (one.root / "gone.ipynb").replace(one.root / "book.ipynb")

    def repair(machine):
        return lambda: api.repair(failed.run_id, show="nothing", settings=machine.settings)

    said = at_once(repair(one), repair(two), repair(two))

    repaired = [each for each in said if not isinstance(each, UsageError)]
    assert [each.result_state for each in repaired] == ["SUCCESS"]
    for error in said:
        if isinstance(error, UsageError):
            assert "driven by another process" in str(error) or "nothing" in str(error)
    for machine in (one, two):
        seen = api.show(failed.run_id, settings=machine.settings)
        notebook = machine.root / seen.tasks["book"]["output_notebook"]
        assert "done" in notebook.read_text()

    for each in (one, two):
        slow = [new_code_cell(WORK.format(100))]
        nbformat.write(new_notebook(cells=slow), each.root / "book.ipynb")
    (one.root / "began").unlink(missing_ok=True)
    with subprocess.Popen([PROGRAM, "run", "books.json", "--quiet"], cwd=one.root) as process:
        until((one.root / "began").exists, 120)
        said = api.cancel(failed.run_id + 1, settings=two.settings)
        assert "is asked to end" in said
        assert process.wait(120) == 130
    assert api.show(failed.run_id + 1, settings=two.settings).result_state == "CANCELED"
