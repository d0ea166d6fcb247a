"""Compute the rows of a view anew whose keys a change touches, and replace them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import by_changes, partial
from nbkit.pipelines.refresh.attempt import NotThisTimeError
from nbkit.pipelines.refresh.plan import Offer, Refusal
from nbkit.pipelines.refresh.proofs.images import key_of
from nbkit.pipelines.refresh.strategies import Strategy
from nbkit.pipelines.refresh.touched_keys import touched_keys

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.attempt import Attempt
    from nbkit.pipelines.refresh.full_times import FullTime
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.touched_keys import TouchedKeys
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written

_NAME = "affected_keys"
_FLOOR_SECONDS = 2.5
_OF_FULL = 0.35
"""What a source costs that is read for some of its keys, lying anywhere in it (measured)."""
_MOST_OF_VIEW = 0.1
"""Share of its rows above which a view is sooner computed as a whole."""


def _offer(facts: Facts) -> Offer | Refusal:
    query = by_changes.proved_over(facts)
    if isinstance(query, Refusal):
        return query
    if "drop" in facts.rules:
        said = "nobody knows how many rows its expectations had dropped of the keys that changed"
        return Refusal(said, "EXPECTATIONS_NOT_SUPPORTED")
    key = key_of(query, facts.changed)
    if isinstance(key, Refusal):
        return key
    names = ", ".join(query.columns[at][0] for at in key.columns)
    cost = by_changes.seconds(facts, _NAME, _FLOOR_SECONDS, _OF_FULL + by_changes.share(facts))
    return Offer(f"rows with the {names} that have changed are computed anew", cost)


def _carry_out(work: Work) -> Written:
    return partial.carried_out(work, _NAME, _replace)


def _replace(attempt: Attempt, known: FullTime) -> partial.Done:
    key = key_of(attempt.query, attempt.changed)
    if isinstance(key, Refusal):
        raise NotThisTimeError(key)
    keys = touched_keys(attempt, key)
    try:
        return _written(attempt, known, keys)
    finally:
        keys.rows.unpersist()


def _written(attempt: Attempt, known: FullTime, keys: TouchedKeys) -> partial.Done:
    """Replace the rows with some keys, in the way that suits the size of the table."""
    work = attempt.work
    few = known.rows is None or keys.count <= _MOST_OF_VIEW * known.rows
    if work.facts.policy == "auto" and not few:
        said = f"{keys.count:,} keys were touched by what has changed, of {known.rows:,} rows"
        raise NotThisTimeError(Refusal(said, "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL"))
    if not keys.count:
        return partial.added(attempt, known, attempt.rows.limit(0))
    new = keys.of(attempt.rows)
    if work.facts.rules or partial.is_small(attempt):
        return partial.whole(attempt, keys.but(partial.before(attempt)).unionByName(new))
    return partial.exchanged(attempt, known, new, keys)


STRATEGY = Strategy(
    _NAME, "brought up to date", _offer, _carry_out, "GENERIC_AGGREGATE", incremental=True
)
