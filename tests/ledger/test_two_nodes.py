"""Two nodes on one ledger, killed and paused at random: each event once, none of a former owner."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from proving import rounds

from nbkit.events import Noted
from nbkit.ledger.store import Ledger

WRITER = Path(__file__).with_name("writer.py")
PAUSE_SECONDS = 1.4
"""Longer than the writers' lease."""

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(1800)]


class Writer:
    def __init__(self, url, folder, name, run_id):
        self.log = folder / f"{name}.log"
        self.command = [sys.executable, WRITER, url, folder / name, str(run_id), self.log]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([str(part) for part in self.command])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        self.process.send_signal(signal.SIGCONT)


def test_every_event_is_recorded_once_and_by_the_owner_of_then(postgresql, tmp_path):
    """Whatever `append` returned from is there, and whoever lost the run wrote nothing more."""
    url, chance = postgresql.database(), random.Random(14)
    with closing(Ledger(url, home=tmp_path)) as ledger:
        run_id = ledger.begin("job", 7, "{}", "job.json")
    writers = [Writer(url, tmp_path, name, run_id) for name in "ab"]
    try:
        for _ in range(rounds(8, 100)):
            time.sleep(chance.uniform(0.3, 1.2))
            writer = chance.choice(writers)
            if chance.random() < 0.5:
                writer.pause()
            else:
                writer.kill()
                writer.start()
        time.sleep(1)
    finally:
        for writer in writers:
            writer.kill()

    with closing(Ledger(url, reading=True)) as ledger:
        recorded = ledger.events_after(run_id, 0)
    texts = [each.event.message for each in recorded]
    acknowledged = [line for writer in writers for line in writer.log.read_text().splitlines()]
    fences = [int(text.split()[0]) for text in texts]
    assert all(isinstance(each.event, Noted) for each in recorded)
    assert [each.seq for each in recorded] == list(range(1, len(recorded) + 1))
    assert len(set(texts)) == len(texts)
    assert set(acknowledged) <= set(texts)
    assert fences == sorted(fences)
    assert len(set(fences)) > rounds(8, 100) / 4  # the run did change hands
    for mine in {text.split()[1] for text in texts}:
        numbers = [text.split()[2] for text in texts if text.split()[1] == mine]
        assert numbers == sorted(numbers, key=lambda each: [int(part) for part in each.split(".")])
