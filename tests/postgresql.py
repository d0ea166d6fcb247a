"""A PostgreSQL server of the tests' own: in a temporary folder, on a unix socket alone."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


def programs() -> Path | None:
    """Return the folder of the newest server's programs; None if there is none."""
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    named = shutil.which("postgres")
    return found[-1].parent if found else Path(named).parent if named else None


class Server:
    """A server that can be stopped and started again."""

    def __init__(self, listen: str = "") -> None:
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.folder / "data"
        self.listen = listen
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._user = {}
        if os.geteuid() == 0:  # which the server refuses to be
            nobody = pwd.getpwnam("postgres")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        made = [self.bin / "initdb", "-D", self.data, "-A", "trust", "-U", "nbkit", "-E", "UTF8"]
        self._run(*made, "--no-sync", "--locale=C.UTF-8")

    def start(self) -> None:
        settings = {**SETTINGS, "listen_addresses": self.listen, "port": str(self.port)}
        given = [f"--{name}={value}" for name, value in settings.items()]
        self._process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.data, "-k", self.folder, *given],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            cwd=self.folder,
            **self._user,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self._dsn()).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: at once, with everybody's connections."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def database(self) -> str:
        """Return the URL of a schema that nobody else has: as good as a database, and quicker."""
        name = f"s{next(self._numbers)}"
        self.sql(f"CREATE SCHEMA {name}")
        place = f"host={self.folder}&port={self.port}&options=-csearch_path%3D{name}"
        return f"postgresql://nbkit@/postgres?{place}"

    def sql(self, statement: str) -> None:
        with psycopg.connect(self._dsn(), autocommit=True) as connection:
            connection.execute(statement)

    @property
    def port(self) -> int:
        """Part of the socket's name; a server that listens on the network needs one of its own."""
        return 5432 if not self.listen else 20_000 + os.getpid() % 20_000

    def _dsn(self) -> str:
        return f"host={self.folder} port={self.port} user=nbkit dbname=postgres"

    def _run(self, *command: object) -> None:
        subprocess.run(
            list(map(str, command)),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self._user,
        )
