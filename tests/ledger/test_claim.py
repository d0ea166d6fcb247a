"""One process at a time drives a run, and the claim ends with the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nbkit.errors import SetupError, UsageError
from nbkit.ledger.claim import claim, is_live


def test_a_run_is_live_while_it_is_claimed(tmp_path):
    """Asking leaves no trace in a folder that nobody claimed."""
    folder = tmp_path / "7"

    assert not is_live(folder)
    assert not folder.exists()
    with claim(folder):
        assert is_live(folder)
    assert not is_live(folder)


def test_a_claimed_run_cannot_be_claimed_again(tmp_path):
    """Two processes that drive one run would run its tasks twice."""
    with (
        claim(tmp_path / "7"),
        pytest.raises(UsageError, match="Run 7 is being driven"),
        claim(tmp_path / "7"),
    ):
        pass


HOLD = """
import sys, time
from pathlib import Path
from nbkit.ledger.claim import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_claim_ends_with_its_killed_process(tmp_path):
    """Kill -9 frees the run for a repair."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        live = is_live(tmp_path)
        process.kill()

    assert live
    assert not is_live(tmp_path)
    with claim(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    """A file in its place stands for every unwritable place."""
    (tmp_path / "runs").write_text("")

    with pytest.raises(SetupError, match="run folder"), claim(tmp_path / "runs" / "7"):
        pass
