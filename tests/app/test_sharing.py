"""What a team keeps of runs in a store: looked at, and removed, from another machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nbkit import api
from nbkit.errors import SetupError, UsageError
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

GATE = {"task_key": "gate", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
BOOK = {"task_key": "book", "notebook_task": {"notebook_path": "book.ipynb"}}


def machine(root, store, tasks=(GATE,)):
    """Make a machine's own copy of the project; the ledger is shared."""
    root.mkdir()
    (root / "nbkit.toml").write_text(
        f"[run]\nstore = '{store}'\nledger = 'sqlite:///{root.parent}/ledger.db'\n"
        "[kernels]\nspare = 1\npreload = []\n"
    )
    nbformat.write(new_notebook(cells=[new_code_cell("print('seen')")]), root / "book.ipynb")
    (root / "job.json").write_text(json.dumps({"name": "etl", "tasks": list(tasks)}))
    return Settings.of(root)


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of an S3 server of the test's own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for name, value in (("KEY_ID", "me"), ("SECRET_ACCESS_KEY", "mine")):
        monkeypatch.setenv(f"AWS_ACCESS_{name}" if name == "KEY_ID" else f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    code = f"from moto.server import main; main(['-p', '{port}'])"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=dict(os.environ)) as server:
        import s3fs

        deadline = time.monotonic() + 60
        while True:
            try:
                s3fs.S3FileSystem(skip_instance_cache=True).mkdir("team")
                break
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield "s3://team/runs"
        server.kill()


def test_a_run_is_looked_at_from_another_machine(tmp_path):
    """Its report and its graph come along; what is there already is not touched."""
    here = machine(tmp_path / "one", tmp_path / "store")
    there = machine(tmp_path / "two", tmp_path / "store")
    run = api.run(here.root / "job.json", show="nothing", settings=here)

    seen = api.show(run.run_id, settings=there)

    assert seen.succeeded
    assert (tmp_path / "store" / "1" / "graph.json").is_file()
    assert (there.runs_directory / "1" / "report.html").is_file()
    assert api.review(run.run_id, settings=there).is_file()


def both_ways(tmp_path, store):
    here = machine(tmp_path / "one", store, [GATE, BOOK])
    there = machine(tmp_path / "two", store, [GATE, BOOK])
    runs = [api.run(here.root / "job.json", show="nothing", settings=here) for _ in "ab"]
    page = api.review(runs[0].run_id, task="book", settings=there)
    assert "seen" in page.read_text()
    found, _ = api.diff(1, 2, settings=there)
    assert found is not None
    repaired = api.repair(1, tasks=["book"], show="nothing", settings=there)
    assert repaired.succeeded
    api.show(1, settings=here)
    assert (here.runs_directory / "1" / "book" / "1.ipynb").is_file()
    assert api.remove(1, settings=here)
    assert not (here.runs_directory / "1").exists()
    with pytest.raises(UsageError, match="no run 1"):
        api.show(1, settings=there)


@pytest.mark.e2e
def test_review_diff_repair_and_removal_in_a_folder(tmp_path):
    """A folder that both machines reach."""
    both_ways(tmp_path, tmp_path / "store")
    assert not (tmp_path / "store" / "1").exists()
    assert (tmp_path / "store" / "2" / "book" / "0.ipynb").is_file()


@pytest.mark.e2e
def test_review_diff_repair_and_removal_in_a_bucket(tmp_path, bucket):
    """Whatever fsspec speaks."""
    both_ways(tmp_path, bucket)


def test_a_store_that_is_none_is_a_clear_error(tmp_path):
    """Before anything runs."""
    here = machine(tmp_path / "one", "nosuch://x/y")
    with pytest.raises(SetupError, match="store nosuch://x/y cannot be used"):
        api.run(here.root / "job.json", show="nothing", settings=here)


def test_old_runs_are_named_and_removed(tmp_path, monkeypatch):
    """What goes on, is planned or is young enough stays."""
    here = machine(tmp_path / "one", tmp_path / "store")
    api.run(here.root / "job.json", show="nothing", settings=here)
    planned = api.plan(here.root / "job.json", settings=here).run_id
    with closing(Ledger(here.ledger_url)) as ledger:
        going = ledger.begin("going", 9, "{}", "job.json")
        assert api.old_runs("1h", settings=here) == []
        assert api.old_runs("0d", settings=here) == [(1, "etl")]
        assert not api.remove(going, settings=here)
    assert api.remove(1, settings=here)
    assert [run["run_id"] for run in api.runs(settings=here)] == [going, planned]
    with pytest.raises(UsageError, match="such as 90d"):
        api.old_runs("soon", settings=here)
