"""Public fakes, one for each seam: time, memory and work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import Failure
from nbkit.events import AttemptFinished, TaskValueSet, Unit
from nbkit.ledger.reader import (
    LIFECYCLE,
    Recorded,
    RunSummary,
    StartedFrom,
    TokenTakenError,
    missing_run,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbkit.clock import Clock
    from nbkit.errors import Cause
    from nbkit.events import Event, ResultState, RunCreated
    from nbkit.rules.commands import StartAttempt, StopAttempt
    from nbkit.rules.state import RunState


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: int = 0) -> None:
        self._now = now

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._now

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self._now += milliseconds


class MemoryLedger:
    """A ledger that forgets everything with its process; the same rules as the real one."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._begun: dict[int, RunSummary] = {}
        self._definitions: dict[int, StartedFrom] = {}
        self._events: dict[int, list[Event]] = {}
        self._canceled: set[int] = set()
        self._tokens: dict[tuple[int, str], int] = {}

    def begin(
        self,
        job_name: str,
        job_id: int,
        graph_json: str,
        source: str,
        token: str = "",
        *,
        root: str = "",
        created: RunCreated | None = None,
    ) -> int:
        """Make a new run of a job and return its id."""
        del root
        if token and (known := self.run_of(job_id, token)):
            raise TokenTakenError(known)
        run_id = len(self._begun) + 1
        self._begun[run_id] = RunSummary(run_id, job_name, job_id, source, self._clock.now())
        self._definitions[run_id] = StartedFrom(graph_json, source)
        self._events[run_id] = [replace(created, run_id=run_id)] if created else []
        if token:
            self._tokens[job_id, token] = run_id
        return run_id

    def run_of(self, job_id: int, token: str) -> int | None:
        """Return the run of a job that has this idempotency token, if there is one."""
        return self._tokens.get((job_id, token))

    def append(self, run_id: int, event: Event) -> None:
        """Record one event of a run."""
        self.append_many(run_id, (event,))

    def append_many(self, run_id: int, recorded: Iterable[Event]) -> None:
        """Record several events of a run, in order."""
        self.definition(run_id)
        self._events[run_id].extend(recorded)

    def read(self, run_id: int) -> list[Event]:
        """Return every event of the run, oldest first."""
        return [recorded.event for recorded in self.events_after(run_id, 0)]

    def events_after(self, run_id: int, seq: int) -> list[Recorded]:
        """Return the run's events after place `seq`; 0 for all."""
        self.definition(run_id)
        found = self._events[run_id][seq:]
        return [Recorded(place, event) for place, event in enumerate(found, seq + 1)]

    def runs(self, job_name: str | None = None, limit: int = 20) -> list[RunSummary]:
        """Return the latest runs, of one job or of all, newest first."""
        wanted = [run for run in self._begun.values() if job_name in {None, run.job_name}]
        return [
            summary_of(
                run, [event for event in self._events[run.run_id] if event.kind in LIFECYCLE]
            )
            for run in wanted[::-1][:limit]
        ]

    def definition(self, run_id: int) -> StartedFrom:
        """Return the job as JSON text, and the file that it came from."""
        if run_id not in self._definitions:
            raise missing_run(run_id, [run.run_id for run in self.runs(limit=5)])
        return self._definitions[run_id]

    def request_cancel(self, run_id: int) -> None:
        """Ask whoever drives the run to end it."""
        self.definition(run_id)
        self._canceled.add(run_id)

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run."""
        return run_id in self._canceled

    def forget_requests(self, run_id: int) -> None:
        """Drop what was asked of an earlier go at the run."""
        self._canceled.discard(run_id)

    def is_live(self, run_id: int) -> bool:
        """Tell whether a process drives the run: this one does, as long as it is not over."""
        events = self.read(run_id)
        return not events or events[-1].kind != "run_finished"


@dataclass(frozen=True, slots=True)
class Scripted:
    """How a scripted attempt goes.

    Attributes:
        result: how it ends by itself.
        milliseconds: how long that takes; None for an attempt that never ends by itself.
        values: task values that it sets just before its end.
        exit_value: what it returns.
        failure: why not SUCCESS; made up if absent.
        milliseconds_to_stop: how long it takes to end once it is asked to.
    """

    result: ResultState = "SUCCESS"
    milliseconds: int | None = 10
    values: Mapping[str, Any] = field(default_factory=dict)
    exit_value: str | None = None
    failure: Failure | None = None
    milliseconds_to_stop: int = 1


FAILS = Scripted("FAILED")
HANGS = Scripted(milliseconds=None)


class ScriptedTasks:
    """Tasks that follow a script, in no time: waiting sets the clock forward.

    Args:
        clock: set forward by `wait`.
        script: by task key (or `Unit`), how its attempts go, one after the other; the last
            one repeats. Tasks without a script succeed.

    Attributes:
        submitted: every command to start, in order.
        most: the most attempts that ran at once.
    """

    def __init__(
        self, clock: FakeClock, script: Mapping[str | Unit, Sequence[Scripted]] | None = None
    ) -> None:
        self.submitted: list[StartAttempt] = []
        self.most = 0
        self._clock = clock
        self._script = script or {}
        self._attempts: dict[Unit, int] = {}
        self._running: dict[Unit, tuple[StartAttempt, Scripted]] = {}
        self._ends: dict[Unit, int] = {}

    def submit(self, command: StartAttempt, state: RunState) -> None:
        """Begin an attempt as its script says."""
        assert command.unit in state.running, "an attempt is recorded before it starts"
        assert command.unit not in self._running, "one attempt of a unit at a time"
        self.submitted.append(command)
        line = self._line(command.unit)
        self._running[command.unit] = (command, line)
        self.most = max(self.most, len(self._running))
        if line.milliseconds is not None:
            self._ends[command.unit] = self._clock.now() + line.milliseconds

    def stop(self, command: StopAttempt) -> None:
        """Let an attempt end early."""
        if command.unit in self._running:
            start, line = self._running[command.unit]
            self._running[command.unit] = (start, _stopped(line, command.cause))
            self._ends[command.unit] = self._clock.now() + line.milliseconds_to_stop

    def kill(self) -> None:
        """End every attempt now."""
        for unit in self._running:
            self._ends[unit] = self._clock.now()

    def wait(self, until: int | None) -> Sequence[Event]:
        """Return the next ends, or nothing if `until` comes first."""
        due = min(self._ends.values(), default=until)
        assert due is not None, "waiting for what never happens"
        if until is not None:
            due = min(due, until)
        self._clock.advance(max(0, due - self._clock.now()))
        ended = [unit for unit, end in self._ends.items() if end <= self._clock.now()]
        return [event for unit in ended for event in self._finish(unit)]

    def wake(self) -> None:
        """Do nothing: waiting takes no time."""

    def _line(self, unit: Unit) -> Scripted:
        lines = self._script.get(unit) or self._script.get(unit.task_key) or [Scripted()]
        number = self._attempts.get(unit, 0)
        self._attempts[unit] = number + 1
        return lines[min(number, len(lines) - 1)]

    def _finish(self, unit: Unit) -> list[Event]:
        del self._ends[unit]
        command, line = self._running.pop(unit)
        now = self._clock.now()
        failure = line.failure
        if failure is None and line.result != "SUCCESS":
            failure = Failure("cell_error", "It failed as scripted.", error="ScriptedError")
        values = [TaskValueSet(now, unit, key, value) for key, value in line.values.items()]
        ended = AttemptFinished(now, unit, command.attempt, line.result, line.exit_value, failure)
        return [*values, ended]


def _stopped(line: Scripted, cause: Cause) -> Scripted:
    result: ResultState = "CANCELED" if cause == "canceled" else "TIMEDOUT"
    failure = Failure(cause, "It was stopped.")
    return replace(line, result=result, failure=failure, values={}, exit_value=None)
