"""What became of expectations: counts, whether they held, and the words for it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import NbkitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbkit.quality.expectation import Action, Expectation
    from nbkit.wire import ExpectationResult

ROWS = "rows"
KEPT = "kept"
QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one expectation, or of one check of a whole table.

    Attributes:
        name, rule, action, threshold: as they were given.
        passed, failed: rows; for a check of a whole table, 1 and 0.
        dropped: failing rows that were kept out of the table, dropped or quarantined.
        sample: some of the failing rows, as objects of JSON.
        observed: what was measured, for a check of a whole table; else empty.
        details: what later runs of the check compare with, as JSON; else empty.
    """

    name: str
    rule: str
    action: Action
    threshold: float
    passed: int
    failed: int
    dropped: int = 0
    sample: tuple[dict[str, Any], ...] = ()
    observed: str = ""
    details: str = ""

    @property
    def rate(self) -> float:
        """Share of rows that failed, 0 to 1."""
        rows = self.passed + self.failed
        return self.failed / rows if rows else 0.0

    @property
    def ok(self) -> bool:
        """Whether it held: no more failed than its threshold lets pass."""
        return self.failed <= self.threshold * (self.passed + self.failed)

    @property
    def fatal(self) -> bool:
        """Whether it failed, and is one that stops the write."""
        return self.action == "fail" and not self.ok

    def as_text(self) -> str:
        """Return it on one line, for messages."""
        if self.observed:
            text = f"{self.name}: {self.rule}: {self.observed}"
        else:
            rows = self.passed + self.failed
            text = f"{self.name}: {self.failed:,} of {rows:,} rows fail `{self.rule}`"
            if self.threshold:
                text += f" ({self.rate:.2%}, at most {self.threshold:.2%} may)"
        shown = [json.dumps(row, ensure_ascii=False, default=str) for row in self.sample[:3]]
        return "\n".join([text, *(f"    {row}" for row in shown)])

    def as_wire(self) -> ExpectationResult:
        """Return it as the run's record has it."""
        wire: ExpectationResult = {
            "name": self.name,
            "rule": self.rule,
            "action": self.action,
            "threshold": self.threshold,
            "passed": self.passed,
            "failed": self.failed,
            "dropped": self.dropped,
            "ok": self.ok,
        }
        if self.sample:
            wire["sample"] = list(self.sample)
        if self.observed:
            wire["observed"] = self.observed
        return wire


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all expectations on one dataset.

    Attributes:
        dataset: what was looked at.
        rows: looked at; they are kept, quarantined or dropped, each exactly one of these.
        kept, quarantined: how many rows went where.
        results: in the order in which the expectations were given.
        aside: the table where quarantined rows are; empty if nobody knows.
    """

    dataset: str
    rows: int
    kept: int
    quarantined: int
    results: tuple[Result, ...]
    aside: str = ""

    @property
    def dropped(self) -> int:
        """Rows that went nowhere."""
        return self.rows - self.kept - self.quarantined

    @property
    def ok(self) -> bool:
        """Whether every expectation held, whatever its action."""
        return all(result.ok for result in self.results)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The expectations that did not hold."""
        return tuple(result for result in self.results if not result.ok)

    def raise_for_failures(self, consequence: str = "") -> None:
        """Stop here if an expectation with the action `fail` did not hold.

        Args:
            consequence: what became of the data, for the message.

        Raises:
            ExpectationFailedError: it names each such expectation, its counts and some rows.
        """
        if any(result.fatal for result in self.results):
            raise ExpectationFailedError(self, consequence)

    def plus(self, later: Outcome) -> Outcome:
        """Return this and what became of later rows under the same expectations, as one."""
        results = tuple(
            replace(
                then,
                passed=result.passed + then.passed,
                failed=result.failed + then.failed,
                dropped=result.dropped + then.dropped,
                sample=result.sample or then.sample,
            )
            for result, then in zip(self.results, later.results, strict=True)
        )
        return Outcome(
            self.dataset,
            self.rows + later.rows,
            self.kept + later.kept,
            self.quarantined + later.quarantined,
            results,
            self.aside or later.aside,
        )

    def __getitem__(self, name: str) -> Result:
        """Return the result of the expectation of that name."""
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)


class ExpectationFailedError(NbkitError):
    """Expectations with the action `fail` did not hold.

    Attributes:
        outcome: all that was measured.
    """

    def __init__(self, outcome: Outcome, consequence: str = "") -> None:
        self.outcome = outcome
        fatal = [result for result in outcome.results if result.fatal]
        what = "expectation" if len(fatal) == 1 else "expectations"
        first = f"{outcome.dataset}: {len(fatal)} {what} failed"
        lines = [f"{first}; {consequence}" if consequence else first]
        super().__init__("\n".join([*lines, *(f"  {result.as_text()}" for result in fatal)]))


def outcome_of(
    dataset: str, expectations: Sequence[Expectation], counts: Mapping[str, int]
) -> Outcome:
    """Return what counts of rows say about expectations.

    Args:
        dataset: what was looked at.
        expectations: in the order in which their failures were counted.
        counts: `rows`, `kept`, `quarantined`, and `failed_0`, `failed_1` … by expectation.
    """
    rows = counts[ROWS]
    results = tuple(
        Result(
            each.name,
            each.rule,
            each.action,
            each.threshold,
            passed=rows - counts[failed(place)],
            failed=counts[failed(place)],
            dropped=counts[failed(place)] if each.removes else 0,
        )
        for place, each in enumerate(expectations)
    )
    return Outcome(dataset, rows, counts[KEPT], counts[QUARANTINED], results)


def failed(place: int | str) -> str:
    """Return the name of the count of failing rows of the expectation at `place`."""
    return f"failed_{place}"


def aggregated(place: int) -> str:
    """Return the name of the value of the aggregate at `place`."""
    return f"aggregate_{place}"


def total(batches: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the sum of the counts of a stream's batches, or of one query."""
    summed: dict[str, int] = {}
    for each in batches:
        for name, count in each.items():
            if name in {ROWS, KEPT, QUARANTINED} or name.startswith(failed("")):
                summed[name] = summed.get(name, 0) + count
    return summed


def sampled(outcome: Outcome, rows: Mapping[str, Sequence[dict[str, Any]]]) -> Outcome:
    """Return the outcome with failing rows, by the expectation's name."""
    results = tuple(
        replace(result, sample=tuple(rows.get(result.name, result.sample)))
        for result in outcome.results
    )
    return replace(outcome, results=results)
