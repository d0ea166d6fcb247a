"""`nbkit serve` on a project of a test's own, with notebooks that need no Spark."""

from __future__ import annotations

import configparser
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Served:
    """A server at work.

    Attributes:
        project: whose it is.
        url, token: for clients.
        said: what it has told so far, line by line.
    """

    project: Any
    url: str
    token: str
    said: list[str]

    def ask(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Ask as a client does that knows the token."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        url = f"{self.url}{path}"
        return httpx.request(method, url, json=json, headers=headers, timeout=60, **more)


@contextmanager
def serving(project: Any, *arguments: str) -> Iterator[Served]:
    """Serve a project on a free port of this machine."""
    started = project.start("serve", "--port", "0", *arguments)
    said: list[str] = []
    first = started.process.stderr.readline()
    said.append(first)
    assert "nbkit serves" in first, first + started.process.stderr.read()
    reader = threading.Thread(target=said.extend, args=[started.process.stderr], daemon=True)
    reader.start()
    url = first.split(" at ")[1].split(";")[0]
    profile = configparser.ConfigParser()
    profile.read_string(project.nbkit("serve", "--print-profile").out)
    try:
        yield Served(project, url, profile["nbkit"]["token"], said)
    finally:
        started.process.send_signal(signal.SIGTERM)
        try:
            started.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            started.process.kill()
            started.process.wait()
        reader.join(timeout=10)


@pytest.fixture(scope="module")
def served(shared_project: Any) -> Iterator[Served]:
    """One server for all tests of a file."""
    with serving(shared_project) as server:
        yield server


def write_secret(root: Path, text: str) -> Path:
    """Write the file of secrets as its owner would."""
    file = root / ".nbkit" / "secrets.toml"
    file.parent.mkdir(exist_ok=True)
    file.touch(0o600)
    file.write_text(text)
    return file
