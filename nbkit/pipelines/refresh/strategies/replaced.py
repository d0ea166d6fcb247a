"""Replace all rows of a materialized view, in one commit."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import full_times, partial, quarantine, tables
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.pinned import pinned
from nbkit.pipelines.refresh.plan import COMPLETE, Offer, Refusal, why_not_left
from nbkit.pipelines.refresh.strategies import Strategy
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve.identity import identity_of
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.work import Work

_SECONDS = 60.0
"""What it takes where nobody knows: more than anything that reads less."""


def _offer(facts: Facts) -> Offer | Refusal:
    if facts.kind != "materialized_view":
        return Refusal("it is no materialized view")
    why = why_not_left(facts) or "all of it is computed"
    return Offer(why, _SECONDS if facts.full_seconds is None else facts.full_seconds)


def _carry_out(work: Work) -> Written:
    found, begun = work.found, time.monotonic()
    live = work.live(found.flows[0].flow)
    try:
        made = live.frame(found.flows[0].flow)
        meaning, read = identity_of(made), pinned(made)
        number, refresh = work.facts.number, uuid.uuid4().hex
        record = {
            **quarantine.noted(refresh),
            "definition": work.facts.definition,
            "inputs": read.of(work.facts.inputs),
            "number": 0 if number is None else number + 1,
            "query": meaning.digest,
        }
        expectations = expectations_of(found.dataset.rules)
        parts = split(work.shaped(read.rows, found), expectations, dataset=found.written)
        with parts.metrics:
            tracking = work.tracking(parts.good.columns)
            whose = (found.key, found.dataset, work.owner)
            tables.replace(parts.good, *whose, record, properties=tracking)
            work.beside().replace(parts, refresh)
            outcome = parts.metrics.read()
            outcomes = [metrics.read() for metrics in live.counted.values()]
    finally:
        live.close()
    counted = [outcome] if expectations else []
    took = full_times.FullTime(
        round(time.monotonic() - begun, 3),
        outcome.kept,
        work.facts.others,
        refresh,
        partial.counted(outcome) if expectations else {},
    )
    full_times.note(work.storage, found.key, took)
    return Written(outcome.kept, outcome.rows - outcome.kept, outcomes=[*counted, *outcomes])


STRATEGY = Strategy("recompute", "recomputed", _offer, _carry_out, COMPLETE)
