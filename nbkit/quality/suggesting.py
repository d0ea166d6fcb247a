"""Rules proposed from what a table is like today: two passes over it, and a person decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.quality.naming import quoted
from nbkit.quality.rules import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructField

    from nbkit.quality.asked import Check

_FEW_VALUES = 20
_MOST_NULLS = 0.05
_LEAST_ROWS = 20
_NUMBERS = {"byte", "short", "integer", "long", "float", "double", "decimal"}
_KEYS = {"byte", "short", "integer", "long", "string"}


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Proposed rules: for use as they are, or as text to keep and change.

    Attributes:
        rules: as objects, as in a file of rules.
    """

    rules: tuple[dict[str, Any], ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """The rules, ready to be given to `check` or `write`."""
        return tuple(build(rule) for rule in self.rules)

    def as_code(self) -> str:
        """Return the rules as Python."""
        lines = (f"    quality.{_call(rule)}," for rule in self.rules)
        return "\n".join(["checks = [", *lines, "]"])

    def as_yaml(self) -> str:
        """Return the rules as a file for `read_rules`."""
        import yaml

        rules = {"rules": [dict(rule) for rule in self.rules]}
        return yaml.safe_dump(rules, sort_keys=False, allow_unicode=True)

    def __repr__(self) -> str:
        return self.as_code()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column is like.

    Attributes:
        name, kind: of the column.
        rows, values: of the table, and those that are not NULL.
        distinct: values, exactly where they are few or where they look like a key.
        low, high: least and greatest value, of numbers.
        few: all values, where they are few.
    """

    name: str
    kind: str
    rows: int
    values: int
    distinct: int
    low: float | None = None
    high: float | None = None
    few: tuple[str, ...] = ()


def suggest(df: DataFrame) -> Suggestions:
    """Profile a table and propose rules that it meets today.

    Two passes: one counts rows, NULLs, (about) distinct values and bounds; one, where it is
    worth it, lists the values of columns with few and counts those that look like keys.

    Args:
        df: a batch DataFrame.
    """
    return Suggestions(tuple(rule for column in profile(df) for rule in proposed(column)))


def profile(df: DataFrame) -> list[Profile]:
    """Return what the columns are like, those of simple types."""
    fields = [field for field in df.schema if _kind(field) not in {"array", "map", "struct"}]
    if not fields:
        return []
    wanted = ["count(1) as rows"]
    for place, field in enumerate(fields):
        name, number = quoted(field.name), _kind(field) in _NUMBERS
        finite = f"nullif(cast({name} as double), double('NaN'))" if number else "null"
        wanted += [
            f"count({name}) as values_{place}",
            f"approx_count_distinct({name}) as distinct_{place}",
            f"min({finite}) as low_{place}",
            f"max({finite}) as high_{place}",
        ]
    found = df.selectExpr(*wanted).first().asDict()
    exact = _second_look(df, fields, found)
    return [
        Profile(
            field.name,
            _kind(field),
            found["rows"],
            found[f"values_{place}"],
            exact.get(f"distinct_{place}", found[f"distinct_{place}"]),
            found[f"low_{place}"],
            found[f"high_{place}"],
            tuple(sorted(exact.get(f"few_{place}") or ())),
        )
        for place, field in enumerate(fields)
    ]


def proposed(column: Profile) -> Iterator[dict[str, Any]]:
    """Yield the rules that a column meets and that say something."""
    nulls = column.rows - column.values
    if column.rows and nulls <= _MOST_NULLS * column.rows:
        rule: dict[str, Any] = {"check": "not_null", "columns": [column.name]}
        yield rule | ({"threshold": _rounded_up(nulls / column.rows)} if nulls else {})
    if column.kind in _KEYS and column.rows >= _LEAST_ROWS and column.distinct == column.rows:
        yield {"check": "unique", "columns": [column.name]}
    elif column.low is not None and column.high is not None:
        bounds = {"low": nice(column.low, up=False), "high": nice(column.high, up=True)}
        yield {"check": "between", "column": column.name, **bounds, "nulls": "pass"}
    elif column.few and column.rows >= _LEAST_ROWS:
        values = list(column.few)
        yield {"check": "in_set", "column": column.name, "values": values, "nulls": "pass"}


def nice(value: float, *, up: bool) -> int | float:
    """Return the next number outward that is 1, 2 or 5 with zeros, so that tomorrow fits too."""
    if value == 0 or not math.isfinite(value):
        return 0 if value == 0 else value
    power = 10.0 ** math.floor(math.log10(abs(value)))
    steps = [step * power for step in (1, 2, 5, 10)]
    if (value > 0) == up:
        found = min(step for step in steps if step >= abs(value))
    else:
        found = max(step for step in steps if step <= abs(value))
    signed = math.copysign(found, value)
    return int(signed) if signed.is_integer() else float(f"{signed:.12g}")


def _second_look(
    df: DataFrame, fields: Sequence[StructField], found: Mapping[str, Any]
) -> dict[str, Any]:
    wanted = []
    for place, field in enumerate(fields):
        name, kind = quoted(field.name), _kind(field)
        about, rows = found[f"distinct_{place}"], found["rows"]
        if kind == "string" and about <= _FEW_VALUES:
            wanted.append(f"collect_set({name}) as few_{place}")
        if kind in _KEYS and rows >= _LEAST_ROWS and about >= 0.9 * rows:
            wanted.append(f"count(distinct {name}) as distinct_{place}")
    return dict(df.selectExpr(*wanted).first().asDict()) if wanted else {}


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
        import json

        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_python, value))}]"
    return repr(value)


def _kind(field: StructField) -> str:
    return str(field.dataType.typeName()).split("(")[0]
