"""The client's side: hold the driver, or attach to it with a session of one's own.

A lease is an open unix socket. When it closes, for whatever reason, the driver ends what the
lease had; when it is closed by the driver, the driver is gone.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Self

from nbkit.errors import DriverLostError, SetupError
from nbkit.spark import discovery
from nbkit.spark.conf import session_conf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import SparkSession

    from nbkit.channel import Channel, Line
    from nbkit.settings import Settings

_ATTEMPTS = 5  # to meet a driver that is not ending just now


class Hold:
    """A lease without a session: the driver stays while it is open."""

    def __init__(self, channel: Channel, answer: Line | None = None) -> None:
        self._channel = channel
        self._answer = answer

    def ready(self) -> Line:
        """Wait until Spark is there, and return the driver's status.

        Raises:
            SetupError: Spark did not start.
            DriverLostError: the driver ended instead.
        """
        if self._answer is None:
            self._answer = _checked(self._channel.receive())
        return self._answer

    @property
    def lost(self) -> bool:
        """Whether the driver is gone."""
        return self._channel.ended

    def on_lost(self, call: Callable[[], None]) -> None:
        """Call back, in a thread of its own, when the driver is gone (or the hold is closed)."""

        def wait() -> None:
            while self._channel.receive() is not None:
                pass
            call()

        threading.Thread(target=wait, name="nbkit-hold", daemon=True).start()

    def close(self) -> None:
        """Let the driver go."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hold(settings: Settings, *, start: bool = True, wait: bool = True, stay: float = 0) -> Hold:
    """Hold the project's driver, starting one if there is none.

    Args:
        settings: of the project.
        start: start a driver; without, there has to be one.
        wait: return only when Spark is there; else `Hold.ready` waits for it.
        stay: seconds that the driver is to stay when nobody holds it any more.

    Raises:
        SetupError: there is no driver and none was to be started, or Spark did not start.
    """
    for _ in range(_ATTEMPTS):
        held = Hold(_ask(settings, {"want": "hold", "stay": stay}, start=start))
        if not wait:
            return held
        try:
            held.ready()
        except DriverLostError:
            continue
        return held
    raise DriverLostError("The Spark driver keeps ending.", _see(settings))


def attach(
    settings: Settings,
    conf: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> SparkSession:
    """Return this process's Spark session, leasing one from the driver the first time.

    Args:
        settings: of the project.
        conf: settings of the session (see `nbkit.spark.conf.split_conf`).
        env: environment variables for the session's Python workers.

    Raises:
        SetupError: Spark is not to be had on this machine.
        DriverLostError: the driver ended since the last call. The next call gets a new one.
    """
    from nbkit.spark import attached

    if settings.spark.remote:
        return attached.remote(settings, conf or {})
    if (session := attached.current()) is not None:
        for name, value in (conf or {}).items():
            session.conf.set(name, value)
        return session
    for _ in range(_ATTEMPTS):
        wanted = {**session_conf(settings.spark), **(conf or {})}
        channel = _ask(settings, {"want": "session", "conf": wanted}, start=True)
        answer = channel.receive()
        if answer is None:
            channel.close()
            continue
        try:
            session = attached.enter(channel, _checked(answer), settings, env or {})
        except BaseException:
            channel.close()
            raise
        os.register_at_fork(after_in_child=channel.forget)
        return session
    raise DriverLostError("The Spark driver keeps ending.", _see(settings))


def hide(settings: Settings, values: Sequence[str]) -> None:
    """Keep values out of the driver's log, before anything else is done with them."""
    if settings.spark.remote or not values:
        return
    channel = discovery.connect(settings, start=False)
    if channel is None:
        return  # and no log either
    try:
        channel.send({"want": "hide", "values": list(values)})
        channel.receive()
    except OSError:
        pass  # it ended just now
    finally:
        channel.close()


def lost(error: BaseException) -> bool:
    """Return whether an error came of the driver's end, or of the connection to it."""
    from nbkit.spark import attached

    return attached.lost(error)


def _ask(settings: Settings, line: Line, *, start: bool) -> Channel:
    for _ in range(_ATTEMPTS):
        channel = discovery.connect(settings, start=start)
        if channel is None:
            raise SetupError("No Spark driver runs here.", "Start one: `nbkit driver start`.")
        try:
            channel.send(line)
        except OSError:
            channel.close()
        else:
            return channel
    raise DriverLostError("The Spark driver keeps ending.", _see(settings))


def _checked(answer: Any) -> Line:
    if answer is None:
        raise DriverLostError("The Spark driver ended.", "Its log is .nbkit/driver.log.")
    if "error" in answer:
        raise SetupError(answer["error"], answer.get("advice", ""))
    return dict(answer)


def _see(settings: Settings) -> str:
    return f"See {discovery.log_file(settings)}."
