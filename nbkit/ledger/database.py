"""Open the ledger's database, and say clearly when that does not work."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sqlalchemy import URL, Engine, create_engine, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from nbkit.errors import SetupError
from nbkit.ledger.patience import LedgerAwayError, passes
from nbkit.ledger.tables import SCHEMA_VERSION, metadata, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_MILLISECONDS = 30_000
_OPEN_TRIES = 3
_ADVICE = "See `[run] ledger` and `[run] directory` in nbkit.toml."
_FROM_POSTGRESQL = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""A server that is gone without a word is to be noticed within seconds, not after hours."""

_PSYCOPG = "Install it with: pip install 'nbkit[postgresql]'"

_CREATING = 7_213_077_454
"""Whoever makes the tables of a ledger holds this lock of PostgreSQL."""


def open_database(url: str) -> Engine:
    """Return an engine for `url`, with the ledger's tables in place and as they are today.

    Raises:
        SetupError: there is no such database, or it is unreadable, damaged or too new.
    """
    with clear_errors(url):
        parsed = _known(url)
        if parsed.get_backend_name() == "sqlite":
            _make_folder(parsed)
            engine = create_engine(parsed)
            event.listen(engine, "connect", _tune_sqlite)
        else:
            engine = _on_server(parsed)
        try:
            _prepare(engine, url)
        except BaseException:
            engine.dispose()
            raise
        return engine


def open_for_reading(url: str) -> Engine:
    """Return an engine for `url` that only reads: nothing is made, nothing is changed.

    A ledger that is not there yet holds no run. One in a folder that may not be written is read
    as well: somebody else's, an archive, a file system that is mounted for reading.

    Raises:
        SetupError: it is unreadable, damaged or too new.
    """
    with clear_errors(url):
        parsed = _known(url)
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite_for_reading(parsed)
        else:
            engine = _on_server(parsed)
        if not inspect(engine).has_table(schema.name):
            engine.dispose()
            return _empty()
        with engine.connect() as connection:
            _refuse_newer(connection.scalar(select(schema.c.version)), url)
        return engine


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """Turn what databases raise into one message that names the ledger."""
    try:
        yield
    except (SQLAlchemyError, OSError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
            raise SetupError(f"The ledger {shown(url)} needs psycopg.", _PSYCOPG) from error
        kind = LedgerAwayError if passes(error) else SetupError
        raise kind(f"The ledger {shown(url)} cannot be used: {reason}", _ADVICE) from error


def shown(url: str) -> str:
    """Return the URL as people may see it: without passwords, wherever it has them."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return "URL"  # what is no URL may still hold a password
    if "@" in (parsed.host or ""):  # of the password, as far as anybody can tell
        parsed = parsed.set(host="***")
    secret = {name: "hidden" for name in parsed.query if "password" in name.lower()}
    return parsed.update_query_dict(secret).render_as_string(hide_password=True)


def folder_of(url: str) -> Path | None:
    """Return the folder of an SQLite database; others have none, nor has one in memory."""
    parsed = make_url(url)
    file = _file_of(parsed) if parsed.get_backend_name() == "sqlite" else None
    return file and file.absolute().parent


def is_there(url: str) -> bool:
    """Tell whether there may be a ledger; of SQLite, whether its file is there."""
    parsed = make_url(url)
    file = _file_of(parsed) if parsed.get_backend_name() == "sqlite" else None
    return file is None or _has_content(file)


def _known(url: str) -> URL:
    """Return the URL of a database that a ledger can be in."""
    try:
        parsed = make_url(url)
    except ValueError:
        raise SetupError("The ledger URL cannot be used: its port is no number.", _ADVICE) from None
    kind = parsed.get_backend_name()
    why = ""
    if kind not in {"sqlite", "postgresql", "postgres"}:
        why = "it is no SQLite or PostgreSQL database"
    elif "@" in (parsed.host or ""):
        why = "an @ in a name or password is written %40"
    if why:
        raise SetupError(f"The ledger {shown(url)} cannot be used: {why}.", _ADVICE)
    named = {"postgresql", "postgres"}
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in named else parsed


def _on_server(url: URL) -> Engine:
    libpq = url.get_driver_name() in {"psycopg", "psycopg2"}
    patience = {name: to for name, to in _FROM_POSTGRESQL.items() if name not in url.query}
    arguments = patience if libpq else {}
    return create_engine(url, connect_args=arguments, pool_pre_ping=True)


def _sqlite_for_reading(url: URL) -> Engine:
    file = _file_of(url)
    if file is None:
        return create_engine(url)
    if not _has_content(file):
        return _empty()
    engine = _read_only(file)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1")
    except OperationalError:  # the write-ahead log wants a file beside it, which cannot be made
        engine.dispose()
        return _beside_its_log(file)
    return engine


def _file_of(url: URL) -> Path | None:
    """Return the file of an SQLite database; one in memory has none."""
    named = url.database or ":memory:"
    if named == ":memory:":
        return None
    return Path(unquote(named[5:], errors="surrogateescape") if named[:5] == "file:" else named)


def _has_content(file: Path) -> bool:
    try:
        return bool(file.stat().st_size)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _beside_its_log(file: Path) -> Engine:
    """Return an engine on a ledger whose folder cannot be written."""
    log = Path(f"{file}-wal")
    if not _has_content(log):
        return _read_only(file, immutable="1")
    folder = Path(tempfile.mkdtemp(prefix="nbkit-ledger-"))
    try:  # events are in the log that a copy can take up, and nothing else
        for each in (file, log):
            shutil.copy(each, folder / each.name)
        return _in_memory(folder / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_only(file: Path, **more: str) -> Engine:
    named = f"file:{quote(str(file.absolute()), errors='surrogateescape')}"
    url = URL.create("sqlite", database=named, query={"mode": "ro", "uri": "true", **more})
    engine = create_engine(url)
    event.listen(engine, "connect", _be_patient)
    return engine


def _in_memory(file: Path) -> Engine:
    """Return an engine on what a file holds now."""
    engine = _empty(with_tables=False)
    source = create_engine(URL.create("sqlite", database=str(file)))
    with engine.connect() as to, source.connect() as taken:
        copied, target = taken.connection.driver_connection, to.connection.driver_connection
        assert copied is not None
        copied.backup(target)
    source.dispose()
    return engine


def _empty(*, with_tables: bool = True) -> Engine:
    """Return an engine on a ledger that nothing was ever written to."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    if with_tables:
        metadata.create_all(engine)
    return engine


def _make_folder(url: URL) -> None:
    file = _file_of(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)


def _tune_sqlite(connection: Any, _record: object) -> None:
    """Let readers and writers of several processes work at once.

    `synchronous=NORMAL` loses nothing when a process is killed, since what was committed is
    with the operating system by then; only a power failure can take the last moments. `FULL`
    would wait for the disk at every event.
    """
    _be_patient(connection, _record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _be_patient(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")


def _prepare(engine: Engine, url: str) -> None:
    """Create or change what is not as it is today; one that is up to date is only asked."""
    version = _version(engine)
    if version is None:
        _create(engine)
        version = _version(engine)
    _refuse_newer(version, url)
    if version is not None and version < SCHEMA_VERSION:
        from nbkit.ledger.migrations import bring_up_to_date

        with engine.begin() as connection:
            bring_up_to_date(connection)


def _version(engine: Engine) -> int | None:
    """Return the version of the tables; None if there are none yet."""
    for last in (False, True):
        try:
            with engine.connect() as connection:
                version: int | None = connection.scalar(select(schema.c.version))
                return version
        except (OperationalError, ProgrammingError):
            if not inspect(engine).has_table(schema.name):
                break
            if last:  # it was not made just now
                raise
    return None


def _create(engine: Engine) -> None:
    """Make the tables; several processes may do so at the same time."""
    for last in (*(False,) * (_OPEN_TRIES - 1), True):
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    lock = text("SELECT pg_advisory_xact_lock(:key)")
                    connection.execute(lock, {"key": _CREATING})
                else:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")  # or each table commits by itself
                metadata.create_all(connection)
                if connection.scalar(select(schema.c.version)) is None:
                    connection.execute(insert(schema).values(version=SCHEMA_VERSION))
            break
        except (IntegrityError, OperationalError, ProgrammingError):
            if last:  # it was not another process creating the same tables
                raise


def _refuse_newer(version: int | None, url: str) -> None:
    if version is not None and version > SCHEMA_VERSION:
        message = f"The ledger {shown(url)} was written by a newer nbkit (schema {version})."
        raise SetupError(message, "Upgrade nbkit, or name another ledger in nbkit.toml.")
