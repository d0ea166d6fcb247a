"""Notebooks that a notebook calls with `dbutils.notebook.run`: each a run, on the same kernels.

Whoever has kernels listens on a unix socket, and tells its notebooks where in the environment
variable `CALLS`. A notebook connects when it first calls another one. Both sides speak lines of
JSON, so that no argument is ever seen in a list of processes:

    notebook → here  {"run": id, "notebook": …, "directory": …, "arguments": {…}, "timeout": s,
                      "secrets": {argument: [[begin, end], …]}, "caller": run_id,
                      "spark_conf": {…}, "env": {…}, "skip_unsupported": true}
                     {"cancel": id}
    here → notebook  {"begun": id, "run_id": …}
                     {"ended": id, "run_id": …, "result": "SUCCESS", "value": …, "message": "",
                      "output_notebook": …}
                     {"refused": id, "message": …}            nothing ran

End of file means that the caller has ended, for whatever reason: what it called is cancelled.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.app.child_runs import Within
from nbkit.app.definition import of_notebook
from nbkit.app.history import recorded
from nbkit.app.notebook_job import job_around
from nbkit.channel import Channel
from nbkit.errors import NbkitError, UsageError
from nbkit.kernels.attempt import StopRequest
from nbkit.tasks.places import find_notebook, missing_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.app.child_runs import RunFunction
    from nbkit.kernels.run_notebook import Kernels
    from nbkit.settings import Settings

CALLS = "NBKIT_CALLS"
NESTING_LIMIT = 5
"""Notebooks that call each other in a circle end here, not with the machine's memory."""

_TRIGGER = "workflow_run"


@contextmanager
def serving(kernels: Kernels, settings: Settings, run: RunFunction) -> Iterator[str]:
    """Let the notebooks of `kernels` call others; yields where they connect.

    At the end what still runs is cancelled, and over.
    """
    address = kernels.folder / "calls"
    listener = socket.socket(socket.AF_UNIX)
    calls = _Calls(kernels, settings, run)
    try:
        listener.bind(str(address))
        listener.listen()
        threading.Thread(target=_accept, args=[listener, calls], daemon=True).start()
        kernels.env[CALLS] = str(address)
        yield str(address)
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        calls.close()
        address.unlink(missing_ok=True)


def _accept(listener: socket.socket, calls: _Calls) -> None:
    with suppress(OSError):  # it was closed
        while True:
            caller, _ = listener.accept()
            threading.Thread(target=calls.serve, args=[caller], daemon=True).start()


class _Calls:
    """All runs that notebooks called for, and by which way each was."""

    def __init__(self, kernels: Kernels, settings: Settings, run: RunFunction) -> None:
        self.kernels = kernels
        self.settings = settings
        self.run = run
        self.ways: dict[int, tuple[str, ...]] = {}
        self._lock = threading.Lock()
        self._callers: set[_Caller] = set()

    def serve(self, connection: socket.socket) -> None:
        """Do what one notebook asks for, until it has ended."""
        caller = _Caller(self, Channel(connection))
        with self._lock:
            self._callers.add(caller)
        try:
            caller.serve()
        finally:
            caller.close()
            with self._lock:
                self._callers.discard(caller)

    def close(self) -> None:
        """Cancel everything, and wait for its end."""
        with self._lock:
            callers = tuple(self._callers)
        for caller in callers:
            caller.close()


class _Caller:
    """One notebook that calls others."""

    def __init__(self, calls: _Calls, channel: Channel) -> None:
        self._calls = calls
        self._channel = channel
        self._stops: dict[int, StopRequest] = {}
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        """Begin and cancel runs as the notebook says."""
        for request in self._channel:
            if "cancel" in request:
                self._stops[request["cancel"]].request("canceled")
                continue
            self._stops[request["run"]] = StopRequest()
            thread = threading.Thread(target=self._answer, args=[request], daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Cancel what still runs, wait for its end, and hang up."""
        for stop in tuple(self._stops.values()):
            stop.request("canceled")
        for thread in tuple(self._threads):
            thread.join()
        self._channel.close()

    def _tell(self, **message: Any) -> None:
        with suppress(OSError):  # a caller that has ended hears nothing
            self._channel.send(message)

    def _answer(self, request: dict[str, Any]) -> None:
        call = request["run"]
        try:
            self._tell(ended=call, **self._run(request))
        except NbkitError as error:
            self._tell(refused=call, message=str(error))
        except Exception as error:  # the notebook waits for an answer, whatever happens
            self._tell(refused=call, message=f"{type(error).__name__}: {error}")
            raise

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        calls, settings = self._calls, self._calls.settings
        directory, named = Path(request["directory"]), request["notebook"]
        path = find_notebook(directory, named)
        if path is None:
            raise UsageError(missing_notebook(directory, named))
        way = (*calls.ways.get(request["caller"], ()), path.name)
        if len(way) > NESTING_LIMIT:
            raise UsageError(
                f"{named} is not run: {NESTING_LIMIT} notebooks have called each other already, "
                f"which is the most there is; do they go round in a circle? {' → '.join(way)}"
            )
        job = job_around(path, request["timeout"], request["spark_conf"], request["env"])
        definition = of_notebook(path, job)
        call, stop = request["run"], self._stops[request["run"]]

        def begun(run_id: int) -> None:
            calls.ways[run_id] = way
            self._tell(begun=call, run_id=run_id)

        run_id = calls.run(
            definition,
            settings,
            parameters=request["arguments"],
            within=Within(
                calls.kernels,
                stop,
                begun,
                (),
                trigger=_TRIGGER,
                secrets={name: _places(found) for name, found in request["secrets"].items()},
            ),
            skip_unsupported=request.get("skip_unsupported", False),
            view=None,
        )
        found = recorded(run_id, settings)
        (task,) = found["tasks"]
        output = task["output"]
        return {
            "run_id": run_id,
            "result": found["state"].get("result_state"),
            "value": output.get("notebook_output", {}).get("result"),
            "message": output.get("error") or found["state"]["state_message"],
            "output_notebook": task["output_notebook"],
        }


def _places(found: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in found)
