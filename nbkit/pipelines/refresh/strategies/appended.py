"""Add to a streaming table, or to a sink, what is new in what it streams from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.plan import Offer, Refusal, why_anew
from nbkit.pipelines.refresh.strategies import Strategy

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written

_SECONDS = 1.0
"""A guess: there is no other way that keeps what was read already."""


def _offer(facts: Facts) -> Offer | Refusal:
    if facts.kind == "materialized_view":
        return Refusal("it is no streaming table")
    why = why_anew(facts)
    if why is not None:
        return Refusal(why)
    kept = "; pipelines.reset.allowed keeps it from beginning anew" if facts.full else ""
    return Offer(f"what is new is added{kept}", _SECONDS)


def _carry_out(work: Work) -> Written:
    said = work.described()
    active = work.facts.active
    flows = [each for each in work.found.flows if active is None or each.flow.name in active]
    written = work.fed(flows, lambda _: work.facts.generation)
    written.said = said
    return written


STRATEGY = Strategy("incremental", "updated", _offer, _carry_out)
