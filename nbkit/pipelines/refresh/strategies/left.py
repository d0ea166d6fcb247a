"""Leave a dataset as it is: nothing that its rows depend on has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.plan import NOTHING, Offer, Refusal, why_anew, why_not_left
from nbkit.pipelines.refresh.strategies import Strategy
from nbkit.pipelines.refresh.written import Written

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.work import Work


def _offer(facts: Facts) -> Offer | Refusal:
    if facts.kind == "materialized_view":
        why = why_not_left(facts)
        same = "neither its inputs nor its definition have changed"
    else:
        why = why_anew(facts) or (None if facts.active == () else "there may be something new")
        same = "what it streams from has nothing new"
    return Offer(same, 0.0) if why is None else Refusal(why)


def _carry_out(work: Work) -> Written:
    return Written(None, None, said=work.described())


STRATEGY = Strategy("unchanged", "left as it is", _offer, _carry_out, NOTHING)
