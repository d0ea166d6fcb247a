"""What the ledger says about runs: one, many, and how to end one."""

from __future__ import annotations

from contextlib import closing
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from nbkit.app.opening import open_ledger
from nbkit.app.sharing import as_here
from nbkit.errors import UsageError
from nbkit.events import CancelRequested, RunFinished, RunPlanned, RunStarted, TaskSkipped
from nbkit.graph.load import parse_job
from nbkit.ledger.store import Ledger
from nbkit.rules.apply import apply, replay
from nbkit.rules.record import page_of, record
from nbkit.rules.repair import lost_attempts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.ledger.reader import Episode, RunSummary
    from nbkit.rules.state import RunState
    from nbkit.settings import Settings

_LOST = "The nbkit process of this run ended before the run did. To finish it: nbkit repair {}"
_NEVER = "The nbkit process of this run ended before the run began: run the job again."
_NOT_RUN = "nbkit itself ended before this could run."


def show(run_id: int, settings: Settings) -> tuple[RunGraph, RunState]:
    """Return a run as it stands; one whose process died shows as failed, which is the truth.

    Raises:
        RunNotFoundError: there is no such run.
    """
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        definition = ledger.definition(run_id)
        # before its events are read: it may end meanwhile
        live = ledger.is_live(run_id)
        events = as_here(ledger.read(run_id), run_id, settings)
    graph = parse_job(definition.graph).graph
    state = replay(graph, events)
    if not state.finished and not live and not _awaited(events):
        at = events[-1].at if events else 0
        end = RunFinished(at, "FAILED", "INTERNAL_ERROR", _lost(run_id, began=state.started))
        state = reduce(partial(apply, graph), (*_loss(graph, state, at), end), state)
    return graph, state


def recorded(run_id: int, settings: Settings) -> dict[str, Any]:
    """Return the record of a run as it stands, in the shape of the Jobs API's `runs/get`.

    Raises:
        RunNotFoundError: there is no such run.
    """
    return record(*show(run_id, settings), _report(run_id, settings))


def _report(run_id: int, settings: Settings) -> str:
    """Return the address of a run's report, which is its page where nobody serves another."""
    return (settings.runs_directory / str(run_id) / "report.html").absolute().as_uri()


def runs(
    settings: Settings, *, job_name: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """Return the latest runs, newest first, in the shape of the Jobs API's `runs/list`."""
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        found = ledger.runs(job_name, limit)
        live = ledger.live_runs()
        over = {run.run_id for run in found if run.state == "TERMINATED" or run.planned}
        lost = {run.run_id for run in found} - over - live
        if lost:  # or it ended just after it was read: then that is on record by now
            found = ledger.runs(job_name, limit)
    return [
        _listed(summary, _report(summary.run_id, settings), lost=summary.run_id in lost)
        for summary in found
    ]


def cancel(run_id: int, settings: Settings) -> str:
    """Ask for the end of a run and say what comes of it.

    The process that drives it is asked, on whichever machine. A run whose process died is ended
    here and now.

    Raises:
        RunNotFoundError: there is no such run.
    """
    with closing(open_ledger(settings)) as ledger:
        graph = parse_job(ledger.definition(run_id).graph).graph
        state = replay(graph, ledger.read(run_id))
        if state.finished:
            return f"Run {run_id} is over already: {state.result}."
        try:
            ledger.claim(run_id)
        except UsageError:
            ledger.request_cancel(run_id)
            return f"Run {run_id} is asked to end; its notebooks are interrupted, then killed."
        state = replay(graph, ledger.read(run_id))
        if state.finished:  # just now
            return f"Run {run_id} is over already: {state.result}."
        at = ledger.clock.now()
        end = RunFinished(at, "CANCELED", "USER_CANCELED")
        lost = _loss(graph, state, at)
        ledger.append_many(run_id, (*lost, CancelRequested(at), end))
        had = "had lost its process" if state.started else "had not begun"
        return f"Run {run_id} {had}; it is recorded as cancelled."


def give_up(run_id: int, ledger: Ledger, why: str) -> None:
    """Record the end of a run that cannot begin; the ledger drives it."""
    graph = parse_job(ledger.definition(run_id).graph).graph
    state = replay(graph, ledger.read(run_id))
    at = ledger.clock.now()
    end = RunFinished(at, "FAILED", "INTERNAL_ERROR", why)
    ledger.append_many(run_id, (*_loss(graph, state, at), end))


def _awaited(events: Sequence[Event]) -> bool:
    """Tell whether a run was planned, and no node has begun it yet."""
    planned = any(isinstance(event, RunPlanned) for event in events[:1])
    return planned and not any(isinstance(event, RunStarted) for event in events)


def _loss(graph: RunGraph, state: RunState, at: int) -> tuple[Event, ...]:
    """Return the ends of all tasks of a run that lost its process; a repair can run them."""
    if not state.started:  # nothing of it was going on, and its end says it all
        return ()
    lost = lost_attempts(state, at)
    state = reduce(partial(apply, graph), lost, state)
    left = (key for key, task in state.tasks.items() if task.life != "TERMINATED")
    return (*lost, *(TaskSkipped(at, key, "CANCELED", _NOT_RUN) for key in left))


def _lost(run_id: int, *, began: bool) -> str:
    """Say what became of a run whose process is gone, and what to do."""
    return _LOST.format(run_id) if began else _NEVER


def _listed(summary: RunSummary, report: str, *, lost: bool) -> dict[str, Any]:
    state, result, message = summary.state, summary.result, summary.message
    if lost and state != "TERMINATED":
        state, result, message = "TERMINATED", "FAILED", ""
        message = _lost(summary.run_id, began=summary.started_at is not None)
    lives = {"FAILED": "INTERNAL_ERROR", "MAXIMUM_CONCURRENT_RUNS_REACHED": "SKIPPED"}
    life = lives.get(result or "", state)
    episodes = [_episode(*each) for each in enumerate(summary.episodes)]
    spans = (each for each in episodes if each["end_time"])
    return {
        "job_id": summary.job_id,
        "run_id": summary.run_id,
        "run_name": summary.job_name,
        "run_page_url": page_of(summary.pages, summary.run_id) or report,
        "creator_user_name": summary.creator,
        "state": {
            "life_cycle_state": life,
            **({"result_state": result} if result else {}),
            "state_message": message,
        },
        "status": {"state": state},
        "start_time": summary.started_at or summary.created_at,
        "end_time": summary.finished_at or 0,
        "run_duration": sum(each["end_time"] - each["start_time"] for each in spans),
        **({"repair_history": episodes} if len(episodes) > 1 else {}),
        "source": summary.source,
    }


def _episode(number: int, episode: Episode) -> dict[str, Any]:
    return {
        "type": "REPAIR" if number else "ORIGINAL",
        "start_time": episode.started_at,
        "end_time": episode.finished_at or 0,
        "state": {"result_state": episode.result} if episode.result else {},
    }
