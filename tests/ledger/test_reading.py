"""Looking at a ledger makes nothing and changes nothing, and works where nothing may be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nbkit.errors import RunNotFoundError, SetupError
from nbkit.events import Noted
from nbkit.ledger.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

_HUGE = 99999999999999999999
_LOOK = """
import json, sys
from nbkit.ledger.store import Ledger
ledger = Ledger(sys.argv[1], reading=True)
print(json.dumps([[e.message for e in ledger.read(run.run_id)] for run in ledger.runs()]))
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "runs" / "ledger.db"


@pytest.fixture
def url(file):
    return f"sqlite:///{file}"


def written(url: str, *messages: str) -> Ledger:
    ledger = Ledger(url)
    run_id = ledger.begin("job", 7, '{"name": "job"}', "job.json")
    ledger.append_many(run_id, (Noted(1, message) for message in messages))
    return ledger


def seen_by_somebody_who_may_only_read(url: str, folder: Path) -> list[list[str]]:
    command = [sys.executable, "-c", _LOOK, url]
    if os.geteuid() == 0:  # root may write anywhere, unless it lets go of that
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    files = (*folder.iterdir(), folder)
    for each in files:
        each.chmod(0o555 if each is folder else 0o444)
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        for each in files:
            each.chmod(0o755)
    return json.loads(found.stdout)


def test_a_ledger_that_is_not_there_holds_no_run_and_is_not_made(url, file):
    """`nbkit runs` in a folder that is no project leaves no trace."""
    ledger = Ledger(url, reading=True)

    assert ledger.runs() == []
    with pytest.raises(RunNotFoundError, match="holds none yet"):
        ledger.read(1)
    assert not file.parent.exists()


def test_an_empty_file_holds_no_run_and_stays_empty(url, file):
    """Such a file is left behind where the disk was full."""
    file.parent.mkdir()
    file.touch()

    assert Ledger(url, reading=True).runs() == []
    assert file.stat().st_size == 0


def test_what_is_written_meanwhile_is_seen(url):
    """A reader beside a writer, as the dashboard is."""
    writer = written(url, "first")
    reader = Ledger(url, reading=True)

    writer.append(1, Noted(2, "second"))

    assert [event.message for event in reader.read(1)] == ["first", "second"]


def test_who_reads_cannot_write(url):
    """The database itself refuses it."""
    written(url, "first").close()

    with pytest.raises(SetupError, match="readonly"):
        Ledger(url, reading=True).redefine(1, "{}")


def test_a_ledger_at_rest_is_read_where_nothing_may_be_written(url, file):
    """Somebody else's project, an archive, a file system mounted for reading."""
    written(url, "first").close()

    assert seen_by_somebody_who_may_only_read(url, file.parent) == [["first"]]


def test_a_ledger_in_use_is_read_with_its_last_events(url, file):
    """They are in the write-ahead log, not in the file."""
    writer = written(url, "first", "last")

    assert seen_by_somebody_who_may_only_read(url, file.parent) == [["first", "last"]]
    writer.close()


def test_a_ledger_whose_writer_was_killed_is_read_with_its_last_events(url, file):
    """A copy of it may have a log and no index of the log."""
    writer = written(url, "first", "last")
    other = file.parent.parent / "copy"
    other.mkdir()
    for each in ("ledger.db", "ledger.db-wal"):
        (other / each).write_bytes((file.parent / each).read_bytes())
    writer.close()

    assert seen_by_somebody_who_may_only_read(f"sqlite:///{other}/ledger.db", other) == [
        ["first", "last"]
    ]


@pytest.mark.parametrize("run_id", [_HUGE, -_HUGE, 2**63, -1, 0])
@pytest.mark.parametrize("reading", [True, False])
def test_a_number_of_any_size_names_a_run_or_none(url, run_id, reading):
    """Databases have 64 bits, people have more."""
    written(url, "first").close()
    ledger = Ledger(url, reading=reading)

    for ask in (ledger.read, ledger.definition):
        with pytest.raises(RunNotFoundError, match=f"There is no run {run_id}; the latest are 1"):
            ask(run_id)
    with pytest.raises(RunNotFoundError):
        ledger.request_cancel(run_id)


def test_a_limit_of_any_size_is_a_limit(url):
    """Whoever asks for more than there can be gets all."""
    ledger = written(url, "first")

    assert len(ledger.runs(limit=_HUGE)) == 1


def test_asking_whether_a_run_goes_on_writes_nothing(url, file):
    """The lock may be somebody else's."""
    writer, reader = written(url, "first"), Ledger(url, reading=True)
    before = sorted(file.parent.rglob("*"))

    assert reader.is_live(1)
    assert reader.live_runs() == {1}
    assert sorted(file.parent.rglob("*")) == before

    writer.close()

    assert not reader.is_live(1)
    assert reader.live_runs() == set()
