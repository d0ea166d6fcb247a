"""Rules proposed from what a table is like today, with how sure that is; a person decides."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbkit.counted import rows as rows_in_words
from nbkit.quality.profile import KEYS, LEAST_ROWS, WHOLE_NUMBERS, profiles
from nbkit.quality.rules import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame

    from nbkit.quality.by_measure import Check
    from nbkit.quality.profile import Profile

Sure = Literal["sure", "likely", "a guess"]

_MOST_ODD = 0.05
"""Share of rows with NULL, or with no finite number, that a rule may be about at all."""

_RANGES: tuple[tuple[str, int, int], ...] = (
    ("day mday", 1, 31),
    ("month", 1, 12),
    ("quarter", 1, 4),
    ("week", 1, 53),
    ("weekday dow", 0, 7),
    ("hour", 0, 23),
    ("minute second", 0, 59),
    ("year", 1900, 2100),
    ("lat latitude", -90, 90),
    ("lon lng long longitude", -180, 180),
    ("percent percentage pct", 0, 100),
    ("ratio share probability prob fraction", 0, 1),
    ("age", 0, 120),
)
"""Words that columns are named with, and what everybody knows of such numbers."""

_NEVER_NEGATIVE = {
    *("amount", "area", "bytes", "capacity", "cost", "count", "distance", "duration", "height"),
    *("length", "number", "population", "price", "quantity", "qty", "seats", "size", "stock"),
    *("total", "volume", "weight", "width", "years"),
}
_KEYS = {"id", "key", "uuid", "guid", "code", "number", "no", "nr", "sku", "isbn", "iban", "email"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One proposed rule.

    Attributes:
        rule: as an object, as in a file of rules.
        sure: how sure it is that tomorrow's rows are to meet it too.
        why: what speaks for it.
    """

    rule: dict[str, Any]
    sure: Sure
    why: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Proposed rules: for use as they are, or as text to keep and change.

    Attributes:
        each: the proposals.
    """

    each: tuple[Suggestion, ...]

    @property
    def rules(self) -> tuple[dict[str, Any], ...]:
        """The rules, as objects."""
        return tuple(each.rule for each in self.each)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The rules, ready to be given to `check` or `write`."""
        return tuple(build(rule) for rule in self.rules)

    def as_code(self) -> str:
        """Return the rules as Python."""
        lines = (
            f"    quality.{_call(each.rule)},  # {each.sure}: {each.why}" for each in self.each
        )
        return "\n".join(["checks = [", *lines, "]"])

    def as_yaml(self) -> str:
        """Return the rules as a file for `read_rules`."""
        import yaml

        parts = ["rules:\n" if self.each else "rules: []\n"]
        for each in self.each:
            text = yaml.safe_dump([each.rule], sort_keys=False, allow_unicode=True)
            parts.append(f"# {each.sure}: {each.why}\n{text}")
        return "".join(parts)

    def __repr__(self) -> str:
        return self.as_code()


def suggest(df: DataFrame) -> Suggestions:
    """Profile a table and propose rules that it meets today and that somebody would write.

    Bounds are proposed where the column's name says what it is (a day, a latitude), or where no
    number is negative; not what the numbers happen to be today. Two passes over the table, and one
    for each column with few values.

    Args:
        df: a batch DataFrame.
    """
    return Suggestions(tuple(each for column in profiles(df) for each in proposed(column)))


def proposed(column: Profile) -> Iterator[Suggestion]:
    """Yield the rules that a column meets and that say something."""
    nulls = column.rows - column.values
    if not column.values or nulls > _MOST_ODD * column.rows:
        pass
    elif nulls:
        rule = {"columns": [column.name], "threshold": _rounded_up(nulls / column.rows)}
        why = f"{nulls:,} of {rows_in_words(column.rows)} are NULL"
        yield Suggestion({"check": "not_null", **rule}, "a guess", why)
    else:
        why = f"no NULL in {rows_in_words(column.rows)}"
        sure = _by_rows(column.rows, 1_000, 100)
        yield Suggestion({"check": "not_null", "columns": [column.name]}, sure, why)
    yield from _key(column) or _bounds(column) or _set(column)


def _key(column: Profile) -> list[Suggestion]:
    if column.kind not in KEYS or column.rows < LEAST_ROWS or column.values != column.rows:
        return []
    if column.distinct != column.rows:
        return []
    named = bool(_KEYS & {*_words(column.name)})
    if not named and column.kind in WHOLE_NUMBERS:
        assert isinstance(column.low, int)
        assert isinstance(column.high, int)
        if column.high - column.low + 1 != column.rows:
            return []  # numbers that differ by chance
    why = f"{rows_in_words(column.rows)}, and no value twice"
    sure: Sure = _by_rows(column.rows, 1_000, 100) if named else "a guess"
    return [Suggestion({"check": "unique", "columns": [column.name]}, sure, why)]


def _bounds(column: Profile) -> list[Suggestion]:
    low, high, few = column.low, column.high, column.odd
    if low is None or high is None or few > _MOST_ODD * column.rows:
        return []
    rule: dict[str, Any] = {"check": "between", "column": column.name}
    more: dict[str, Any] = {"nulls": "pass"}
    if few:
        more["threshold"] = _rounded_up(few / column.rows)
    words = [word.removesuffix("s") for word in _words(column.name)]
    for names, least, most in _RANGES:
        if {*names.split()} & {*words[:1], *words[-1:]} and least <= low and high <= most:
            why = f"what its name says; today from {low} to {high}"
            return [Suggestion({**rule, "low": least, "high": most, **more}, "likely", why)]
    if low < 0 or column.rows < LEAST_ROWS or _set(column):
        return []
    sure: Sure = "likely" if _NEVER_NEGATIVE & {*_words(column.name)} else "a guess"
    why = f"none of {rows_in_words(column.values)} is negative"
    return [Suggestion({**rule, "low": 0, **more}, sure, why)]


def _set(column: Profile) -> list[Suggestion]:
    """Propose a set of values, if each is there often enough that there are hardly others."""
    most = 20 if column.kind == "string" else 6
    rarest = min(column.few.values(), default=0)
    if not 1 < len(column.few) <= most or column.values < LEAST_ROWS or rarest < _OFTEN:
        return []
    values = sorted(column.few)
    rule = {"check": "in_set", "column": column.name, "values": values, "nulls": "pass"}
    sure: Sure = _by_rows(rarest, 1_000, 30)
    told = f"{len(values)} values in {rows_in_words(column.values)}, the rarest in {rarest:,}"
    return [Suggestion(rule, "likely" if sure == "sure" else sure, told)]


_OFTEN = 5


def _by_rows(rows: int, sure: int, likely: int) -> Sure:
    return "sure" if rows >= sure else ("likely" if rows >= likely else "a guess")


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _rounded_up(part: float) -> float:
    """Return a share with two significant digits, not below what was found."""
    scale = 10.0 ** (1 - math.floor(math.log10(part)))
    return math.ceil(part * scale) / scale


def _call(rule: Mapping[str, Any]) -> str:
    given = {name: value for name, value in rule.items() if name not in {"check", "columns"}}
    parts = [_python(column) for column in rule.get("columns", ())]
    parts += [_python(given.pop("column"))] if "column" in given else []
    parts += [f"{name}={_python(value)}" for name, value in given.items()]
    return f"{rule['check']}({', '.join(parts)})"


def _python(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_python, value))}]"
    return repr(value)
