"""Folders that cannot be written and ledgers that cannot be read: one message, status 3."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def job(project):
    return project.job(project.condition("check", "1", "EQUAL_TO", "1"))


def test_a_runs_folder_that_is_a_file(project, job):
    """Nothing runs; the message names it and the setting."""
    project.write("runs", "a file")

    said = project.nbkit("run", job.name)

    assert (said.status, said.out) == (3, "")
    assert "runs" in said.err
    assert "nbkit.toml" in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_runs_folder_that_is_read_only(project, job):
    """The same."""
    (project.root / "runs").mkdir(mode=0o500)

    said = project.nbkit("run", job.name)

    assert (said.status, said.out) == (3, "")
    assert "nbkit.toml" in said.err


@pytest.mark.parametrize(
    "command", [("run", "job.json"), ("runs",), ("show", 1), ("cancel", 1), ("repair", 1)]
)
def test_a_damaged_ledger(command, project, job):
    """Every command names the ledger and says what is wrong with it."""
    (project.root / "runs").mkdir()
    project.write("runs/ledger.db", b"this is no database" * 1000)

    said = project.nbkit(*command)

    assert (said.status, said.out) == (3, "")
    assert "ledger.db" in said.err
    assert "not a database" in said.err


def test_a_ledger_with_a_damaged_event(project, job):
    """It is the ledger's fault, and is said so."""
    import sqlite3

    project.nbkit("run", job.name)
    with sqlite3.connect(project.root / "runs/ledger.db") as database:
        database.execute("update events set body = '{' where seq = 1")
    database.close()

    said = project.nbkit("show", 1)

    assert said.status == 3
    assert "The ledger was damaged" in said.err


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////proc/nowhere/ledger.db", "oracle://x/y"])
def test_a_ledger_that_cannot_be_opened(url, project, job):
    """A URL that means nothing, a place that cannot be, a database without its driver."""
    said = project.nbkit("run", job.name, NBKIT_RUN_LEDGER=url)

    assert (said.status, said.out) == (3, "")
    assert "nbkit.toml" in said.err


def test_a_run_folder_that_is_taken_by_a_file(project, job):
    """The run cannot be claimed; it is refused, and the ledger does not show it as going on."""
    (project.root / "runs").mkdir()
    project.write("runs/1", "a file")

    said = project.nbkit("run", job.name)

    assert said.status == 3
    assert "runs/1" in said.err
