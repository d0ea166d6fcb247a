"""What `nbkit driver start|stop|status|ui` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import SetupError
from nbkit.spark import discovery, ui

if TYPE_CHECKING:
    from nbkit.channel import Line
    from nbkit.settings import Settings


def status(settings: Settings) -> Line:
    """Return what the driver says of itself; `{"state": "stopped"}` when there is none.

    `state` is starting, running, failed or stopped. A live one has `pid`, `jvm_pid`, `started`,
    `leases`, `sessions` (so far), `keep`, `ends_in` (seconds that it stays without users; None
    while it has some, or is kept) and `master` too.
    """
    return _say(settings, "status") or {"state": "stopped"}


def start(settings: Settings, *, keep: bool = True) -> Line:
    """Start a driver if there is none, wait until Spark is there, and return its status.

    Args:
        settings: of the project.
        keep: let it stay without users, until `stop`.

    Raises:
        SetupError: Spark did not start.
    """
    from nbkit.spark.lease import hold

    with hold(settings) as held:
        state = held.ready()
        return (_say(settings, "keep") if keep else None) or state


def stop(settings: Settings) -> bool:
    """Stop the driver, also under its users, and wait for its end; False when there was none."""
    if _say(settings, "stop") is None:
        return False
    with discovery.owned(settings):
        return True  # the driver and its JVM have let the lock go: both are gone


def pages(settings: Settings) -> str:
    """Return the address of the pages of the running driver, with the token that opens them.

    Raises:
        SetupError: no driver runs, or it serves none.
    """
    answer = None if settings.spark.remote else _say(settings, "ui")
    if answer is None:
        why, advice = ui.problem(settings)
        raise SetupError(
            why or "No Spark driver runs here, so there are no pages of Spark's.",
            advice or "Start one, `nbkit driver start`, or look while a job runs.",
        )
    if "error" in answer:
        raise SetupError(answer["error"], answer.get("advice", ""))
    return str(answer["address"])


def _say(settings: Settings, what: str) -> Line | None:
    channel = discovery.connect(settings, start=False)
    if channel is None:
        return None
    try:
        channel.send({"want": what})
        return channel.receive()
    except OSError:
        return None
    finally:
        channel.close()
