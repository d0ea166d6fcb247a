"""A few failing rows, collected in the same pass as the counts, as objects of JSON.

The pass keeps a uniform sample of all failing rows, with what each of them fails. A rule that
hardly ever fails beside others that often do may have none in it: `missed` names these, and
they can be looked for with a query of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.quality.naming import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructField, StructType

    from nbkit.quality.expectation import Expectation
    from nbkit.quality.outcome import Outcome
    from nbkit.quality.verdicts import Verdicts

SAMPLE = "sample"
COLUMNS = 50
CHARACTERS = 200
"""Of a row's text; longer ones are cut and end in an ellipsis."""
_MOST_ROWS = 100
_HASHED = 16


def sample_metric(schema: StructType, verdicts: Verdicts, each: int) -> str:
    """Return the SQL aggregate that collects failing rows.

    Args:
        schema: of the rows.
        verdicts: what each row fails.
        each: how many rows are wanted of each rule.
    """
    places = range(len(verdicts.expectations))
    some = verdicts.fails_any()
    fails = ", ".join(f"case when {verdicts.fails([place])} then {place} end" for place in places)
    found = f"struct({row_struct(schema)} as row, array_compact(array({fails})) as fails)"
    most = min(_MOST_ROWS, each * len(places))
    order = f"case when {some} then {_spread(schema)} end"
    chosen = f"max_by(case when {some} then {found} end, {order}, {most})"
    return f"to_json({chosen}, map('ignoreNullFields', 'false'))"


def look_for(
    df: DataFrame, expectations: Sequence[Expectation], each: int
) -> dict[str, list[dict[str, Any]]]:
    """Look for failing rows of some expectations with a query of its own; none is missed."""
    flags = [f"__nbkit_fails_{place}" for place in range(len(expectations))]
    found, order = row_struct(df.schema), _spread(df.schema)
    flagged = df.selectExpr(
        "*", *(f"{rule.failing} as {flag}" for rule, flag in zip(expectations, flags, strict=True))
    )
    chosen = [
        f"max_by(case when {flag} then {found} end, case when {flag} then {order} end, {each})"
        for flag in flags
    ]
    [texts] = flagged.selectExpr(
        *(f"to_json({rows}, map('ignoreNullFields', 'false'))" for rows in chosen)
    ).collect()
    return {
        rule.name: [tidy(row) for row in json.loads(text or "[]")]
        for rule, text in zip(expectations, texts, strict=True)
    }


def row_struct(schema: StructType) -> str:
    """Return the SQL struct of a row's first columns, long values cut."""
    fields = {field.name.lower(): field for field in reversed(_shown(schema))}
    columns = [f"{_shortened(field)} as {quoted(field.name)}" for field in fields.values()]
    return f"struct({', '.join(reversed(columns))})"


def by_rule(
    texts: Iterable[str | None], names: Sequence[str], each: int
) -> dict[str, list[dict[str, Any]]]:
    """Return rows by the rule that they fail, from what `sample_metric` made of them."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for text in texts:
        for found in json.loads(text) if text else ():
            for place in found["fails"]:
                kept = rows.setdefault(names[place], [])
                if len(kept) < each:
                    kept.append(tidy(found["row"]))
    return rows


def tidy(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with an ellipsis where a value was cut."""
    return {
        name: f"{value[:CHARACTERS]}…"
        if isinstance(value, str) and len(value) > CHARACTERS
        else value
        for name, value in row.items()
    }


def missed(outcome: Outcome) -> list[str]:
    """Return the names of rules that rows fail but of which the sample has no row."""
    return [result.name for result in outcome.results if result.failed and not result.sample]


def _shown(schema: StructType) -> list[StructField]:
    return list(schema.fields[:COLUMNS])


def _shortened(field: StructField) -> str:
    name, kind = quoted(field.name), _kind(field.dataType)
    if kind in {"string", "char", "varchar"}:
        return f"left({name}, {CHARACTERS + 1})"
    if kind == "binary":
        return f"concat('0x', hex(substring({name}, 1, {CHARACTERS})))"
    if kind in {"array", "map", "struct", "variant"}:
        return f"left(to_json({name}), {CHARACTERS + 1})"
    return f"left(cast({name} as string), {CHARACTERS})" if "interval" in kind else name


def _spread(schema: StructType) -> str:
    """Return an order among rows that has nothing to do with why they fail."""
    names = [
        quoted(field.name)
        for field in _shown(schema)
        if _kind(field.dataType) not in {"array", "map", "struct", "variant", "void"}
    ]
    return f"xxhash64({', '.join(dict.fromkeys(names[:_HASHED]))})" if names else "0"


def _kind(of: DataType) -> str:
    return str(of.typeName()).split("(")[0].split(" ")[0]
