"""A ledger of an older nbkit is taken along, whatever it is in; a newer one is refused."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from nbkit.errors import SetupError
from nbkit.events import Noted, RunFinished
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.store import Ledger
from nbkit.ledger.tables import SCHEMA_VERSION, metadata

OLDER = Path(__file__).parent / "older"
VERSIONS = sorted({int(file.name.split(".")[0][8:]) for file in OLDER.glob("version_*.sql")})


@pytest.fixture(params=VERSIONS)
def older(request, url):
    """A ledger as an older nbkit left it: one run that succeeded, two that lost their process."""
    kind = url.partition(":")[0]
    script = (OLDER / f"version_{request.param}.{kind}.sql").read_text()
    if kind == "postgresql":
        with psycopg.connect(url) as connection:
            connection.execute(script.replace("public.", ""))
    else:
        file = Path(url.removeprefix("sqlite:///"))
        file.parent.mkdir()
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(script)
    return url


def engine_of(url):
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def test_every_older_version_has_an_example():
    """Whoever changes the tables leaves one behind, made by the nbkit of then."""
    assert list(range(1, SCHEMA_VERSION)) == VERSIONS


def test_its_runs_are_all_there_and_go_on(older):
    """They are read, claimed and written, and new ones are made."""
    with closing(Ledger(older)) as ledger:
        assert [(run.run_id, run.result) for run in ledger.runs()] == [
            (3, None),
            (2, None),
            (1, "SUCCESS"),
        ]
        assert [event.kind for event in ledger.read(1)] == [
            "run_started",
            "condition_evaluated",
            "run_finished",
        ]
        assert ledger.cancel_requested(2)
        assert ledger.live_runs() == set()
        with pytest.raises(TokenTakenError):
            ledger.begin("etl", 77, "{}", "job.json", "token")
        ledger.claim(2)
        ledger.append(2, RunFinished(9, "CANCELED", "USER_CANCELED"))
        assert ledger.begin("new", 9, "{}", "job.json") > 3
        assert [event.kind for event in ledger.read(2)] == ["run_started", "run_finished"]


def test_its_tables_are_then_those_of_a_new_ledger(older):
    """Column by column, index by index."""
    Ledger(older).close()
    engine = engine_of(older)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_many_may_take_it_along_at_once(older):
    """It is changed once."""
    ledgers, barrier = [], threading.Barrier(6)

    def open_it():
        barrier.wait()
        ledgers.append(Ledger(older))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(ledgers) == 6
    for ledger in ledgers:
        assert len(ledger.runs()) == 3
        ledger.close()


def test_it_is_read_as_it_is(older, request):
    """Whoever only reads changes nothing, and may not have the right to."""
    with closing(Ledger(older, reading=True)) as ledger:
        assert len(ledger.runs()) == 3
        assert len(ledger.read(1)) == 3
        assert ledger.live_runs() == set()
        assert not ledger.is_live(2)
        assert ledger.jobs.all() == []
    engine = engine_of(older)
    version = request.node.callspec.params["older"]
    with engine.connect() as connection:
        assert connection.scalar(text("select version from nbkit_schema")) == version
    engine.dispose()


def test_a_reader_of_a_server_needs_no_right_to_write(postgresql):
    """A person who may only select sees every run; writing is refused in one sentence."""
    url = postgresql.database()
    schema = url.rpartition("%3D")[2]
    with closing(Ledger(url)) as ledger:
        run_id = ledger.begin("job", 7, "{}", "job.json")
        ledger.append(run_id, Noted(1, "seen"))
    postgresql.sql("CREATE ROLE reader LOGIN")
    postgresql.sql(f"GRANT USAGE ON SCHEMA {schema} TO reader")
    postgresql.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")
    with closing(Ledger(url.replace("nbkit@", "reader@"), reading=True)) as ledger:
        assert [event.message for event in ledger.read(run_id)] == ["seen"]
        assert len(ledger.runs()) == 1
        assert not ledger.is_live(run_id)
    with (
        closing(Ledger(url.replace("nbkit@", "reader@"))) as ledger,
        pytest.raises(SetupError, match="permission denied"),
    ):
        ledger.begin("job", 7, "{}", "job.json")


def test_other_databases_are_refused_by_name():
    """Before anything is loaded or made."""
    with pytest.raises(SetupError, match="no SQLite or PostgreSQL database"):
        Ledger("mysql://me:secret@localhost/x")
