"""An expectation: a named SQL predicate that rows are to meet, and what is done when they do not.

Pure values; nothing here knows Spark.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nbkit.quality.naming import Named

Action = Literal["warn", "drop", "fail", "quarantine"]
Nulls = Literal["fail", "pass"]

ACTIONS: tuple[Action, ...] = get_args(Action)
NULLS: tuple[Nulls, ...] = get_args(Nulls)

_SHARE = re.compile(r"(?:at most\s+)?(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What every row of a table is expected to meet.

    Attributes:
        name: as people call it; unique among the expectations on one table.
        predicate: a SQL condition on the row. It may use window functions (say so with
            `across_rows`) and subqueries on other tables.
        action: what is done about rows that fail: `warn` counts them, `drop` leaves them out,
            `quarantine` puts them elsewhere, `fail` stops the write.
        threshold: share of rows that may fail before the expectation itself does, 0 to 1; may be
            given as `share` reads it.
        nulls: whether a row for which the predicate is NULL fails or passes. To Spark, a
            condition with a subquery (`a in (select …)`) is then false, not NULL.
        says: the rule in words, where the predicate is long; else empty.
        across_rows: the predicate looks at other rows too, which a stream cannot.
        tags: for choosing among shared rules.
        on: makes the predicate for the columns that are there; None where it is what it is.

    Raises:
        DefinitionError: a field has no meaning, with all such problems.
    """

    name: str
    predicate: str
    action: Action = "warn"
    threshold: float = 0.0
    nulls: Nulls = "fail"
    says: str = ""
    across_rows: bool = False
    tags: tuple[str, ...] = field(default=(), compare=False)
    on: Callable[[Named], str] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise DefinitionError(problems, f"expectation {self.name!r}")
        object.__setattr__(self, "threshold", share(self.threshold))

    @property
    def rule(self) -> str:
        """What it says, for a person."""
        return self.says or self.predicate

    @property
    def removes(self) -> bool:
        """Whether rows that fail are kept out of the table."""
        return self.action in {"drop", "quarantine"}

    @property
    def failing(self) -> str:
        """The SQL condition of rows that fail: true or false, never NULL."""
        passes_on_null = "true" if self.nulls == "pass" else "false"
        return f"(not coalesce(({self.predicate}\n), {passes_on_null}))"


def share(value: float | str) -> float:
    """Return a threshold as a share of 1: `0.01`, `"1%"` and `"at most 1 %"` are the same.

    Raises:
        ValueError: it is not a share between 0 and 1.
    """
    number = value
    if isinstance(value, str):
        found = _SHARE.fullmatch(value.strip())
        if found is None:
            raise ValueError(f'{value!r} is not a share of rows; write 0.01 or "1%"')
        number = float(found["number"]) / (100 if found["percent"] else 1)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise ValueError(f'{value!r} is not between 0 and 1; for one percent write 0.01 or "1%"')
    return float(number)


def checked(expectations: Iterable[Expectation]) -> tuple[Expectation, ...]:
    """Return the expectations as a tuple.

    Raises:
        DefinitionError: something is no expectation, or two have one name.
    """
    given = tuple(expectations)
    problems = [
        Problem(f"[{place}]", f"{type(each).__name__} is not an expectation")
        for place, each in enumerate(given)
        if not isinstance(each, Expectation)
    ]
    if not problems:
        problems = repeated([each.name for each in given])
    if problems:
        raise DefinitionError(tuple(problems), "expectations")
    return given


def repeated(names: Sequence[str]) -> list[Problem]:
    """Return a problem for each name that is there more than once."""
    return [
        Problem("", f"{count} expectations are called {name!r}; names tell results apart")
        for name, count in Counter(names).items()
        if count > 1
    ]


def _problems(given: Expectation) -> Iterable[Problem]:
    if not isinstance(given.name, str) or not given.name.strip():
        yield Problem("name", "is empty")
    if not isinstance(given.predicate, str) or not given.predicate.strip():
        yield Problem("predicate", "is empty; write a SQL condition such as 'distance > 0'")
    if given.action not in ACTIONS:
        near = hint(str(given.action), ACTIONS)
        yield Problem("action", f"{given.action!r} is not an action{near}")
    if given.nulls not in NULLS:
        yield Problem("nulls", f"{given.nulls!r} is neither 'fail' nor 'pass'")
    try:
        share(given.threshold)
    except ValueError as error:
        yield Problem("threshold", str(error))
