"""Open the ledger's database, and say clearly when that does not work."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event, insert, make_url, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from nbkit.errors import SetupError
from nbkit.ledger.tables import SCHEMA_VERSION, metadata, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_MILLISECONDS = 30_000
_OPEN_TRIES = 3


def open_database(url: str) -> Engine:
    """Return an engine for `url`, with the ledger's tables in place.

    Raises:
        SetupError: there is no such database, or it is unreadable, damaged or too new.
    """
    with clear_errors(url):
        parsed = make_url(url)
        on_file = parsed.get_backend_name() == "sqlite"
        if on_file:
            _make_folder(parsed)
        engine = create_engine(parsed)
        if on_file:
            event.listen(engine, "connect", _tune_sqlite)
        _prepare(engine, url)
        return engine


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """Turn what databases raise into one message that names the ledger."""
    try:
        yield
    except (SQLAlchemyError, OSError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        message = f"The ledger {shown(url)} cannot be used: {reason}"
        advice = "See `[run] ledger` and `[run] directory` in nbkit.toml."
        raise SetupError(message, advice) from error


def shown(url: str) -> str:
    """Return the URL as people may see it: without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "URL"  # what is no URL may still hold a password


def _make_folder(url: URL) -> None:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _tune_sqlite(connection: Any, _record: object) -> None:
    """Let readers and writers of several processes work at once.

    `synchronous=NORMAL` loses nothing when a process is killed, since what was committed is
    with the operating system by then; only a power failure can take the last moments. `FULL`
    would wait for the disk at every event.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare(engine: Engine, url: str) -> None:
    """Create what is missing; several processes may do so at the same time."""
    for last in (*(False,) * (_OPEN_TRIES - 1), True):
        try:
            metadata.create_all(engine)
            with engine.begin() as connection:
                version = connection.scalar(select(schema.c.version))
                if version is None:
                    connection.execute(insert(schema).values(version=SCHEMA_VERSION))
            break
        except (IntegrityError, OperationalError, ProgrammingError):
            if last:  # it was not another process creating the same tables
                raise
    if version is not None and version > SCHEMA_VERSION:
        message = f"The ledger {shown(url)} was written by a newer nbkit (schema {version})."
        raise SetupError(message, "Upgrade nbkit, or name another ledger in nbkit.toml.")
