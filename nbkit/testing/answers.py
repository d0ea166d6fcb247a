"""Answers the notebooks that a tested notebook runs, in the test's own process.

So an answer may be a function that closes over the test's variables.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Client, Listener
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from nbkit.near import hint
from nbkit.source_notebook import FOUND_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ADDRESS, KEY = "NBKIT_TEST_ANSWERS", "NBKIT_TEST_ANSWERS_KEY"
"""Environment variables by which a kernel finds the answers."""


class Call(NamedTuple):
    """One `dbutils.notebook.run` of the tested notebook."""

    path: str
    timeout_seconds: int
    arguments: dict[str, str]


class Answers:
    """Waits for calls as long as the notebook runs, a context manager.

    Args:
        given: by the path of a notebook, what it exits with; a function of its arguments; or an
            exception, with whose message it fails.

    Attributes:
        calls: what was asked for.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.calls: list[Call] = []
        self._given = {_plain(path): answer for path, answer in given.items()}
        self._folder = tempfile.mkdtemp(prefix="nbkit-test-")  # private, and a short path
        self._address = os.path.join(self._folder, "answers")  # noqa: PTH118 - a socket's address
        self._key = secrets.token_bytes(32)
        self._listener = Listener(self._address, "AF_UNIX", authkey=self._key)
        self._thread = threading.Thread(target=self._listen, name="nbkit-answers", daemon=True)

    @property
    def env(self) -> dict[str, str]:
        """What the kernel's environment needs."""
        return {ADDRESS: self._address, KEY: self._key.hex()}

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        with suppress(OSError, EOFError), Client(self._address, authkey=self._key) as last:
            last.send(None)
        self._thread.join()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        while True:
            try:
                with self._listener.accept() as connection:
                    asked = connection.recv()
                    if asked is None:
                        return
                    connection.send(self._answer(Call(*asked)))
            except (OSError, EOFError):  # a kernel that was killed while it asked
                continue

    def _answer(self, call: Call) -> tuple[str | None, str]:
        """Return why the notebook failed, or what it exits with."""
        self.calls.append(call)
        name = _plain(call.path)
        if name not in self._given:
            known = hint(name, list(self._given)) if self._given else ""
            return f"{call.path} has no answer in notebook_runs={{…}}{known}", ""
        answer = self._given[name]
        try:
            value = answer(call.arguments) if _is_function(answer) else answer
        except Exception as error:  # noqa: BLE001 - it is the notebook's error
            value = error
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {value}", ""
        return None, str(value)


def ask(path: str, timeout_seconds: int, arguments: Mapping[str, str]) -> tuple[str | None, str]:
    """Ask for an answer, from a kernel."""
    key = bytes.fromhex(os.environ[KEY])
    with Client(os.environ[ADDRESS], authkey=key) as connection:
        connection.send((path, timeout_seconds, dict(arguments)))
        answer: tuple[str | None, str] = connection.recv()
        return answer


def _plain(path: str) -> str:
    plain = PurePosixPath(path)
    return str(plain.with_suffix("") if plain.suffix in FOUND_BY_NAME else plain)


def _is_function(answer: Callable[..., Any] | object) -> bool:
    return callable(answer) and not isinstance(answer, type)
