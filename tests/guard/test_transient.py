"""Which errors another try may cure."""

from __future__ import annotations

import errno
import http.client
import io
import socket
import sqlite3
import ssl
import tempfile
import urllib.error

import pytest

from nbkit.errors import DriverLostError
from nbkit.guard.transient import CLASSES, is_transient


def foreign(module: str, name: str, *bases: type, **fields: object) -> Exception:
    """An error of a library, known by its names alone."""
    kind = type(name, bases or (Exception,), {"__module__": module})
    error = kind(fields.pop("message", "it says so"))
    for field, value in fields.items():
        setattr(error, field, value)
    return error


def answer(status: int) -> object:
    return type("Response", (), {"status_code": status})()


def raised_from(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def of_connect(name: str, status: str, message: str) -> Exception:
    """An error of Spark Connect's client, with the status of gRPC that it came with."""
    base = type(foreign("pyspark.errors.exceptions.connect", "SparkConnectException"))
    return foreign(base.__module__, name, base, message=message, getGrpcStatusCode=lambda: status)


def locked() -> Exception:
    """What SQLite raises where another connection is writing."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = (sqlite3.connect(f"{folder}/a.db", timeout=0) for _ in range(2))
        one.execute("BEGIN IMMEDIATE")
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return error
        finally:
            one.close()
            other.close()
    raise AssertionError


def no_table() -> Exception:
    """What SQLite raises of a mistake."""
    with pytest.raises(sqlite3.OperationalError) as found:
        sqlite3.connect(":memory:").execute("SELECT * FROM nope")
    return found.value


JAVA_CONFLICT = "An error occurred while calling o1.save.\n: io.delta.exceptions.ConcurrentAppend"

TRANSIENT = [
    ConnectionResetError("reset by peer"),
    BrokenPipeError(),
    http.client.RemoteDisconnected("no answer"),
    http.client.IncompleteRead(b""),
    TimeoutError("slow"),
    TimeoutError(errno.ETIMEDOUT, "timed out"),
    OSError(errno.EBUSY, "device or resource busy"),
    OSError(errno.ESTALE, "stale file handle"),
    BlockingIOError("locked"),
    socket.gaierror(socket.EAI_AGAIN, "temporary failure in name resolution"),
    urllib.error.URLError(ConnectionRefusedError()),
    urllib.error.HTTPError("u", 503, "unavailable", None, io.BytesIO()),
    locked(),
    DriverLostError("gone"),
    foreign("ssl", "SSLEOFError", ssl.SSLError),
    foreign("delta.exceptions", "ConcurrentAppendException"),
    foreign("pyspark.errors.exceptions.captured", "UnknownException", message=JAVA_CONFLICT),
    foreign("pyspark.errors", "AnalysisException", message="[DELTA_CONCURRENT_APPEND] again"),
    of_connect("SparkConnectGrpcException", "StatusCode.UNAVAILABLE", "connection refused"),
    of_connect("SparkConnectGrpcException", "StatusCode.CANCELLED", "Stream removed (RST_STREAM)"),
    foreign("py4j.protocol", "Py4JJavaError", message=JAVA_CONFLICT),
    foreign("py4j.protocol", "Py4JNetworkError"),
    foreign("requests.exceptions", "ReadTimeout", type(foreign("requests.exceptions", "Timeout"))),
    foreign("requests.exceptions", "HTTPError", OSError, response=answer(429)),
    foreign("aiohttp.client_exceptions", "ClientResponseError", status=502),
    foreign("openai", "APIStatusError", status_code=503),
    foreign("botocore", "ClientError", response={"ResponseMetadata": {"HTTPStatusCode": 503}}),
    foreign("databricks.sdk.errors.platform", "TooManyRequests"),
    foreign("psycopg.errors", "SerializationFailure", sqlstate="40001"),
    foreign("psycopg2.errors", "DeadlockDetected", pgcode="40P01"),
    foreign("sqlalchemy.exc", "OperationalError", orig=locked()),
    foreign("sqlalchemy.exc", "DBAPIError", connection_invalidated=True),
    raised_from(RuntimeError("load failed"), ConnectionResetError()),
]

PERMANENT = [
    KeyError("column"),
    ValueError("not a number"),
    ZeroDivisionError(),
    AssertionError(),
    FileNotFoundError(errno.ENOENT, "no such file"),
    PermissionError(errno.EACCES, "denied"),
    OSError(errno.ENOSPC, "disk full"),
    socket.gaierror(socket.EAI_NONAME, "unknown host"),
    ssl.SSLCertVerificationError("bad certificate"),
    urllib.error.HTTPError("u", 404, "not found", None, io.BytesIO()),
    no_table(),
    foreign("sqlalchemy.exc", "OperationalError", orig=no_table()),
    foreign("pyspark.errors", "AnalysisException", message="[TABLE_OR_VIEW_NOT_FOUND] t"),
    foreign("pyspark.errors", "ParseException", message="[PARSE_SYNTAX_ERROR]"),
    of_connect("AnalysisException", "StatusCode.INTERNAL", "[TABLE_OR_VIEW_NOT_FOUND] t"),
    foreign("py4j.protocol", "Py4JJavaError", message="java.lang.IllegalArgumentException"),
    foreign("requests.exceptions", "HTTPError", OSError, response=answer(404)),
    foreign(
        "requests.exceptions", "SSLError", type(foreign("requests.exceptions", "ConnectionError"))
    ),
    foreign("mine", "ConcurrentAppendException"),
    foreign("psycopg.errors", "UniqueViolation", sqlstate="23505"),
]


def named(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__name__}: {error}"[:60]


@pytest.mark.parametrize("error", TRANSIENT, ids=named)
def test_what_passes_is_transient(error):
    """Conflicts, connections, timeouts, locks and servers that say "later" are worth a try."""
    assert is_transient(error)


@pytest.mark.parametrize("error", PERMANENT, ids=named)
def test_what_stays_is_permanent(error):
    """What would fail again just so is not tried again."""
    assert not is_transient(error)


def test_a_circle_of_causes_ends():
    """Errors that were raised from each other are looked at once."""
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert not is_transient(one)


def test_only_what_it_was_raised_from_counts():
    """An error in an except block is its own; what it merely happened during does not count."""
    error = ValueError("wrong handler")
    error.__context__ = ConnectionResetError()
    assert not is_transient(error)


def test_deltas_own_classes():
    """Each conflict that delta-spark knows is transient."""
    import delta.exceptions as delta

    names = [name for name in dir(delta) if name.endswith("Exception")]
    assert set(names) == CLASSES["delta"]
    assert all(is_transient(getattr(delta, name)("a conflict")) for name in names)
