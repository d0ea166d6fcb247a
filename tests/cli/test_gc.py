"""`nbkit gc`: says first what is old, and removes that alone, here and in the store."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest
from conftest import PROGRAM, condition

from nbkit import api
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

pytestmark = pytest.mark.e2e


class Copy:
    """A copy of a project, on a ledger and a store that it shares with others."""

    def __init__(self, root, url):
        self.root = root
        root.mkdir(parents=True)
        shared = f"ledger = '{url}'\nstore = '{root.parent}/store'\n"
        (root / "nbkit.toml").write_text(f"[run]\n{shared}")
        gate = condition("gate", "1", "EQUAL_TO", "1")
        (root / "job.json").write_text(json.dumps({"name": "etl", "tasks": [gate]}))

    def nbkit(self, *words, text=None):
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=self.root,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    def run(self):
        api.run(self.root / "job.json", show="nothing", settings=Settings.of(self.root))

    def runs(self):
        return [run["run_id"] for run in api.runs(settings=Settings.of(self.root))]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("postgresql").database()


def aged(url, days, but=()):
    """Make runs older, as the ledger tells it."""
    import psycopg

    changes = [
        f"update runs set created_at = created_at - {days * 86_400_000}",
        "update events set body = replace(body, '\"at\":1', '\"at\":-1')",
    ]
    left = f" where run_id not in ({','.join(map(str, [0, *but]))})"
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:
            for change in changes:
                connection.execute(change + left)
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for change in changes:
            connection.execute(change + left)
        connection.commit()


def test_old_runs_are_named_first_and_then_removed_everywhere(url, tmp_path):
    """Not what is young, goes on or is planned, nor what another project has in the ledger."""
    here, other = Copy(tmp_path / "here", url), Copy(tmp_path / "other", url)
    for project in (here, here, other):
        project.run()
    planned = api.plan(here.root / "job.json", settings=Settings.of(here.root)).run_id
    with closing(Ledger(url, home=tmp_path / "elsewhere")) as ledger:
        going = ledger.begin("going", 9, "{}", "job.json", root=str(here.root))
        aged(url, 100, but=[2])

        told, how_many = here.nbkit("gc", "--keep", "90d", "--dry-run")
        assert told == "run 1 of etl\n"
        assert how_many.startswith("1 to be removed from the ledger ")
        assert "runs/ and " in how_many
        assert f"{tmp_path}/store; nothing is without --yes" in how_many
        assert here.nbkit("gc", "--keep", "90d") == (told, how_many)
        assert here.runs() == [going, planned, 3, 2, 1]

        told, how_many = here.nbkit("gc", "--keep", "90d", "--yes")
        assert told == "run 1 of etl\n"
        assert how_many.startswith("1 removed from the ledger ")
        assert here.runs() == [going, planned, 3, 2]
    for place, left in ((here.root / "runs", {"2"}), (tmp_path / "store", {"2", "3"})):
        assert {each.name for each in place.iterdir() if each.name.isdigit()} == left


def test_runs_of_another_machines_copy_are_this_projects(url, tmp_path):
    """Its folder is not here, and the job's file is."""
    there, here = Copy(tmp_path / "there", url), Copy(tmp_path / "here", url)
    there.run()
    shutil.rmtree(there.root)
    aged(url, 100)

    assert here.nbkit("gc", "--keep", "12w", "--yes")[0] == "run 1 of etl\n"
    assert here.runs() == []
    assert not (tmp_path / "store" / "1").exists()


def test_a_person_is_asked(url, tmp_path):
    """At a terminal; whoever does not say yes keeps everything."""
    import pty

    here = Copy(tmp_path / "here", url)
    here.run()
    for answer, left in (("n", [1]), ("y", [])):
        me, terminal = pty.openpty()
        command = [PROGRAM, "gc", "--keep", "0h"]
        with subprocess.Popen(
            command, cwd=here.root, stdin=terminal, stderr=subprocess.PIPE, text=True
        ) as process:
            os.close(terminal)
            os.write(me, f"{answer}\n".encode())
            said = process.communicate(timeout=120)[1]
            os.close(me)
        assert process.returncode == 0, said
        assert "Remove these 1 for good, from the ledger" in said
        assert here.runs() == left
