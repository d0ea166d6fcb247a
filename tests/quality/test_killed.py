"""Writes that were killed, and tried again: no row is lost, and nothing is there twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    root = tmp_path_factory.mktemp("killed")
    (root / "nbkit.toml").write_text('[spark]\nmemory = "1g"\ngrace_seconds = 300\n')

    def run(how, *steps, dies=True):
        command = [sys.executable, str(Path(__file__).with_name("killed.py")), str(root), how]
        done = subprocess.run([*command, *steps], capture_output=True, text=True, check=False)
        assert done.returncode == (-signal.SIGKILL if dies else 0), f"{steps}: {done.stderr}"
        return done.stdout

    yield run
    nbkit = Path(sys.executable).with_name("nbkit")
    subprocess.run([nbkit, "driver", "stop"], cwd=root, check=False)


@pytest.mark.parametrize("how", ["write", "stream"])
def test_killed(program, how):
    """Before and after each of the three commits; a new process tries the same again."""
    points = ["before", "quarantined", "written", "recorded"]
    retry = []
    for point in points:
        program(how, *retry, "more", point)
        retry = ["whole"]
    said = program(how, *retry, "read", dies=False)
    good, aside, past = (
        list(map(json.loads, table)) for table in json.loads(said.splitlines()[-1])
    )
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
