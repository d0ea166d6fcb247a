"""What the live tree shows: every task while they fit on the screen, the telling ones else."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from rich.text import Text

from nbkit.events import CancelRequested, RunFinished, RunRepaired, RunStarted, Unit
from nbkit.report.lines import dataset_line, iteration_line, task_line
from nbkit.report.state_looks import STYLES, StateLook, look
from nbkit.report.wording import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState
    from nbkit.wire import SparkWork

_RUN_EVENTS = (RunStarted, RunRepaired, CancelRequested, RunFinished)
_RECENT = 50
_NESTED = 4
_TELLING = {"RUNNING", "RETRYING", "FAILED"}
"""States of datasets that have a line while a pipeline is updated."""

_NARROWEST, _WIDEST = 16, 36


def task_of(event: Event) -> str:
    """Return the key of the task that an event is about; empty for the run's own."""
    unit: Unit | None = getattr(event, "unit", None)
    return unit.task_key if unit else getattr(event, "task_key", "")


class Tree:
    """The tasks of a run as lines for a screen of a given height.

    It notes with each event what changed, so that one frame costs what it shows, not what the
    job has.

    Args:
        graph: the run's graph.
        work_of: returns what Spark does right now for a task or iteration, if that is known.
    """

    def __init__(
        self, graph: RunGraph, work_of: Callable[[Unit], SparkWork | None] = lambda _unit: None
    ) -> None:
        self._graph = graph
        self._work_of = work_of
        self._place = {key: place for place, key in enumerate(graph.keys)}
        longest = max(map(len, graph.keys), default=0)
        self._width = min(max(longest, _NARROWEST), _WIDEST)
        self._looks: dict[str, StateLook] = {}
        self._counts: Counter[StateLook] = Counter()
        self._active: dict[str, None] = {}
        self._failed: dict[str, None] = {}
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._state: RunState | None = None

    def note(self, event: Event, state: RunState) -> None:
        """Take in one event and the state after it."""
        self._state = state
        key = task_of(event)
        if isinstance(event, _RUN_EVENTS):
            for each in self._graph.keys:
                self._update(each, state)
        elif key in self._place:
            self._update(key, state)

    def _update(self, key: str, state: RunState) -> None:
        task = state.tasks[key]
        seen, before = look(task.result, task.life), self._looks.get(key)
        if seen == before:
            return
        self._looks[key] = seen
        self._counts[seen] += 1
        if before is not None:
            self._counts[before] -= 1
        self._active.pop(key, None)
        self._failed.pop(key, None)
        if task.life in ("RUNNING", "WAITING_FOR_RETRY"):
            self._active[key] = None
        elif seen.rank == 0:
            self._failed[key] = None
        elif task.life == "TERMINATED":
            self._recent.append(key)

    def lines(self, now: int, height: int) -> list[Text]:
        """Return the frame of this moment, no higher than `height` lines."""
        state = self._state
        if state is None:
            return []
        room = max(height - 3, 3)
        keys = self._chosen(room)
        body: list[Text] = []
        spare = room - len(keys)
        for key in keys:
            last = key == keys[-1]
            line = task_line(
                self._graph, state, key, now, self._width, work=self._work_of(Unit(key))
            )
            body.append(Text.assemble(("└─ " if last else "├─ ", "dim"), line))
            below = self._below(state, key, now, min(spare, _NESTED))
            spare -= len(below)
            for nested in below:
                guide = "   " if last else "│  "
                tip = "└─ " if nested is below[-1] else "├─ "
                body.append(Text.assemble((guide + tip, "dim"), nested))
        for line in body:
            line.no_wrap, line.overflow = True, "ellipsis"
        foot = [] if state.finished and len(keys) == len(self._place) else [self._foot(len(keys))]
        return [self._head(state, now), *body, *foot]

    def _chosen(self, room: int) -> list[str]:
        """Return the tasks to show, in the order of the job.

        If not all of them fit: what failed (a third of the room), what runs, what ended last;
        once the run is over, what failed.
        """
        if len(self._place) <= room:
            return list(self._graph.keys)
        if self._state is None or self._state.finished:
            return list(self._failed)[-room:]
        failed = list(self._failed)[-max(room // 3, 1) :]
        chosen = dict.fromkeys([*failed, *list(self._active)[: room - len(failed)]])
        for key in reversed(self._recent):
            if len(chosen) >= room:
                break
            chosen[key] = None
        return sorted(chosen, key=self._place.__getitem__)

    def _below(self, state: RunState, key: str, now: int, most: int) -> list[Text]:
        """Return the lines of what runs within a task: iterations, datasets of a pipeline."""
        task = state.tasks[key]
        if most < 1 or task.life != "RUNNING":
            return []
        if key in state.for_each:
            running = (unit for unit in state.running if unit.task_key == key)
            units = sorted(running, key=lambda unit: unit.iteration or 0)[:most]
            width = self._width - 3
            return [iteration_line(state, u, now, width, work=self._work_of(u)) for u in units]
        told = task.last.reports.values() if task.last else ()
        shown = [each for each in told if each["kind"] == "dataset" and each["state"] in _TELLING]
        shown.sort(key=lambda each: look(each["state"]).rank)
        width = min(max((len(each["id"]) for each in shown), default=0), _WIDEST)
        return [dataset_line(each, now, width) for each in shown[:most]]

    def _head(self, state: RunState, now: int) -> Text:
        started = state.episodes[-1].started_at if state.episodes else now
        seen = look(state.result, "RUNNING")
        word = "cancelling" if state.cancel and not state.finished else seen.word
        repair = f", repair {len(state.repairs)}" if state.repairs else ""
        return Text.assemble(
            (state.run_name or "run", "bold"),
            f"  run {state.run_id}{repair}  ",
            (word, STYLES[seen.tone]),
            f"  {clock((state.finished_at or now) - started)}",
            no_wrap=True,
            overflow="ellipsis",
        )

    def _foot(self, shown: int) -> Text:
        hidden = len(self._place) - shown
        lead = f"   {hidden} more tasks, in all " if hidden else "   "
        return Text.assemble(
            (lead, "dim"), *counted(self._counts.items()), no_wrap=True, overflow="ellipsis"
        )


def counted(counts: Iterable[tuple[StateLook, int]]) -> list[str | tuple[str, str]]:
    """Return how many there are of each look, failures first, separated by commas."""
    pieces: list[str | tuple[str, str]] = []
    for seen, amount in sorted(counts, key=lambda pair: pair[0].rank):
        if amount:
            if pieces:
                pieces.append(("  ", "dim"))
            pieces.append((f"{seen.glyph} {amount} {seen.word}", STYLES[seen.tone]))
    return pieces
