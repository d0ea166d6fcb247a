"""A notebook in this process: an IPython shell, with nothing of it left behind."""

from __future__ import annotations

import os
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbkit import serving as attempt
from nbkit.kernels.messages import Messages
from nbkit.toolkit import session as sessions
from nbkit.toolkit.dbutils import dbutils


@pytest.fixture
def messages(tmp_path):
    """What the runner is told; its file is outside of the project."""
    return Messages(tmp_path.parent / f"{tmp_path.name}.messages")


@pytest.fixture
def context(tmp_path, messages):
    """The attempt of a task `me` in a project folder of its own."""
    return {
        "project": str(tmp_path),
        "directory": str(tmp_path),
        "notebook_path": "me.ipynb",
        "job_id": 1,
        "job_name": "job",
        "run_id": 2,
        "task_key": "me",
        "task_run_id": 3,
        "attempt": 0,
        "parameters": {"day": "2013-01-01"},
        "task_values": {"load": {"rows": 5}},
        "spark_conf": {},
        "env": {},
        "messages": str(messages.path),
    }


@pytest.fixture(autouse=True)
def clean_kernel(monkeypatch, tmp_path):
    """Every test has the folder, import path, attempt and widgets of a kernel just started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(sessions.session, "_spark", None)
    monkeypatch.setattr(sessions.session, "on_change", [])
    yield
    attempt.serve(None)
    dbutils.widgets.removeAll()


@pytest.fixture
def shell():
    """An IPython shell, as in a kernel."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def published(monkeypatch, shell):
    """What the notebook displays: the data of each display message."""
    shown = []
    monkeypatch.setattr(
        shell.display_pub, "publish", lambda data, *_args, **_named: shown.append(data)
    )
    return shown
