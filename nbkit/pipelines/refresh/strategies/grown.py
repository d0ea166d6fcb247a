"""Add to a view the rows that its query makes of what is new in sources that only grew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import by_changes, partial, plan_parts
from nbkit.pipelines.refresh.attempt import NotThisTimeError
from nbkit.pipelines.refresh.plan import Offer, Refusal
from nbkit.pipelines.refresh.proofs.linear import linear
from nbkit.pipelines.refresh.strategies import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.pipelines.refresh.attempt import Attempt
    from nbkit.pipelines.refresh.full_times import FullTime
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.proofs.linear import Linear
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.refresh.source_changes import SourceChange
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written

_NAME = "append"
_FLOOR_SECONDS = 1.0


def _offer(facts: Facts) -> Offer | Refusal:
    query = by_changes.proved_over(facts)
    if isinstance(query, Refusal):
        return query
    found = _proved(query, facts.changed)
    if isinstance(found, Refusal):
        return found
    names = " and ".join(map(by_changes.shown, facts.changed))
    cost = by_changes.seconds(facts, _NAME, _FLOOR_SECONDS, by_changes.share(facts))
    return Offer(f"rows were added to {names}, and no others have changed", cost)


def _proved(query: Query, changed: Mapping[str, SourceChange]) -> Linear | Refusal:
    for name, change in changed.items():
        if change.kind != "appended":
            return Refusal(f"rows of {by_changes.shown(name)} were changed or deleted")
    return linear(query, changed)


def _carry_out(work: Work) -> Written:
    return partial.carried_out(work, _NAME, _add)


def _add(attempt: Attempt, known: FullTime) -> partial.Done:
    told = {name: each.told for name, each in attempt.changed.items()}
    found = _proved(attempt.query, told)
    if isinstance(found, Refusal):
        raise NotThisTimeError(found)
    operators = plan_parts.numbered(plan_parts.plan_of(attempt.rows))
    jvm = attempt.live.session._jvm  # noqa: SLF001 - PySpark has no other way
    others = {at: plan_parts.nothing_of(operators[at], jvm) for at in found.left_out}
    for at, name in found.leaves.items():
        new = attempt.changes(name).where("_change_type = 'insert'")
        others[at] = plan_parts.as_leaf(operators[at], new)
    return partial.added(attempt, known, plan_parts.rebuilt(attempt.rows, others))


STRATEGY = Strategy(_NAME, "appended to", _offer, _carry_out, "APPEND_ONLY", incremental=True)
