"""Ways of refreshing a dataset, one file each: to add one, write a file with a `STRATEGY` here."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.pipelines.refresh.plan import Facts, Offer, Refusal
    from nbkit.pipelines.refresh.work import Work
    from nbkit.pipelines.refresh.written import Written


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way of refreshing a dataset.

    Attributes:
        name: what records and events call it.
        words: what people read of it, before the reason: `left as it is`.
        offer: says whether it fits the facts of a dataset, why, and what it would cost; it reads
            nothing but the facts.
        carry_out: does it, in one commit to the dataset's table where it replaces rows.
        technique: what Databricks' planning information calls it; empty for none of a view.
        incremental: whether it brings a view up to date by what has changed.
    """

    name: str
    words: str
    offer: Callable[[Facts], Offer | Refusal]
    carry_out: Callable[[Work], Written]
    technique: str = ""
    incremental: bool = False


def ways() -> dict[str, Strategy]:
    """Return every way there is, by its name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        way: Strategy = importlib.import_module(f"{__name__}.{module.name}").STRATEGY
        found[way.name] = way
    return found
