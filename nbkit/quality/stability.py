"""The population stability index of two samples, and how much of it chance alone makes. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.counted import rows as rows_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

Counts = dict[str, int]
"""Rows by bin."""

OTHER = "other"
"""The bin of values that have none of their own. Those that have: `=` and the value."""

_CHANCE = 3.09
"""Standard deviations that chance goes beyond once in a thousand times."""
_HALF = 0.5
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a run is compared with.

    Attributes:
        edges: of bins of numbers; None where values are their own bins.
        runs: rows by bin of the last runs that held, the newest first.
    """

    edges: tuple[float, ...] | None = None
    runs: tuple[Counts, ...] = ()

    @classmethod
    def read(cls, text: str) -> Baseline:
        """Return what `written` wrote; nothing to compare with if it is something else."""
        found = json.loads(text) if text else {}
        if found.get("format") != _FORMAT:
            return cls()
        edges = found["edges"]
        return cls(None if edges is None else tuple(edges), tuple(found["runs"]))

    def written(self) -> str:
        """Return it as JSON."""
        edges = None if self.edges is None else list(self.edges)
        told = {"format": _FORMAT, "edges": edges, "runs": list(self.runs)}
        return json.dumps(told, ensure_ascii=False)

    @property
    def begun(self) -> bool:
        """Whether there is something to compare with."""
        return bool(self.runs)

    @property
    def total(self) -> Counts:
        """Rows by bin, of all runs together."""
        found: Counts = {}
        for each in self.runs:
            for name, count in each.items():
                found[name] = found.get(name, 0) + count
        return found

    def with_run(self, counts: Counts, most: int) -> Baseline:
        """Return it with one more run, and no more than so many."""
        return Baseline(self.edges, (counts, *self.runs)[:most])


def few(counts: Mapping[str, int], known: Mapping[str, int] | None, most: int) -> Counts:
    """Return rows by bin, where values are their own bins.

    Args:
        counts: by value.
        known: bins that there are already; None if this run makes them.
        most: values that get a bin, the most frequent ones, if this run makes them.
    """
    order = sorted(counts, key=lambda name: (-counts[name], name))
    own = {*order[:most]} if known is None else {*known}
    found = {name: count for name, count in counts.items() if name in own}
    rest = sum(counts.values()) - sum(found.values())
    return found | ({OTHER: rest + found.get(OTHER, 0)} if rest else {})


def compared(now: Counts, before: Counts) -> tuple[float, float]:
    """Return the stability index of rows by bin, and how much of it may be chance.

    Half a row is added to each bin, so that an empty one is little and not nothing. Of samples of
    one distribution, the index divided by 1/n + 1/m is spread about as chi-squared, with one
    degree of freedom fewer than there are bins.
    """
    names = sorted({*now, *before})
    if len(names) < 2:  # noqa: PLR2004 - one bin is always as full as ever
        return 0.0, 0.0
    rows, rows_before = sum(now.values()), sum(before.values())
    index = 0.0
    for name in names:
        p = (now.get(name, 0) + _HALF) / (rows + _HALF * len(names))
        q = (before.get(name, 0) + _HALF) / (rows_before + _HALF * len(names))
        index += (p - q) * math.log(p / q)
    return index, (1 / rows + 1 / rows_before) * _chi_squared(len(names) - 1)


def verdict(
    now: Counts, known: Baseline, at_most: float, runs: int, least_rows: int
) -> tuple[bool, str, Baseline]:
    """Judge a run.

    Returns:
        Whether it holds, why, and what later runs are to be compared with.
    """
    rows = sum(now.values())
    if not rows:
        return True, "no rows to compare", known
    index, chance = compared(now, known.total)
    ok = index <= max(at_most, chance)
    against = "the last run" if len(known.runs) == 1 else f"the last {len(known.runs)} runs"
    told = f"stability index {index:.3f} against {against}"
    if chance > at_most:
        told += f"; of so few rows ({rows_in_words(rows)}), up to {chance:.2f} may be chance"
    if rows < least_rows or not ok:
        return ok, told, known
    return True, told, known.with_run(now, runs)


def _chi_squared(degrees: int) -> float:
    """Return what chi-squared exceeds once in a thousand times (Wilson and Hilferty, 1931)."""
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + _CHANCE * math.sqrt(part)) ** 3)
