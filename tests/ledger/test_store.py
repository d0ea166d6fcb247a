"""The ledger keeps every event of every run, in order, whatever happens to its process."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from nbkit.errors import RunNotFoundError, SetupError
from nbkit.events import CancelRequested, Event, Noted, RunFinished, RunRepaired, RunStarted
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.store import Ledger
from nbkit.testing import FakeClock, MemoryLedger

if TYPE_CHECKING:
    from nbkit.ledger.reader import Reader


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def ledger(request, tmp_path):
    """All ledgers obey the same rules: the fake is as good as the real ones."""
    if request.param == "memory":
        yield MemoryLedger(FakeClock(5))
        return
    url = f"sqlite:///{tmp_path}/runs/ledger.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").database()
    made = Ledger(url, FakeClock(5))
    yield made
    made.close()


def begun(ledger: Ledger | MemoryLedger, *recorded: Event, name: str = "job") -> int:
    run_id = ledger.begin(name, 77, '{"name": "job"}', "job.json")
    ledger.append_many(run_id, recorded)
    return run_id


def test_events_read_back_in_the_order_of_their_recording(ledger):
    """Each run has its own order, however the runs mix."""
    first, second = begun(ledger), begun(ledger)
    for number in range(5):
        ledger.append(first, Noted(number, f"a{number}"))
        ledger.append(second, Noted(number, f"b{number}"))

    assert [event.message for event in ledger.read(first)] == [f"a{n}" for n in range(5)]
    assert [event.message for event in ledger.read(second)] == [f"b{n}" for n in range(5)]


def test_a_ledger_is_a_reader(ledger):
    """Views get a ledger typed as its reading half."""
    reader: Reader = ledger

    assert reader.runs() == []


def test_events_after_a_place_are_only_the_newer_ones(ledger):
    """A view asks again from the last place it saw; places count from 1."""
    run_id = begun(ledger, Noted(1, "a"), Noted(2, "b"), Noted(3, "c"))

    assert [(seq, event.message) for seq, event in ledger.events_after(run_id, 1)] == [
        (2, "b"),
        (3, "c"),
    ]
    assert ledger.events_after(run_id, 3) == []


def test_run_ids_grow_and_the_definition_is_kept(ledger):
    """A run can be shown and repaired although its file changed."""
    first, second = begun(ledger), begun(ledger)

    assert second > first
    assert ledger.definition(first) == ('{"name": "job"}', "job.json")


def test_runs_come_newest_first_and_can_be_one_jobs_alone(ledger):
    """The list is cut after the filter."""
    mine, other, again = begun(ledger), begun(ledger, name="other"), begun(ledger)

    assert [run.run_id for run in ledger.runs()] == [again, other, mine]
    assert [run.run_id for run in ledger.runs("job")] == [again, mine]
    assert [run.run_id for run in ledger.runs("job", limit=1)] == [again]


STARTED = RunStarted(10, 1, 77, "job")
FINISHED = RunFinished(30, "FAILED", "RUN_EXECUTION_ERROR", "Task a failed")
REPAIRED = RunRepaired(50, 1, ("a",), {})


@pytest.mark.parametrize(
    ("recorded", "summary"),
    [
        ((), ("PENDING", None, None, None, 0)),
        ((STARTED, Noted(20, "x")), ("RUNNING", None, 10, None, 0)),
        ((STARTED, FINISHED), ("TERMINATED", "FAILED", 10, 30, 0)),
        ((STARTED, FINISHED, REPAIRED), ("RUNNING", None, 10, None, 1)),
        (
            (STARTED, FINISHED, REPAIRED, RunFinished(70, "SUCCESS", "SUCCESS")),
            ("TERMINATED", "SUCCESS", 10, 70, 1),
        ),
    ],
)
def test_summaries_follow_the_latest_begin_or_end(ledger, recorded, summary):
    """A repaired run is running again; its start stays the first one."""
    begun(ledger, *recorded)

    (run,) = ledger.runs()

    assert (run.state, run.result, run.started_at, run.finished_at, run.repairs) == summary
    assert (run.job_name, run.job_id, run.source, run.created_at) == ("job", 77, "job.json", 5)


def test_cancel_is_a_request_that_holds_until_forgotten(ledger):
    """Asking twice is asking once; a repair starts without the requests of before."""
    run_id, other = begun(ledger), begun(ledger)
    ledger.request_cancel(run_id)
    ledger.request_cancel(run_id)

    assert ledger.cancel_requested(run_id)
    assert not ledger.cancel_requested(other)

    ledger.forget_requests(run_id)

    assert not ledger.cancel_requested(run_id)


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.read(99),
        lambda ledger: ledger.events_after(99, 0),
        lambda ledger: ledger.definition(99),
        lambda ledger: ledger.request_cancel(99),
        lambda ledger: ledger.append(99, CancelRequested(1)),
    ],
)
def test_an_unknown_run_is_named_with_the_latest_known_ones(ledger, use):
    """The person sees which ids there are."""
    first, second = begun(ledger), begun(ledger)

    with pytest.raises(RunNotFoundError, match=rf"no run 99; the latest are {second}, {first}\."):
        use(ledger)


def test_an_unknown_run_of_an_empty_ledger(ledger):
    """There is nothing to name."""
    with pytest.raises(RunNotFoundError, match="none yet"):
        ledger.read(1)


def test_appending_many_is_all_or_nothing(url):
    """A half-recorded decision would be acted on by half after a crash."""
    ledger = Ledger(url)
    run_id = begun(ledger, Noted(1, "before"))

    with pytest.raises(TypeError):
        ledger.append_many(run_id, [Noted(2, "fine"), Noted(3, object())])

    assert ledger.read(run_id) == [Noted(1, "before")]


def test_threads_may_append_at_once(url):
    """No event is lost and every place is taken once."""
    ledger = Ledger(url)
    run_ids = [begun(ledger) for _ in range(4)]

    def write(run_id):
        for number in range(25):
            ledger.append(run_id, Noted(number, str(run_id)))

    threads = [threading.Thread(target=write, args=(run_id,)) for run_id in run_ids]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    for run_id in run_ids:
        assert [event.at for event in ledger.read(run_id)] == list(range(25))


def test_many_may_open_a_new_ledger_at_once(url):
    """Two first runs of a project that start together both get the tables."""
    ledgers, barrier = [], threading.Barrier(8)

    def open_it():
        barrier.wait()
        ledgers.append(Ledger(url))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(ledgers) == 8
    assert len({begun(ledger) for ledger in ledgers}) == 8


KILLED = """
import os, signal, sys
from pathlib import Path
from nbkit.events import Noted
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.store import Ledger
ledger = Ledger(sys.argv[1], home=Path(sys.argv[2]))
run_id = ledger.begin("job", 1, "{}", "job.json")
for number in range(50):
    ledger.append(run_id, Noted(number, "done"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_appended_outlives_a_killed_process(url, tmp_path):
    """Nothing that `append` returned from is lost to kill -9, and the ledger stays usable."""
    killed = subprocess.run([sys.executable, "-c", KILLED, url, tmp_path], check=False)
    ledger = Ledger(url)

    assert killed.returncode == -9
    assert len(ledger.read(1)) == 50

    ledger.claim(1)
    ledger.append(1, Noted(50, "more"))

    assert ledger.read(1)[-1].message == "more"


def test_a_ledger_can_be_read_while_it_is_written(url):
    """A reader sees what was committed, and never waits."""
    writer, reader = Ledger(url), Ledger(url)
    run_id = begun(writer, Noted(1, "a"))

    with writer._writing() as connection:
        connection.execute(text("delete from events"))

        assert reader.read(run_id) == [Noted(1, "a")]


def test_a_damaged_file_is_a_clear_error(tmp_path):
    """The message names the file; nothing overwrites it."""
    file = tmp_path / "ledger.db"
    file.write_bytes(b"this is not a database at all" * 100)

    with pytest.raises(SetupError, match=r"ledger\.db cannot be used: file is not a database"):
        Ledger(f"sqlite:///{file}")

    assert file.read_bytes().startswith(b"this is not")


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    """A file where a folder should be stands for every unwritable place."""
    (tmp_path / "runs").write_text("")

    with pytest.raises(SetupError, match="cannot be used"):
        Ledger(f"sqlite:///{tmp_path}/runs/ledger.db")


@pytest.mark.parametrize("name", ["a\0b", "🎉\u202e", "'\"; drop table runs; --", "%s :x", "a\nb"])
def test_a_name_of_any_characters_is_kept(ledger, name):
    """Also what a database has no character for."""
    run_id = ledger.begin(name, 7, '{"name": "x"}', "job.json")
    ledger.append(run_id, Noted(1, name))

    assert [event.message for event in ledger.read(run_id)] == [name]
    (listed,) = ledger.runs(name)
    assert listed.job_name in {name, name.replace("\0", "\\0")}


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "nosuchdb://host/x",
        "postgresql+psycopg://u:secret@localhost:1/x",
        "postgresql+nosuch://u:secret@localhost/x",
        "postgresql:///x?host=127.0.0.1&port=1&user=u&password=secret&sslpassword=secret",
        "postgresql://u:secret@localhost:port/x",
        "postgresql://u:a@secret@localhost:1/x",
        "postgresql://u:a@secret:b@localhost/x",
        "postgresql://u:secret@localhost/x?nosuch=1",
        "postgresql:secret@localhost/x",
        "mysql://u:secret@localhost/x",
    ],
)
@pytest.mark.parametrize("reading", [True, False])
def test_urls_that_lead_nowhere_are_clear_errors_without_passwords(url, reading):
    """Bad syntax, an unknown database or a missing client library read alike."""
    with pytest.raises(SetupError) as caught:
        Ledger(url, reading=reading)

    assert "cannot be used" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_ledger_of_a_newer_nbkit_is_refused(url):
    """An older nbkit never writes into tables that it does not know."""
    Ledger(url).close()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("update nbkit_schema set version = 99"))
    engine.dispose()

    with pytest.raises(SetupError, match="newer nbkit"):
        Ledger(url)


def test_a_token_is_taken_once_for_each_job(ledger):
    """The second run that wants it is not made, and learns which run has it."""
    first = ledger.begin("job", 77, "{}", "job.json", "token")
    other = ledger.begin("other", 78, "{}", "other.json", "token")

    with pytest.raises(TokenTakenError) as taken:
        ledger.begin("job", 77, "{}", "job.json", "token")

    assert taken.value.run_id == first == ledger.run_of(77, "token")
    assert other == ledger.run_of(78, "token")
    assert ledger.run_of(77, "another") is None
    assert len(ledger.runs()) == 2
