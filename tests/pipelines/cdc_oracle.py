"""What AUTO CDC should make of changes and snapshots, in plain Python: no Spark, nothing of nbkit.

A row is a dictionary. A change is one with the key's columns, `seq`, `op` (U, D or T) and values;
`Rules` say how those of a flow are meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KEYS = ("k1", "k2")


@dataclass(frozen=True)
class Rules:
    """What a flow says about its changes: the columns they have, and whose NULLs mean nothing."""

    columns: tuple[str, ...]
    nulls: tuple[str, ...] = ()


def ordered(value: Any) -> Any:
    """Return something that Python orders as Spark orders the value: NULL first, then by parts."""
    if value is None:
        return (0,)
    if isinstance(value, dict):
        return (1, sorted((key, ordered(each)) for key, each in value.items()))
    if isinstance(value, (list, tuple)):
        return (1, [ordered(each) for each in value])
    return (1, value)


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS)


def states(
    changes: list[tuple[dict[str, Any], Rules]], columns: tuple[str, ...]
) -> dict[tuple[Any, ...], list[tuple[Any, dict[str, Any] | None]]]:
    """Return for each key what it was after each place in the order; None for gone."""
    emptied = max((ordered(c["seq"]) for c, _ in changes if c["op"] == "T"), default=None)
    by_key: dict[tuple[Any, ...], list[tuple[dict[str, Any], Rules]]] = {}
    for change, rules in changes:
        if change["op"] != "T":
            by_key.setdefault(key_of(change), []).append((change, rules))

    def gone(change: dict[str, Any]) -> bool:
        return change["op"] == "D" or (emptied is not None and ordered(change["seq"]) <= emptied)

    def place(each: tuple[dict[str, Any], Rules]) -> Any:
        change, rules = each
        said = [ordered(change.get(c) if c in rules.columns else None) for c in sorted(columns)]
        return ordered(change["seq"]), gone(change), said

    found = {}
    for key, own in by_key.items():
        row: dict[str, Any] | None = None
        after: dict[Any, tuple[Any, dict[str, Any] | None]] = {}
        for change, rules in sorted(own, key=place):
            if gone(change):
                row = None
            else:
                row = dict(row) if row is not None else dict.fromkeys(columns)
                for name in rules.columns:
                    value = change.get(name)
                    row[name] = over(row[name], value) if name in rules.nulls else value
            after[ordered(change["seq"]).__repr__()] = (change["seq"], row)
        found[key] = sorted(after.values(), key=lambda each: ordered(each[0]))
    return found


def over(old: Any, new: Any) -> Any:
    """Return a value after one in which NULLs mean nothing, at every level of a struct."""
    if not isinstance(new, Struct):
        return old if new is None else new
    if all(part is None for part in new.values()):
        return old
    before = old or {}
    return Struct({name: over(before.get(name), part) for name, part in new.items()})


class Struct(dict):  # type: ignore[type-arg]
    """A struct, which is no map."""


def type_1(changes: list[tuple[dict[str, Any], Rules]], columns: tuple[str, ...]) -> list[Any]:
    return [
        (*key, *(after[-1][1][name] for name in columns))
        for key, after in states(changes, columns).items()
        if after[-1][1] is not None
    ]


def type_2(
    changes: list[tuple[dict[str, Any], Rules]], columns: tuple[str, ...], tracked: set[str]
) -> list[Any]:
    rows = []
    for key, after in states(changes, columns).items():
        rows += versions(key, after, columns, tracked)
    return rows


def versions(
    key: tuple[Any, ...],
    after: list[tuple[Any, dict[str, Any] | None]],
    columns: tuple[str, ...],
    tracked: set[str],
) -> list[Any]:
    """Return the versions of a key, each with its values, when it began and when it ended."""
    rows: list[list[Any]] = []
    before: dict[str, Any] | None = None
    for seq, row in after:
        goes_on = row is not None and before is not None
        if goes_on and all(row[name] == before[name] for name in tracked):
            rows[-1][len(key) : -2] = [row[name] for name in columns]
            before = row
            continue
        if before is not None:
            rows[-1][-1] = seq
        if row is not None:
            rows.append([*key, *(row[name] for name in columns), seq, None])
        before = row
    return [tuple(row) for row in rows]


def snapshots(
    found: list[tuple[Any, list[dict[str, Any]]]],
    columns: tuple[str, ...],
    tracked: set[str] | None,
) -> list[Any]:
    """Return what a table is after snapshots, each with its version; tracked: for type 2."""
    after: dict[tuple[Any, ...], list[tuple[Any, dict[str, Any] | None]]] = {}
    for version, rows in found:
        there = {key_of(row): row for row in rows}
        for key in {**after, **there}:
            own = after.setdefault(key, [])
            row = there.get(key)
            values = None if row is None else {name: row.get(name) for name in columns}
            if own or values is not None:
                own.append((version, values))
    if tracked is None:
        last = {key: own[-1][1] for key, own in after.items()}
        return [
            (*key, *(row[name] for name in columns)) for key, row in last.items() if row is not None
        ]
    return [row for key, own in after.items() for row in versions(key, own, columns, tracked)]
