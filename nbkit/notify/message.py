"""Who hears of an event, and in what words: pure, so that nothing is sent here.

As the Jobs API has it: `on_success` covers a run with recovered failures, `on_failure` covers
failed, timed-out, cancelled and skipped ones, the latter two unless `notification_settings`
mute them. Excluded and disabled tasks count as well, and nobody hears of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from nbkit.events import (
    AttemptFinished,
    AttemptStarted,
    DurationExceeded,
    ForEachFinished,
    ForEachStarted,
    RunFinished,
    RunRepaired,
    RunStarted,
    TaskSkipped,
    Unit,
)
from nbkit.rules.moves import definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.errors import Failure
    from nbkit.events import Event, ResultState
    from nbkit.graph.model import Job, Task
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

Occasion = Literal["on_start", "on_success", "on_failure", "on_duration_warning_threshold_exceeded"]
OCCASIONS: tuple[Occasion, ...] = (
    "on_start",
    "on_success",
    "on_failure",
    "on_duration_warning_threshold_exceeded",
)

_GOOD = frozenset({"SUCCESS", "SUCCESS_WITH_FAILURES"})
_CANCELED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
_SKIPPED = frozenset({"MAXIMUM_CONCURRENT_RUNS_REACHED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED"})
_UNHEARD = frozenset({"EXCLUDED", "DISABLED"})
_WORDS = {
    "SUCCESS": "succeeded",
    "SUCCESS_WITH_FAILURES": "succeeded with failures",
    "FAILED": "failed",
    "TIMEDOUT": "timed out",
    "CANCELED": "was cancelled",
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell, and whom.

    Attributes:
        occasion: as the Jobs API names it.
        title: one line.
        body: plain text.
        emails: addresses.
        webhooks: ids of destinations, which `nbkit.toml` knows.
        task_key: the task that it is about; empty for the run.
        failed: whether it is bad news.
    """

    occasion: Occasion
    title: str
    body: str
    emails: tuple[str, ...]
    webhooks: tuple[str, ...]
    task_key: str = ""
    failed: bool = False


class _News(NamedTuple):
    """What happened, before anybody is asked who wants to know."""

    occasion: Occasion
    words: str
    unit: Unit | None = None
    detail: str = ""


def message(graph: RunGraph, state: RunState, event: Event) -> Message | None:
    """Return what an event gives to tell; None for nothing, or nobody to tell.

    Args:
        graph: what runs.
        state: the run after the event.
        event: what happened.
    """
    news = _news(graph, state, event)
    if news is None:
        return None
    about = graph.job if news.unit is None else definition(graph, news.unit)
    emails = tuple(getattr(about.email_notifications, news.occasion, None) or ())
    hooks = getattr(about.webhook_notifications, news.occasion, None) or ()
    if not emails and not hooks:
        return None
    subject = f"Job {state.run_name}"
    if news.unit is not None:
        at = "" if news.unit.iteration is None else f"[{news.unit.iteration}]"
        subject = f"Task {news.unit.task_key}{at} of job {state.run_name}"
    return Message(
        occasion=news.occasion,
        title=f"{subject} {news.words} (run {state.run_id})",
        body=news.detail or f"{subject} {news.words}.",
        emails=emails,
        webhooks=tuple(hook.id for hook in hooks),
        task_key=news.unit.task_key if news.unit else "",
        failed=news.occasion == "on_failure",
    )


def destinations_of(job: Job) -> tuple[str, ...]:
    """Return the ids of all webhook destinations that a job names."""
    return tuple(dict.fromkeys(hook for about in _all(job) for hook in _hooks(about)))


def addresses_of(job: Job) -> tuple[str, ...]:
    """Return all e-mail addresses that a job names."""
    return tuple(
        dict.fromkeys(
            address
            for about in _all(job)
            for occasion in OCCASIONS
            for address in getattr(about.email_notifications, occasion, None) or ()
        )
    )


def _all(job: Job) -> Iterator[Job | Task]:
    yield job
    for task in job.tasks:
        yield task
        if task.inner is not task:
            yield task.inner


def _hooks(about: Job | Task) -> Iterator[str]:
    for occasion in OCCASIONS:
        for hook in getattr(about.webhook_notifications, occasion, None) or ():
            yield hook.id


def _news(graph: RunGraph, state: RunState, event: Event) -> _News | None:  # noqa: PLR0911 one per event
    match event:
        case RunStarted():
            return _News("on_start", "started")
        case RunRepaired():
            return _News("on_start", "was taken up again")
        case RunFinished():
            return _end(graph, None, event.result, event.message)
        case AttemptStarted() | ForEachStarted():
            return _started(graph, state, event)
        case AttemptFinished():
            return _attempt_over(graph, state, event)
        case ForEachFinished():
            return _end(graph, Unit(event.task_key), event.result, event.message)
        case TaskSkipped():
            return _end(graph, Unit(event.task_key), event.result, event.reason)
        case DurationExceeded():
            words = f"goes on for more than {event.limit_seconds} s"
            return _News("on_duration_warning_threshold_exceeded", words, event.unit)
    return None


def _started(
    graph: RunGraph, state: RunState, event: AttemptStarted | ForEachStarted
) -> _News | None:
    unit = event.unit if isinstance(event, AttemptStarted) else Unit(event.task_key)
    found = state.unit(unit)
    again = found is not None and found.retries > 0
    if again and _last_attempt_only(graph, unit):
        return None
    return _News("on_start", "is tried again" if again else "started", unit)


def _attempt_over(graph: RunGraph, state: RunState, event: AttemptFinished) -> _News | None:
    found = state.unit(event.unit)
    again = found is not None and found.life == "WAITING_FOR_RETRY"
    if again and _last_attempt_only(graph, event.unit):
        return None
    return _end(graph, event.unit, event.result, _told(event.failure))


def _end(graph: RunGraph, unit: Unit | None, result: ResultState, detail: str) -> _News | None:
    if result in _GOOD:
        return _News("on_success", _WORDS[result], unit, detail)
    if result in _UNHEARD or _muted(graph, unit, result):
        return None
    return _News("on_failure", _WORDS.get(result, "did not run"), unit, detail)


def _muted(graph: RunGraph, unit: Unit | None, result: ResultState) -> bool:
    about = graph.job if unit is None else definition(graph, unit)
    settings, emails = about.notification_settings, about.email_notifications
    no_canceled = bool(settings and settings.no_alert_for_canceled_runs)
    no_skipped = bool(settings and settings.no_alert_for_skipped_runs) or bool(
        emails and emails.no_alert_for_skipped_runs
    )
    return (no_canceled and result in _CANCELED) or (no_skipped and result in _SKIPPED)


def _last_attempt_only(graph: RunGraph, unit: Unit) -> bool:
    settings = definition(graph, unit).notification_settings
    return bool(settings and settings.alert_on_last_attempt)


def _told(failure: Failure | None) -> str:
    if failure is None:
        return ""
    cell = "" if failure.cell is None else f"\n\nCell {failure.cell + 1}:\n{failure.source}"
    error = f"{failure.error}: " if failure.error and failure.error not in failure.message else ""
    return f"{error}{failure.message}{cell}"
