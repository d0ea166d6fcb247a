"""What all requests share: the project that is served, its runs as they are watched, threads."""

from __future__ import annotations

import getpass
import hashlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbkit.api.watching import RunWatch
from nbkit.app.job_files import JobFiles
from nbkit.on_disk import address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbkit.service.loop import Loop
    from nbkit.service.pages.shown import Shown
    from nbkit.service.pages.waits import WaitsSeen
    from nbkit.settings import Settings

_AT_ONCE = 16


@dataclass(slots=False)
class Project:
    """A project that is served.

    Attributes:
        settings: of the project.
        base_path: of the server's addresses, such as `/` or, under JupyterHub, `/user/me/`.
        home: the folder that JupyterLab shows; None for that of the project.
        log: where the server's own messages go.
        threads: in which requests are answered.
        writing: held by whoever changes a file of the project's own.
        lines: runs as lists show them, each with the record that its line was made of.
    """

    settings: Settings
    base_path: str = "/"
    home: Path | None = None
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger("nbkit.service")
    )
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="nbkit-api")
    )
    writing: threading.RLock = field(default_factory=threading.RLock)
    lines: dict[int, tuple[Any, dict[str, Any]]] = field(default_factory=dict)

    _loop: Loop | None = None

    def start(self, tell: Callable[[str], None], pages: Callable[[], str]) -> None:
        """Let triggers fire from now on.

        Args:
            tell: is told what happens, in one line each.
            pages: returns the address that the id of a run is appended to, for its page.
        """
        from nbkit.service.loop import Loop

        self._loop = Loop(self.settings, tell, pages=pages)
        self._loop.start()

    @cached_property
    def watch(self) -> RunWatch:
        """Runs as they stand."""
        return RunWatch(self.settings)

    @cached_property
    def shown(self) -> Shown:
        """Runs as pages show them."""
        from nbkit.service.pages.shown import Shown

        return Shown(self.watch)

    @cached_property
    def waits(self) -> WaitsSeen:
        """What deployed jobs wait for."""
        from nbkit.service.pages.waits import WaitsSeen

        return WaitsSeen(self.settings)

    @cached_property
    def job_files(self) -> JobFiles:
        """The files of the project that are jobs."""
        return JobFiles(self.settings)

    def lab_path(self, place: Path) -> str:
        """Return a place as JupyterLab names it; empty for what is outside of what it shows."""
        home = (self.home or self.settings.root).resolve()
        return place.relative_to(home).as_posix() if place.is_relative_to(home) else ""

    @property
    def inside(self) -> str:
        """Where in the project what JupyterLab shows is; empty for the project's own folder."""
        root = self.settings.root.resolve()
        home = (self.home or root).resolve()
        return "" if home == root else home.relative_to(root).as_posix()

    @cached_property
    def workspace_id(self) -> int:
        """A number of the project's own: the same as long as its folder is."""
        digest = hashlib.sha256(address(self.settings.root.absolute()).encode()).digest()
        return int.from_bytes(digest[:6]) + 1

    @cached_property
    def user(self) -> str:
        """Who started the server: runs are that person's."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container may run as a number that has no name
            return str(os.getuid())

    def url_of(self, host: str) -> str:
        """Return the address of this server, without a slash at its end."""
        return f"{host}{self.base_path}".rstrip("/")

    def close(self) -> None:
        """Let go of everything; runs go on."""
        if self._loop is not None:
            self._loop.stop()
        self.threads.shutdown(wait=False, cancel_futures=True)
        if "waits" in self.__dict__:
            self.waits.close()
        self.watch.close()
