"""Add to the groups of a view what a change adds to them, and take away what it takes."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.pipelines.refresh import by_changes, partial, plan_parts
from nbkit.pipelines.refresh.attempt import NotThisTimeError
from nbkit.pipelines.refresh.plan import Offer, Refusal
from nbkit.pipelines.refresh.proofs.sums import sums_of
from nbkit.pipelines.refresh.strategies import Strategy
from nbkit.pipelines.refresh.touched_keys import TouchedKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

    from nbkit.pipelines.refresh.attempt import Attempt
    from nbkit.pipelines.refresh.full_times import FullTime
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.refresh.proofs.sums import Sums
    from nbkit.pipelines.refresh.source_changes import SourceChange
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written

_NAME = "merged_deltas"
_FLOOR_SECONDS = 2.0
_CAME = "_change_type IN ('insert', 'update_postimage')"
_WENT = "_change_type IN ('delete', 'update_preimage')"


def _offer(facts: Facts) -> Offer | Refusal:
    query = by_changes.proved_over(facts)
    if isinstance(query, Refusal):
        return query
    if facts.policy == "auto":  # fewer histories were tried of it than of the other ways
        said = "sums are added to only where REFRESH POLICY INCREMENTAL asks for it"
        return Refusal(said, "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL")
    if "drop" in facts.rules:
        said = "a group that an expectation has dropped is not there to be added to"
        return Refusal(said, "EXPECTATIONS_NOT_SUPPORTED")
    found = _proved(query, facts.changed)
    if isinstance(found, Refusal):
        return found
    share = 2 * by_changes.share(facts)  # it is read for what came and for what went
    cost = by_changes.seconds(facts, _NAME, _FLOOR_SECONDS, share)
    names = " and ".join(map(by_changes.shown, facts.changed))
    return Offer(f"what has changed in {names} is added to its sums", cost)


def _proved(query: Query, changed: Mapping[str, SourceChange]) -> Sums | Refusal:
    only_added = all(each.kind == "appended" for each in changed.values())
    return sums_of(query, changed, only_added=only_added)


def _carry_out(work: Work) -> Written:
    return partial.carried_out(work, _NAME, _merge)


def _merge(attempt: Attempt, known: FullTime) -> partial.Done:
    found = _proved(attempt.query, {name: each.told for name, each in attempt.changed.items()})
    if isinstance(found, Refusal):
        raise NotThisTimeError(found)
    names = attempt.rows.columns
    before = partial.before(attempt)
    came = _figures(attempt, found, _CAME)
    parts = [came]
    if any(each.told.kind != "appended" for each in attempt.changed.values()):
        parts.append(_negated(_figures(attempt, found, _WENT), found))
    changes = reduce(lambda one, other: one.unionByName(other), parts).persist()
    try:
        keys = changes.select(*(quoted_part(names[at]) for at in found.keys)).distinct()
        touched = TouchedKeys(keys, keys.count())
        if not found.keys or partial.is_small(attempt):
            return partial.whole(attempt, _added(before.unionByName(changes), found))
        old = touched.of(before)
        return partial.exchanged(attempt, known, _added(old.unionByName(changes), found), touched)
    finally:
        changes.unpersist()


def _figures(attempt: Attempt, found: Sums, which: str) -> DataFrame:
    """Return the query over some of the changed rows alone."""
    operators = plan_parts.numbered(plan_parts.plan_of(attempt.rows))
    jvm: Any = attempt.live.session._jvm  # noqa: SLF001 - PySpark has no other way
    others = {at: plan_parts.nothing_of(operators[at], jvm) for at in found.linear.left_out}
    for at, name in found.linear.leaves.items():
        rows = attempt.changes(name).where(which)
        others[at] = plan_parts.as_leaf(operators[at], rows)
    return plan_parts.rebuilt(attempt.rows, others)


def _negated(rows: DataFrame, found: Sums) -> DataFrame:
    columns = [
        -_column(rows, at) if figure in {"count", "sum"} else _column(rows, at)
        for at, figure in enumerate(found.figures)
    ]
    pairs = zip(columns, rows.columns, strict=True)
    return rows.select(*(column.alias(name) for column, name in pairs))


def _added(rows: DataFrame, found: Sums) -> DataFrame:
    """Return groups with the figures of all rows of the same key together."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    ways = {"count": F.sum, "sum": F.sum, "max": F.max, "min": F.min}
    made = [
        ways[figure](_column(rows, at)).alias(f"c{at}")
        for at, figure in enumerate(found.figures)
        if figure != "key"
    ]
    keys = [_column(rows, at).alias(f"c{at}") for at in found.keys]
    groups = rows.groupBy(*keys).agg(*made)
    if found.rows is not None and found.keys:
        groups = groups.where(F.col(f"c{found.rows}") > 0)
    counted = dict(found.counted)

    def final(at: int) -> Column:
        column = F.col(f"c{at}")
        if at in counted:
            column = F.when(F.col(f"c{counted[at]}") > 0, column)
        kind = rows.schema.fields[at].dataType
        return column.cast(kind).alias(rows.columns[at])

    return groups.select(*(final(at) for at in range(len(found.figures))))


def _column(rows: DataFrame, at: int) -> Column:
    return rows[quoted_part(rows.columns[at])]


STRATEGY = Strategy(_NAME, "added to", _offer, _carry_out, "GROUP_AGGREGATE", incremental=True)
