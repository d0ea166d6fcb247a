"""Which errors another try may cure: judged by what the error says, importing no library.

Transient are conflicts, broken connections, timeouts, locked files and servers that say "later".
Everything else is permanent: bad SQL, a missing column or a KeyError fails again just so.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import typing

from nbkit import foreign_errors

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

STATUSES = frozenset({408, 425, 429, 502, 503, 504})
"""HTTP answers that ask for another try (RFC 9110, RFC 6585, RFC 8470)."""

NUMBERS = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDEADLK,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EINTR,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENOBUFS,
        errno.ENOLCK,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.ETXTBSY,
    }
)
"""Errors of the operating system that pass: busy, locked, unreachable, interrupted."""

LOCKED_ON_WINDOWS = frozenset({32, 33})
"""ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION: another process has the file."""

SQLITE = frozenset({5, 6})
"""SQLITE_BUSY and SQLITE_LOCKED, whatever stands in the higher bytes: another one is writing."""

SQL_STATES = re.compile(r"08\w{3}|40001|40P01|55P03|57P0[123]")
"""SQLSTATE: connection (class 08), serialization failure, deadlock, lock, server shutdown."""

CLASSES: dict[str, frozenset[str]] = {
    "aiohttp": frozenset({"ClientConnectionError", "ClientPayloadError"}),
    "botocore": frozenset({"ConnectionError", "HTTPClientError"}),
    "databricks": frozenset({"DeadlineExceeded", "TemporarilyUnavailable", "TooManyRequests"}),
    "delta": frozenset(
        {
            "ConcurrentAppendException",
            "ConcurrentDeleteDeleteException",
            "ConcurrentDeleteReadException",
            "ConcurrentTransactionException",
            "ConcurrentWriteException",
            "DeltaConcurrentModificationException",
            "MetadataChangedException",
            "ProtocolChangedException",
        }
    ),
    "filelock": frozenset({"Timeout"}),
    "httpcore": frozenset({"NetworkError", "RemoteProtocolError", "TimeoutException"}),
    "httpx": frozenset({"NetworkError", "RemoteProtocolError", "TimeoutException"}),
    "nbkit": frozenset({"DriverLostError"}),
    "py4j": frozenset({"Py4JNetworkError"}),
    "pyspark": frozenset({"RetriesExceeded"}),
    "requests": frozenset({"ChunkedEncodingError", "ConnectionError", "Timeout"}),
    "ssl": frozenset({"SSLEOFError", "SSLZeroReturnError"}),
    "urllib3": frozenset({"NewConnectionError", "ProtocolError", "TimeoutError"}),
}
"""Classes of libraries, by the package that defines them; subclasses count too."""

NEVER: dict[str, frozenset[str]] = {
    "botocore": frozenset({"ProxyConnectionError", "SSLError"}),
    "requests": frozenset({"InvalidProxyURL", "SSLError"}),
}
"""What the libraries derive from those although it does not pass: a bad certificate."""

_ALWAYS = (
    BlockingIOError,
    ConnectionError,
    InterruptedError,
    TimeoutError,
    http.client.IncompleteRead,
)

_OF_JAVA = frozenset({"pyspark", "py4j"})


def is_transient(error: BaseException) -> bool:
    """Say whether another try may cure an error, or what it was explicitly raised from."""
    return any(map(_passes, _links(error)))


def _links(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes (`raise … from`), each once."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        reason = getattr(link, "reason", None)  # urllib's URLError
        link = link.__cause__ or (reason if isinstance(reason, Exception) else None)


def _passes(error: BaseException) -> bool:
    kinds = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__]
    if any(name in NEVER.get(package, ()) for package, name in kinds):
        return False
    status = _status(error)
    if status is not None:
        return status in STATUSES
    return (
        isinstance(error, _ALWAYS)
        or (isinstance(error, OSError) and _system_passes(error))
        or any(name in CLASSES.get(package, ()) for package, name in kinds)
        or (any(package in _OF_JAVA for package, _ in kinds) and _java_passes(error))
        or _server_passes(error)
        or _database_passes(error)
    )


def _java_passes(error: BaseException) -> bool:
    text = str(error)
    return bool(foreign_errors.CONFLICT.said(text) or foreign_errors.NO_NETWORK.said(text))


def _server_passes(error: BaseException) -> bool:
    """Say whether an error of gRPC, or of Spark Connect because of one, tells of a lost server."""
    if not any(
        kind.__name__ in {"SparkConnectException", "RpcError"} for kind in type(error).__mro__
    ):
        return False
    told = getattr(error, "getGrpcStatusCode", getattr(error, "code", str))()
    text = f"{told} {error}"
    return bool(foreign_errors.NO_SERVER.said(text) or foreign_errors.STOPPED.said(text))


def _system_passes(error: OSError) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    return error.errno in NUMBERS or getattr(error, "winerror", None) in LOCKED_ON_WINDOWS


def _database_passes(error: BaseException) -> bool:
    if getattr(error, "connection_invalidated", False) is True:  # SQLAlchemy
        return True
    original = getattr(error, "orig", error)
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in SQLITE
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return isinstance(state, str) and SQL_STATES.fullmatch(state) is not None


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that an error carries, as the clients in use spell it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        response = response.get("ResponseMetadata", {})
        found = [response.get("HTTPStatusCode") if isinstance(response, dict) else None]
    else:
        found = [getattr(response, "status_code", None)]  # requests, httpx
        found += [getattr(error, name, None) for name in ("status_code", "status", "code")]
    return next((code for code in found if type(code) is int and code in range(100, 600)), None)
