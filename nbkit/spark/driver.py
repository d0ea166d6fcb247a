"""The driver process: owns the JVM, serves leases, ends with the last of them.

`python -m nbkit.spark.driver --project DIR [--keep]`. Requests, one JSON line each:

{"want": "session", "conf": {…}}   a session of one's own, as long as the connection lasts
{"want": "hold", "stay": seconds}  keep the driver alive, as long as the connection lasts, and
                                   so long after the last one
{"want": "watch"}                  hear of the driver's end, without keeping it alive
{"want": "hide", "values": […]}    keep values out of the log; answered when they are
{"want": "places", "tables": […]}  where tables are; null while Spark starts
{"want": "ui"}                     the address of Spark's pages, once Spark is there
{"want": "room"}                   end, if it is idle and stays only by courtesy
{"want": "status"}, {"want": "keep"}, {"want": "stop"}
{"do": "cancel"}                   on the connection of a session: interrupt its jobs
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.channel import Channel, Line
from nbkit.errors import NbkitError, SetupError
from nbkit.settings import Settings
from nbkit.spark import discovery, idle, java_classes, metastore, table_places, ui
from nbkit.spark.class_data import archive_options
from nbkit.spark.conf import driver_conf
from nbkit.spark.jars import ensure_jars
from nbkit.spark.java import find_java
from nbkit.spark.jvm import Jvm, start_jvm
from nbkit.spark.log import Log
from nbkit.spark.sessions import LeasedSession, first_lines, open_root
from nbkit.spark.warehouse import show_in_dbfs
from nbkit.spark.warm_up import run, statements

if TYPE_CHECKING:
    from collections.abc import Callable

_WARM_UP_AFTER = 5  # seconds without a session
_PATIENCE = 30  # seconds that a new driver waits for its first lease
_LOG = logging.getLogger("nbkit.driver")


class Driver:
    """The state of the process: who holds it, whether Spark is there, why it ends."""

    def __init__(
        self, settings: Settings, scratch: Path, address: discovery.DriverAddress, *, keep: bool
    ) -> None:
        self.settings = settings
        self.scratch = scratch
        self.address = address
        self.keep = keep
        self.log = Log()
        self._changed = threading.Condition()
        self._leases = 0
        self._sessions = 0
        self._stay = idle.Stay(settings.spark.grace_seconds, time.monotonic() + _PATIENCE)
        self._ending = ""
        self._failure: Line | None = None
        self._jvm: Jvm | None = None
        self._root: Any = None
        self._rested = False

    def start_spark(self, owner: int) -> None:
        """Start the JVM and the Spark context, then let waiting leases go on."""
        began = time.monotonic()
        try:
            show_in_dbfs(self.settings)
            options = archive_options(find_java(self.settings.spark.java))
            with self.log.taking() as output:
                jvm = start_jvm(
                    self.settings, self.scratch, options=options, inherited=[owner], output=output
                )
            self._jvm = jvm
            if said := java_classes.problem():
                _LOG.warning("No three-level names: %s", said)
            threading.Thread(target=self._watch, args=[jvm], daemon=True).start()
            conf = driver_conf(self.settings, ensure_jars(), self.scratch)
            conf |= ui.conf(self.settings, self.scratch)
            with metastore.ready(jvm.gateway.jvm, self.settings.spark.metastore):
                root = open_root(jvm, conf)
        except Exception as error:  # noqa: BLE001 - whatever it is, the clients get it
            _LOG.exception("Spark did not start")
            self._fail(error)
            return
        _LOG.warning("Spark is ready after %.1f s", time.monotonic() - began)
        with self._changed:
            self._root = root
            self._changed.notify_all()
        self._warm_up(root)

    def _warm_up(self, root: Any) -> None:
        """Use the time until the first session; work that waits is never delayed for it."""
        time.sleep(_WARM_UP_AFTER)
        session = root.newSession()
        for statement in statements(self.scratch / "warm", catalog=False):
            if self._sessions or self._ending:
                return
            run(session, statement)

    def _watch(self, jvm: Jvm) -> None:
        status = jvm.process.wait()
        self.end(f"the JVM ended with status {status}")

    def _fail(self, error: Exception) -> None:
        failure: Line = {
            "error": f"Spark did not start: {first_lines(error)}",
            "advice": f"See {discovery.log_file(self.settings)}.",
        }
        if isinstance(error, NbkitError):
            failure |= _told(error)
        with self._changed:
            self._failure = failure
            self.keep = False
            self._changed.notify_all()

    def end(self, why: str) -> None:
        """Make `wait` return; the first reason stands."""
        with self._changed:
            self._ending = self._ending or why
            self._changed.notify_all()

    def wait(self) -> str:
        """Wait for the end, and return the reason."""
        with self._changed:
            while not self._ending:
                if self._leases:
                    self._changed.wait()
                elif discovery.read(self.settings) != self.address:
                    self._ending = "its project's folder .nbkit was removed: nobody can find it"
                elif self.keep:
                    self._changed.wait(idle.LOOK_EVERY_SECONDS)
                elif (left := self._stay.left) <= 0:
                    self._ending = "nobody holds it"
                elif self._stay.by_courtesy:
                    self._changed.wait(min(left, idle.LOOK_EVERY_SECONDS))
                    self._rest()
                else:
                    self._changed.wait(left)
            return self._ending

    def _rest(self) -> None:
        """While idle: hold little memory, and none that others need."""
        if self._leases or self._ending:
            return
        if idle.memory_is_short():
            self._ending = "this machine is short of memory"
        elif not self._rested and self._jvm and not java_classes.problem():
            self._rested = True
            self._jvm.gateway.jvm.nbkit.IdleMemory.giveBack()

    def close(self) -> None:
        """End the JVM, if there is one."""
        if self._jvm:
            self._jvm.end()
        self.log.close()

    def serve(self, channel: Channel) -> None:
        """Answer one connection until its end; runs in a thread of its own."""
        answers: dict[Any, Callable[[Channel, Line], None]] = {
            "session": self._serve_session,
            "hold": self._serve_hold,
            "watch": self._serve_watch,
            "hide": self._serve_hide,
            "places": self._serve_places,
            "ui": self._serve_ui,
            "status": lambda channel, _: channel.send(self._status()),
            "keep": self._serve_keep,
            "stop": self._serve_stop,
            "room": self._serve_room,
        }
        try:
            if line := channel.receive():
                answers[line.get("want")](channel, line)
        except OSError:
            pass  # the client is gone: what its lease had is ended below it
        except Exception:  # noqa: BLE001 - one bad lease must not end the others
            _LOG.exception("A lease ended badly")
        finally:
            channel.close()

    def _status(self) -> Line:
        with self._changed:
            return {
                "state": "failed" if self._failure else "running" if self._root else "starting",
                "pid": os.getpid(),
                "jvm_pid": self._jvm.process.pid if self._jvm else None,
                "started": self.address.started,
                "leases": self._leases,
                "sessions": self._sessions,
                "keep": self.keep,
                "ends_in": self._ends_in(),
                "master": self.settings.spark.master,
                **(self._failure or {}),
            }

    def _ends_in(self) -> float | None:
        """Return how many seconds it stays without users; None with some, or for ever."""
        return None if self._leases or self.keep else round(max(0.0, self._stay.left), 1)

    def _serve_room(self, channel: Channel, _: Line) -> None:
        with self._changed:
            idle_now = not (self._leases or self.keep) and self._stay.by_courtesy
        channel.send({"leaves": idle_now})
        if idle_now:
            self.end("another project starts a driver")

    def _serve_keep(self, channel: Channel, _: Line) -> None:
        with self._changed:
            self.keep = True
            self._changed.notify_all()
        channel.send(self._status())

    def _serve_stop(self, channel: Channel, _: Line) -> None:
        channel.send(self._status())
        self.end("it was told to stop")

    def _serve_hold(self, channel: Channel, line: Line) -> None:
        with _Lease(self):
            with self._changed:
                first = self._stay.ask(float(line.get("stay") or 0))
            self._ready(channel)
            channel.send({**self._status(), "stays_from_now_on": first})
            channel.receive()

    def _serve_watch(self, channel: Channel, _: Line) -> None:
        channel.receive()

    def _serve_hide(self, channel: Channel, line: Line) -> None:
        for value in line["values"]:
            self.log.hide(value)
        channel.send({"hidden": len(line["values"])})

    def _serve_places(self, channel: Channel, line: Line) -> None:
        root = self._root
        channel.send({"places": root and table_places.looked_up(root, line["tables"])})

    def _serve_ui(self, channel: Channel, _: Line) -> None:
        _jvm, root = self._ready(channel)
        try:
            channel.send({"address": ui.address(root.sparkContext(), self.settings, self.scratch)})
        except SetupError as error:
            channel.send(_told(error))

    def _serve_session(self, channel: Channel, line: Line) -> None:
        with _Lease(self):
            jvm, root = self._ready(channel)
            with self._changed:
                self._sessions += 1
                number = self._sessions
            leased = LeasedSession.open(jvm, root, number, line.get("conf") or {})
            try:
                channel.send(leased.described())
                while channel.receive() is not None:
                    leased.cancel()
            finally:
                leased.close()

    def _ready(self, channel: Channel) -> tuple[Jvm, Any]:
        with self._changed:
            self._changed.wait_for(lambda: self._root or self._failure or self._ending)
            if self._failure or not self._jvm:
                channel.send(self._failure or {"error": "The Spark driver is ending."})
                raise ConnectionAbortedError
            return self._jvm, self._root

    def lease_changed(self, by: int) -> None:
        """Count one lease more or less."""
        with self._changed:
            self._leases += by
            self._rested = False
            self._stay.begin()
            self._changed.notify_all()


def _told(error: NbkitError) -> Line:
    """Return an error as clients are told of it: what to do by itself."""
    advice = getattr(error, "advice", "")
    told: Line = {"error": str(error).removesuffix(f"\n{advice}")}
    return {**told, "advice": advice} if advice else told


class _Lease:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __enter__(self) -> None:
        self._driver.lease_changed(+1)

    def __exit__(self, *_: object) -> None:
        self._driver.lease_changed(-1)


def _accept(listener: socket.socket, driver: Driver) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # closed: the driver is ending
        threading.Thread(target=driver.serve, args=[Channel(connection)], daemon=True).start()


def _run(settings: Settings, *, keep: bool) -> None:
    waits = partial(_LOG.warning, "Another driver of this project, or its JVM, has to end first")
    with discovery.owned(settings, waits) as owner, ExitStack() as stack:
        discovery.sweep(settings)
        scratch = discovery.private_folder()
        socket_path = str(discovery.socket_in(scratch))
        address = discovery.DriverAddress(os.getpid(), socket_path, time.time())
        driver = Driver(settings, scratch, address, keep=keep)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(socket_path)
        listener.listen(128)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: driver.end("it got a signal"))
        discovery.publish(settings, address)
        idle.make_room()
        stack.enter_context(idle.announced(socket_path))
        try:
            for target, argument in ((_accept, (listener, driver)), (driver.start_spark, (owner,))):
                threading.Thread(target=target, args=argument, daemon=True).start()
            _LOG.warning("The driver ends: %s", driver.wait())
        finally:
            discovery.withdraw(settings, address)
            listener.close()
            driver.close()
            shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    """Run the driver of a project; the settings come from its file or standard input."""
    parser = argparse.ArgumentParser(prog="nbkit.spark.driver")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--settings", choices=["-"], help="read them as JSON from standard input")
    parser.add_argument("--keep", action="store_true", help="stay without leases")
    asked = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        given = asked.settings and Settings.model_validate_json(sys.stdin.buffer.read())
        _run(given or Settings.of(asked.project), keep=asked.keep)
    except SetupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
