"""Writes that were killed, and tried again: no row is lost, and nothing is there twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def program(tmp_path):
    (tmp_path / "nbkit.toml").write_text('[spark]\nmemory = "1g"\ngrace_seconds = 300\n')

    def run(how, point, *, dies=False):
        command = [sys.executable, str(Path(__file__).with_name("killed.py"))]
        done = subprocess.run(
            [*command, str(tmp_path), how, point], capture_output=True, text=True, check=False
        )
        assert done.returncode == (-signal.SIGKILL if dies else 0), f"{point}: {done.stderr}"
        return done.stdout

    yield run
    nbkit = Path(sys.executable).with_name("nbkit")
    subprocess.run([nbkit, "driver", "stop"], cwd=tmp_path, check=False)


@pytest.mark.parametrize("how", ["write", "stream"])
def test_killed(program, how):
    """Before and after each of the three commits."""
    points = ["before", "quarantined", "written", "recorded"]
    for number, point in enumerate(points):
        program("more", str(number * 4))
        program(how, point, dies=True)
        program(how, "nowhere")
    good, aside, past = (list(map(json.loads, table)) for table in json.loads(program("read", how)))
    rows = range(len(points) * 4)
    if how == "stream":
        expected, runs = sorted(rows), len(points)
    else:  # each write is of all rows that there are by then
        expected = sorted(id_ for number in range(1, 5) for id_ in range(number * 4))
        runs = len(points)
    assert sorted(row["id"] for row in good) == [id_ for id_ in expected if id_ % 2 == 0]
    assert sorted(row["id"] for row in aside) == [id_ for id_ in expected if id_ % 2]
    for name in {row["name"] for row in past}:
        told = [row for row in past if row["name"] == name]
        assert len(told) == runs
        assert sum(row["rows"] for row in told) == len(expected)
    assert {row["name"] for row in past} == (
        {"even"} if how == "stream" else {"even", "rows", "once"}
    )
