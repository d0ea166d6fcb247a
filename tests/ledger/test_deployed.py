"""Deployed jobs in every database that they can be in."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from nbkit.errors import JobNotFoundError
from nbkit.ledger.deployed import DeployedJob
from nbkit.ledger.store import Ledger


def test_changes_at_the_same_time_are_all_kept(url):
    """Each is made of what the others left."""
    with closing(Ledger(url)) as ledger:
        ledger.jobs.deploy([DeployedJob(7, "job", {"name": "job", "n": 0})])

        def count():
            for _ in range(10):
                ledger.jobs.change(7, lambda had: had | {"n": had["n"] + 1}, editor="")

        threads = [threading.Thread(target=count) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert ledger.jobs.get(7).settings["n"] == 40
        with pytest.raises(JobNotFoundError):
            ledger.jobs.get(2**70)
