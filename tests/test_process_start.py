"""Which variables a fork can follow, and which want a process of their own."""

from __future__ import annotations

import datetime as dt
import tempfile

import pytest

from nbkit.process_start import follow_environment, must_start


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONPATH", "PYTHONUTF8", "LANG", "LC_ALL"),
        *("LD_PRELOAD", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "MPLBACKEND"),
    ],
)
def test_what_is_read_once_wants_a_new_process(name):
    """Unless it has that value already."""
    assert must_start({name: "1"}, {})
    assert must_start({name: "1"}, {name: "2"})
    assert must_start({}, {name: "1"})
    assert not must_start({name: "1", "OTHER": "2"}, {name: "1"})


@pytest.mark.parametrize("name", ["TZ", "TMPDIR", "PATH", "PYSPARK_PYTHON", "AWS_REGION", "MINE"])
def test_what_is_read_each_time_does_not(name):
    """It is set in the fork."""
    assert not must_start({name: "1"}, {})


def test_time_and_temporary_folder_are_followed(monkeypatch, tmp_path):
    """As if the process had been started with them."""
    try:
        with monkeypatch.context() as patched:
            patched.setenv("TZ", "America/New_York")
            patched.setenv("TMPDIR", str(tmp_path))
            follow_environment()
            assert dt.datetime.fromtimestamp(0).hour == 19  # noqa: DTZ006 - local time it is
            assert tempfile.gettempdir() == str(tmp_path)
    finally:
        follow_environment()
