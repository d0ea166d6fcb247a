"""What the ledger says about runs: one, many, and how to end one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbkit.clock import SystemClock
from nbkit.events import CancelRequested, RunFinished
from nbkit.graph.load import parse_job
from nbkit.ledger.claim import claim, is_live
from nbkit.ledger.store import Ledger
from nbkit.rules.apply import apply, replay
from nbkit.rules.repair import lost_attempts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.ledger.reader import RunSummary
    from nbkit.rules.state import RunState
    from nbkit.settings import Settings

LOST = "The nbkit process of this run ended before the run did. To finish it: nbkit repair {}"


def show(run_id: int, settings: Settings) -> tuple[RunGraph, RunState]:
    """Return a run as it stands; one whose process died shows as failed, which is the truth.

    Raises:
        RunNotFoundError: there is no such run.
    """
    with _ledger(settings) as ledger:
        definition = ledger.definition(run_id)
        recorded = ledger.read(run_id)
    graph = parse_job(definition.graph).graph
    state = replay(graph, recorded)
    if not state.finished and not is_live(settings.runs_directory / str(run_id)):
        at = recorded[-1].at if recorded else 0
        ends: tuple[Event, ...] = (*lost_attempts(state, at), _loss(run_id, at))
        for event in ends:
            state = apply(graph, state, event)
    return graph, state


def runs(
    settings: Settings, *, job_name: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """Return the latest runs, newest first, in the shape of the Jobs API's `runs/list`."""
    with _ledger(settings) as ledger:
        found = ledger.runs(job_name, limit)
    return [_listed(summary, settings) for summary in found]


def cancel(run_id: int, settings: Settings) -> str:
    """Ask for the end of a run and say what comes of it.

    A run whose process died is ended here and now.

    Raises:
        RunNotFoundError: there is no such run.
    """
    directory = settings.runs_directory / str(run_id)
    graph, state = show(run_id, settings)
    with _ledger(settings) as ledger:
        recorded = replay(graph, ledger.read(run_id))
        if recorded.finished:
            return f"Run {run_id} is over already: {state.result}."
        if is_live(directory):
            ledger.request_cancel(run_id)
            return f"Run {run_id} is asked to end; its notebooks are interrupted, then killed."
        with claim(directory):
            at = SystemClock().now()
            end = RunFinished(at, "CANCELED", "USER_CANCELED")
            lost: tuple[Event, ...] = lost_attempts(recorded, at)
            ledger.append_many(run_id, (*lost, CancelRequested(at), end))
        return f"Run {run_id} had lost its process; it is recorded as cancelled."


def _loss(run_id: int, at: int) -> RunFinished:
    return RunFinished(at, "FAILED", "INTERNAL_ERROR", LOST.format(run_id))


def _listed(summary: RunSummary, settings: Settings) -> dict[str, Any]:
    state, result, message = summary.state, summary.result, summary.message
    directory = settings.runs_directory / str(summary.run_id)
    if state != "TERMINATED" and not is_live(directory):
        state, result, message = "TERMINATED", "FAILED", LOST.format(summary.run_id)
    lives = {"FAILED": "INTERNAL_ERROR", "MAXIMUM_CONCURRENT_RUNS_REACHED": "SKIPPED"}
    life = lives.get(result or "", state)
    return {
        "job_id": summary.job_id,
        "run_id": summary.run_id,
        "run_name": summary.job_name,
        "state": {
            "life_cycle_state": life,
            **({"result_state": result} if result else {}),
            "state_message": message,
        },
        "status": {"state": state},
        "start_time": summary.started_at or summary.created_at,
        "end_time": summary.finished_at or 0,
        "source": summary.source,
    }


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    ledger = Ledger(settings.ledger_url)
    try:
        yield ledger
    finally:
        ledger.close()
