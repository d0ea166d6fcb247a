"""An owner shows that it lives for as long as its process does, and no longer."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nbkit.errors import SetupError
from nbkit.ledger.owner import FOLDER, Owner, is_held

HOLD = """
import sys, time
from pathlib import Path
from nbkit.ledger.owner import Owner
owner = Owner(Path(sys.argv[1]))
owner.appear()
print(owner.lock, flush=True)
time.sleep(60)
"""


def test_an_owner_lives_from_its_appearance_until_it_leaves(tmp_path):
    """Nothing is made before, and nothing is left after."""
    owner = Owner(tmp_path / "runs")
    assert not is_held(owner.lock)
    assert not (tmp_path / "runs").exists()

    owner.appear()
    owner.appear()
    assert is_held(owner.lock)

    owner.leave()
    assert not is_held(owner.lock)
    assert list((tmp_path / "runs" / FOLDER).iterdir()) == []


def test_an_owner_dies_with_its_killed_process(tmp_path):
    """Kill -9 is known at once."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        lock = process.stdout.readline().strip()
        live = is_held(lock)
        process.kill()

    assert live
    assert not is_held(lock)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    """A file in its place stands for every unwritable place."""
    (tmp_path / "runs").write_text("")

    with pytest.raises(SetupError, match="folder of runs"):
        Owner(tmp_path / "runs").appear()
