"""A run on the terminal while it goes on: a live tree, or plain lines where none can be drawn.

Everything goes to standard error; standard output stays for what was asked for.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from nbkit.clock import SystemClock
from nbkit.events import (
    AttemptReported,
    DurationExceeded,
    Noted,
    RunHeldUp,
    RunRepaired,
    RunStarted,
)
from nbkit.report.consoles import error_console
from nbkit.report.lines import dataset_text, error_text, input_text
from nbkit.report.state_looks import STYLES, look
from nbkit.report.summary import failures, headline, places
from nbkit.report.tree import Tree, task_of
from nbkit.report.view import run_view
from nbkit.report.wording import duration, time_of_day
from nbkit.rules.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from rich.console import Console

    from nbkit.clock import Clock
    from nbkit.events import Event, Unit
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState, TaskState
    from nbkit.wire import SparkWork

_FRAME_SECONDS = 1 / 8
_IDLE_FRAMES = 8
"""With nothing new, a frame per second is enough: only the elapsed times move."""


class LiveTree:
    """Shows a run from its events; a context manager, used by one scheduler thread.

    Args:
        graph: the run's graph.
        quiet: show failures and the end only.
        console: where to; standard error if None.
        time: the clock for elapsed wording.
        work_of: returns what Spark does right now for a task or iteration, if that is known.
    """

    def __init__(
        self,
        graph: RunGraph,
        *,
        quiet: bool = False,
        console: Console | None = None,
        time: Clock | None = None,
        work_of: Callable[[Unit], SparkWork | None] = lambda _unit: None,
    ) -> None:
        self._graph = graph
        self._quiet = quiet
        self._console = console or error_console()
        self._time = time or SystemClock()
        self._lives: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._tree = Tree(graph, work_of)
        self._live: Live | None = None
        if self._console.is_terminal and not self._console.is_dumb_terminal and not quiet:
            self._live = Live(
                console=self._console,
                get_renderable=self._frame,
                auto_refresh=False,
                redirect_stdout=False,
                vertical_overflow="crop",
            )
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="live-tree", daemon=True)

    def __enter__(self) -> Self:
        """Start drawing, if there is a terminal to draw on."""
        if self._live:
            self._live.start()
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw the last frame and leave the terminal as it was."""
        if self._live:
            self._closing.set()
            self._thread.join()
            self._live.stop()

    def on_event(self, event: Event, state: RunState) -> None:
        """Show one event; `state` is the one after it."""
        if isinstance(event, Noted):
            self._say("!", "warn", event.task_key or state.run_name, event.message)
        elif isinstance(event, RunHeldUp):
            self._say(
                "○", "quiet", event.run_name, f"run {event.run_id} is held up: {event.message}"
            )
        elif isinstance(event, DurationExceeded):
            key = event.unit.task_key if event.unit else state.run_name
            self._say("!", "warn", key, f"goes on for more than {event.limit_seconds} s")
        elif self._live:
            with self._lock:
                self._tree.note(event, state)
            self._changed.set()
        else:
            self._say_what_changed(event, state)

    def end(self, state: RunState, *, notebooks: str, report: str) -> None:
        """Say how the run ended, what failed and why, and where to look.

        Args:
            state: the run, over.
            notebooks: the folder of its output notebooks.
            report: its HTML report; empty if there is none.
        """
        run = run_view(record(self._graph, state))
        self._console.print(headline(run))
        if not self._quiet:
            for line in (*failures(run), *places(notebooks=notebooks, report=report)):
                self._console.print(line)

    def _frame(self) -> Group:
        with self._lock:
            return Group(*self._tree.lines(self._time.now(), self._console.size.height))

    def _refresh(self) -> None:
        assert self._live
        idle = 0
        while not self._closing.wait(_FRAME_SECONDS):
            idle += 1
            if self._changed.is_set() or idle >= _IDLE_FRAMES:
                self._changed.clear()
                idle = 0
                self._live.refresh()

    def _say_what_changed(self, event: Event, state: RunState) -> None:
        if isinstance(event, RunStarted | RunRepaired):
            self._lives = {
                key: (task.life, len(task.attempts)) for key, task in state.tasks.items()
            }
            if not self._quiet:
                self._say("►", "active", state.run_name, _started(state))
            return
        key = task_of(event)
        unit = getattr(event, "unit", None)
        if unit and unit.iteration is not None:
            self._say_iteration(event, state)
        elif isinstance(event, AttemptReported):
            if event.report["kind"] == "dataset":
                self._say_dataset(event.report)
        elif key in state.tasks:
            task = state.tasks[key]
            now = (task.life, len(task.attempts))
            if self._lives.get(key) != now:
                self._lives[key] = now
                self._say_task(task)

    def _say_task(self, task: TaskState) -> None:
        seen = look(task.result, task.life)
        if task.life in ("BLOCKED", "PENDING") or (self._quiet and seen.rank):
            return
        parts = [seen.word]
        failure = task.last.failure if task.last else None
        if task.life == "RUNNING":
            parts = ["started"]
            if task.iterations:
                parts.append(f"{len(task.iterations)} iterations")
            elif len(task.attempts) > 1:
                parts.append(f"attempt {len(task.attempts)}")
        elif task.life == "WAITING_FOR_RETRY":
            wait = max((task.retry_at or 0) - (task.last.finished_at or 0 if task.last else 0), 0)
            when = f"in {duration(wait)}" if wait else "at once"
            parts = [f"failed, attempt {len(task.attempts) + 1} {when}"]
            parts.append(error_text(failure))
        elif task.result == "SUCCESS":
            if task.outcome is not None:
                parts.append(str(task.outcome).lower())
            if task.iterations:
                parts.append(f"{len(task.iterations)} iterations")
        else:
            parts.append(error_text(failure, task.reason or task.message))
        if task.finished_at and task.started_at and task.attempts:
            parts[0] += f" in {duration(task.finished_at - task.started_at)}"
        self._say(seen.glyph, seen.tone, task.key, ": ".join(part for part in parts if part))

    def _say_dataset(self, told: Mapping[str, Any]) -> None:
        """Say what became of a dataset of a pipeline; that it began says the next line."""
        if told["state"] in {"QUEUED", "RUNNING", "EXCLUDED"}:
            return
        seen = look(told["state"])
        if self._quiet and seen.rank:
            return
        took = told["ended_at"] - told["started_at"] if told["ended_at"] else 0
        ended = f"{seen.word} in {duration(took)}" if took else seen.word
        said = ": ".join(part for part in (ended, dataset_text(told)) if part)
        self._say(seen.glyph, seen.tone, told["id"], said)

    def _say_iteration(self, event: Event, state: RunState) -> None:
        """Of iterations only failures get a line: there may be thousands."""
        result = getattr(event, "result", None)
        if result is None or result == "SUCCESS":
            return
        unit = event.unit  # type: ignore[union-attr]
        assert unit is not None, "asked about an iteration"
        found = state.unit(unit)
        seen = look(result)
        again = ", to be retried" if found and found.life == "WAITING_FOR_RETRY" else ""
        if again and self._quiet:
            return
        why = error_text(getattr(event, "failure", None))
        name = f"{unit.task_key}[{unit.iteration}] {input_text(getattr(found, 'input', ''))}"
        self._say(seen.glyph, seen.tone, name, f"{seen.word}{again}: {why}")

    def _say(self, glyph: str, tone: str, name: str, text: str) -> None:
        line = Text.assemble(
            (f"{time_of_day(self._time.now())} ", "dim"),
            (f"{glyph} ", STYLES[tone]),  # type: ignore[index]
            (name, "bold"),
            f"  {text}",
        )
        self._console.print(line)


def _started(state: RunState) -> str:
    taken_up = f"repair {len(state.repairs)} of " if state.repairs else ""
    return f"{taken_up}run {state.run_id} started, {state.unfinished} tasks"
