"""Refresh a view by a few rows: what every way of doing so has in common."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.pipelines.refresh import by_changes, full_times
from nbkit.pipelines.refresh.attempt import NotThisTimeError, attempted
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.written import Written
from nbkit.quality.outcome import KEPT, QUARANTINED, ROWS, failed, outcome_of
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.attempt import Attempt
    from nbkit.pipelines.refresh.full_times import FullTime
    from nbkit.pipelines.refresh.touched_keys import TouchedKeys
    from nbkit.pipelines.refresh.work import Work
    from nbkit.quality.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """What a way has written.

    Attributes:
        written: for who asked.
        whole: what expectations counted of the whole table; None where there are none.
        rows: in the table now; None where nobody has counted.
    """

    written: Written
    whole: Outcome | None = None
    rows: int | None = None


def carried_out(work: Work, way: str, write: Callable[[Attempt, FullTime], Done]) -> Written:
    """Let a way write, and note how long it took.

    Args:
        work: the view.
        way: name of the way.
        write: given the attempt, and what is noted of the last refreshes.

    Raises:
        NotThisTimeError: it does not fit after all; nothing was written.
    """
    begun = time.monotonic()
    known = full_times.of(work.storage, work.found.key)
    with attempted(work) as attempt:
        done = write(attempt, known)
    seconds = round(time.monotonic() - begun, 3)
    now = replace(
        known,
        rows=done.rows,
        others={**known.others, way: (seconds, by_changes.touched(work.facts))},
        refresh=attempt.refresh,
        counted=counted(done.whole) if done.whole else {},
    )
    full_times.note(work.storage, work.found.key, now)
    return done.written


def counted(outcome: Outcome) -> dict[str, int]:
    """Return the counts of an outcome, to be noted."""
    fails = {failed(place): each.failed for place, each in enumerate(outcome.results)}
    return {ROWS: outcome.rows, KEPT: outcome.kept, QUARANTINED: outcome.quarantined, **fails}


def counted_before(work: Work, known: FullTime) -> Mapping[str, int]:
    """Return what expectations had counted of the whole table.

    Raises:
        NotThisTimeError: that was not noted.
    """
    last = work.state.record.get("refresh") if work.state else None
    if not known.counted or known.refresh != last:
        said = "nobody has noted what its expectations counted before"
        raise NotThisTimeError(Refusal(said, "EXPECTATIONS_NOT_SUPPORTED"))
    return known.counted


def added(attempt: Attempt, known: FullTime, rows: DataFrame) -> Done:
    """Append rows to a view; its expectations count them with those that are there."""
    found = attempt.work.found
    expectations = expectations_of(found.dataset.rules)
    before = counted_before(attempt.work, known) if expectations else {}
    outcome = judged(attempt, rows, attempt.target.append)
    written = Written(outcome.kept, outcome.rows - outcome.kept)
    rows_now = None if known.rows is None else known.rows + outcome.kept
    if not expectations:
        return Done(written, None, rows_now)
    whole = outcome_of(found.written, expectations, before).plus(outcome)
    written.outcomes.append(whole)
    return Done(written, whole, rows_now)


_SMALL_BYTES = 32 * 1024 * 1024
"""A table that is written anew as a whole sooner than some of its rows are found in it."""


def is_small(attempt: Attempt) -> bool:
    """Say whether a view is sooner written as a whole, or has rules that count all of it."""
    facts = attempt.work.facts
    return bool(facts.rules) or (facts.size or 0) <= _SMALL_BYTES


def before(attempt: Attempt) -> DataFrame:
    """Return the rows of a view as they were at its last refresh, with columns in its order."""
    reader = attempt.live.session.read.format("delta")
    rows = reader.option("versionAsOf", attempt.work.facts.number).load(attempt.target.path)
    return rows.select(*map(quoted_part, attempt.rows.columns))


def whole(attempt: Attempt, rows: DataFrame) -> Done:
    """Write a view's rows that stay and its new ones; all are judged again."""
    outcome = judged(attempt, rows, attempt.target.overwrite)
    counted = outcome if attempt.work.found.dataset.rules else None
    outcomes = [counted] if counted else []
    written = Written(outcome.kept, outcome.rows - outcome.kept, outcomes=outcomes)
    return Done(written, counted, outcome.kept)


def exchanged(attempt: Attempt, known: FullTime, rows: DataFrame, keys: TouchedKeys) -> Done:
    """Replace the rows of a view that have some keys; it has no expectations."""
    if keys.exact:
        outcome = judged(
            attempt, rows, lambda good: attempt.target.replace_where(good, keys.condition)
        )
        return Done(Written(outcome.kept, 0), None, known.rows)
    if attempt.work.facts.policy == "auto":  # fewer histories were tried of merges than of the rest
        return whole(attempt, keys.but(before(attempt)).unionByName(rows))
    held = rows.persist()  # a merge reads it twice
    try:
        kept = held.count()
        attempt.target.merge(held, keys.rows)
        return Done(Written(kept, 0), None, known.rows)
    finally:
        held.unpersist()


def judged(attempt: Attempt, rows: DataFrame, write: Callable[[DataFrame], None]) -> Outcome:
    """Write those of some rows that may stand in the view; return what they fulfil."""
    found = attempt.work.found
    expectations = expectations_of(found.dataset.rules)
    parts = split(rows, expectations, dataset=found.written)
    with parts.metrics:
        write(parts.good)
        return parts.metrics.read()
