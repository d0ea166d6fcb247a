"""What faults need: a job with a quick task and one that can be caught in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import psutil
import pytest
from processes import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT = """
import os, time
from pathlib import Path
Path("caught").write_text(str(os.getpid()))
while not Path("go").exists(): time.sleep(0.05)
"""


@pytest.fixture
def caught(project) -> Callable[[], int]:
    """Wait until the notebook `wait` is in its cell; returns its kernel's process id."""
    file = project.root / "caught"
    return lambda: int(until(lambda: file.exists() and file.read_text()))


@pytest.fixture
def chain(project) -> Path:
    """A job: `before` counts its executions, `middle` waits in a cell, `after` follows."""
    count = "with open('executions', 'a') as file: file.write('x')"
    project.notebook("count", count, "dbutils.notebook.exit('counted')")
    project.notebook("wait", "print('begun')", WAIT, "print('done')")
    project.notebook("good", "1")
    return project.job(
        project.notebook_task("before", "count"),
        project.notebook_task("middle", "wait", "before"),
        project.notebook_task("after", "good", "middle"),
        name="chain",
    )


@pytest.fixture
def nobody_left() -> Callable[[list[psutil.Process]], None]:
    """Assert, by process id, that all of them have gone."""

    def check(family: list[psutil.Process]) -> None:
        assert len(family) > 1
        until(lambda: not [each for each in family if _lives(each)], 15)

    return check


@pytest.fixture
def valid_notebooks(project) -> Callable[[], int]:
    """Assert that every output notebook is one; returns how many there are."""

    def check() -> int:
        found = list(project.root.glob("runs/*/*/*.ipynb"))
        for path in found:
            nbformat.validate(nbformat.read(path, as_version=4))
        assert not list(project.root.glob("runs/**/*.tmp*"))
        return len(found)

    return check


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
