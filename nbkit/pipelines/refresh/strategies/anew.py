"""Let a streaming table, or a sink, begin anew: with all that there is to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh import sinks, tables
from nbkit.pipelines.refresh.plan import Offer, Refusal, why_anew
from nbkit.pipelines.refresh.strategies import Strategy

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written

_SECONDS = 60.0
"""A guess: it is only offered where nothing else is right."""


def _offer(facts: Facts) -> Offer | Refusal:
    if facts.kind == "materialized_view":
        return Refusal("it is no streaming table")
    why = why_anew(facts)
    return Refusal("it can go on where it was") if why is None else Offer(why, _SECONDS)


def _carry_out(work: Work) -> Written:
    return work.fed(work.found.flows, lambda columns: _begun(work, columns))


def _begun(work: Work, columns: Any) -> str:
    """Empty the table, or forget what a sink was given; returns which life of it this is."""
    found, record = work.found, {"streams": dict(work.facts.streams)}
    if found.kind == "sink":
        generation = sinks.begin(work.streams.folder(found.key), record)
    else:
        generation = tables.begin(
            work.spark,
            found.key,
            found.dataset,
            columns,
            pipeline=work.owner,
            record=record,
        )
    work.streams.forget(found.key, generation)
    return generation


STRATEGY = Strategy("full", "begun anew", _offer, _carry_out)
