"""Random histories for AUTO CDC, as hypothesis draws them, and as files that a pipeline reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from pipelines.cdc_oracle import KEYS, Rules, Struct

TYPES = {
    "k1": (pa.string(), "string"),
    "k2": (pa.int32(), "int"),
    "seq": (pa.int32(), "int"),
    "lo": (pa.int32(), "int"),
    "op": (pa.string(), "string"),
    "n": (pa.int64(), "bigint"),
    "text": (pa.string(), "string"),
    "tags": (pa.map_(pa.string(), pa.int32()), "map<string,int>"),
    "at": (pa.struct([("x", pa.int32()), ("y", pa.string())]), "struct<x:int,y:string>"),
    "list": (pa.list_(pa.int32()), "array<int>"),
    "deep": (pa.list_(pa.map_(pa.string(), pa.int32())), "array<map<string,int>>"),
    "late": (pa.int32(), "int"),
}
VALUES = ("n", "text", "tags", "at", "list", "deep")
_SMALL = st.integers(0, 3)
_WORD = st.sampled_from(["a", "b", "ä ö"])
_OF = {
    "n": st.integers(-2, 2) | st.just(2**62),
    "text": _WORD,
    "tags": st.dictionaries(_WORD, st.none() | _SMALL, max_size=2),
    "at": st.builds(lambda x, y: Struct(x=x, y=y), st.none() | _SMALL, st.none() | _WORD),
    "list": st.lists(st.none() | _SMALL, max_size=2),
    "deep": st.lists(st.dictionaries(_WORD, _SMALL, max_size=2), max_size=2),
    "late": _SMALL,
}
VERSIONS = {
    "int": lambda at: at + 1,
    "date": lambda at: date(2026, 1, 30) + timedelta(at),
    "datetime": lambda at: datetime(2026, 1, 1, 23, 59, 59, 250000) + timedelta(minutes=at),  # noqa: DTZ001
    "str": lambda at: f"v{at}",
    "Decimal": lambda at: Decimal("1.50") + at,
}


@dataclass(frozen=True)
class Feed:
    """Changes of one or two flows into a table, in batches; `repr` can be pasted into a test."""

    scd: int
    flows: tuple[dict[str, Any], ...]
    tracked: tuple[str, tuple[str, ...]]
    struct: bool
    truncates: bool
    late_from: int
    batches: tuple[tuple[tuple[dict[str, Any], ...], ...], ...]
    crashes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        found = dict.fromkeys(name for flow in self.flows for name in flow["columns"])
        return (*found, "late") if self.late_from < len(self.batches) else tuple(found)

    def changes(self) -> list[tuple[dict[str, Any], Rules]]:
        """Return all changes as the oracle takes them."""
        found = []
        for number, flow in enumerate(self.flows):
            columns = (*flow["columns"], "late") if "late" in self.columns else flow["columns"]
            kind, names = flow["nulls"]
            nulls = {
                "none": (),
                "all": columns,
                "only": names,
                "except": tuple(name for name in columns if name not in names),
            }[kind]
            rules = Rules(tuple(columns), tuple(name for name in nulls if name in columns))
            for batch in self.batches:
                for change in batch[number]:
                    seq = (change["seq"], change["lo"]) if self.struct else change["seq"]
                    found.append(({**change, "seq": seq}, rules))
        return found

    def history(self) -> set[str]:
        kind, names = self.tracked
        if kind == "only":
            return set(names) & set(self.columns)
        return set(self.columns) - (set(names) if kind == "except" else set())


@dataclass(frozen=True)
class Snapshots:
    """Snapshots with their versions, in the updates in which they come."""

    scd: int
    tracked: tuple[str, tuple[str, ...]]
    kind: str
    late_from: int
    updates: tuple[tuple[tuple[dict[str, Any], ...], ...], ...]
    crashes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        base = ("n", "text", "tags", "at")
        return (*base, "late") if self.late_from < len(self.updates) else base

    def versions(self) -> list[tuple[Any, list[dict[str, Any]]]]:
        every = [list(rows) for update in self.updates for rows in update]
        return [(VERSIONS[self.kind](at), rows) for at, rows in enumerate(every)]

    def history(self) -> set[str]:
        kind, names = self.tracked
        if kind == "only":
            return set(names) & set(self.columns)
        return set(self.columns) - (set(names) if kind == "except" else set())


@dataclass(frozen=True)
class Replacing:
    """Rows that replace others: by their keys if they are newer, or where a condition holds."""

    using: bool
    updates: tuple[tuple[dict[str, Any], ...], ...]
    crashes: tuple[str, ...]

    columns = ("seq", "n", "text")

    def rows(self) -> list[dict[str, Any]]:
        """Return what the table should have: whatever the batches were, if it goes by keys."""
        if self.using:
            every = [row for update in self.updates for row in update]
            newest: dict[Any, int] = {}
            for row in every:
                key = row["k1"], row["k2"]
                newest[key] = max(row["seq"], newest.get(key, -1))
            return [row for row in every if row["seq"] == newest[row["k1"], row["k2"]]]
        there: list[dict[str, Any]] = []
        for update in self.updates:
            there = [row for row in there if not self._is_part(row)]
            there += [row for row in update if self._is_part(row)]
        return there

    def _is_part(self, row: dict[str, Any]) -> bool:
        return row["n"] is not None and row["n"] >= row["k2"] if row["k2"] is not None else False


def _names(columns: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(columns), min_size=1, unique=True).map(tuple)


_KEY = st.fixed_dictionaries(
    {"k1": st.none() | st.sampled_from(["x", "y"]), "k2": st.none() | _SMALL}
)
_TRACKED = st.just(("all", ())) | st.tuples(
    st.sampled_from(["only", "except"]), _names(("n", "text", "tags"))
)


@st.composite
def feeds(draw: Any, updates: int = 3) -> Feed:
    scd = draw(st.sampled_from([1, 2]))
    whole = draw(st.booleans())
    flows = []
    for at in range(draw(st.sampled_from([1, 1, 2]))):
        names = ("n", "text", "tags") if at == 0 else ("n", "at", "tags")
        columns = VALUES if whole else names
        nulls = draw(
            st.just(("none", ()))
            | st.just(("all", ()))
            | st.tuples(st.sampled_from(["only", "except"]), _names(columns))
        )
        flows.append({"columns": columns, "nulls": nulls})
    shared = set.intersection(*(set(flow["columns"]) for flow in flows))
    kind, names = draw(_TRACKED)
    tracked = (
        (kind, tuple(name for name in names if name in shared)) if kind != "all" else (kind, names)
    )
    if not tracked[1]:
        tracked = ("all", ())
    truncates = scd == 1 and draw(st.booleans())
    late_from = draw(st.sampled_from([1, 2, 9]))
    batches = []
    earlier: list[list[dict[str, Any]]] = [[] for _ in flows]
    for update in range(updates):
        batch = []
        for at, flow in enumerate(flows):
            values = {name: st.none() | _OF[name] for name in flow["columns"]}
            if update >= late_from:
                values["late"] = st.none() | _OF["late"]
            ops = st.sampled_from("UUUUUD" + ("T" if truncates else ""))
            change = st.builds(
                lambda key, seq, lo, op, rest: {**key, "seq": seq, "lo": lo, "op": op, **rest},
                _KEY,
                st.integers(0, 12),
                _SMALL,
                ops,
                st.fixed_dictionaries(values),
            )
            new = draw(st.lists(change, min_size=4, max_size=14))
            if earlier[at] and draw(st.booleans()):  # some come again
                new.append(draw(st.sampled_from(earlier[at])))
            earlier[at] += new
            batch.append(tuple(new))
        batches.append(tuple(batch))
    crashes = tuple(draw(st.sampled_from(["", "", "log", "merge"])) for _ in range(updates))
    return Feed(
        scd,
        tuple(flows),
        tracked,
        draw(st.booleans()),
        truncates,
        late_from,
        tuple(batches),
        crashes,
    )


@st.composite
def snapshot_series(draw: Any, updates: int = 3) -> Snapshots:
    late_from = draw(st.sampled_from([1, 2, 9]))
    found = []
    for update in range(updates):
        names = ("n", "text", "tags", "at", *(["late"] if update >= late_from else []))
        values = {name: st.none() | _OF[name] for name in names}
        row = st.builds(lambda key, rest: {**key, **rest}, _KEY, st.fixed_dictionaries(values))
        rows = st.lists(
            row, max_size=7, unique_by=lambda each: tuple(each[name] for name in KEYS)
        ).map(tuple)
        found.append(draw(st.lists(rows, min_size=1, max_size=2).map(tuple)))
    crashes = tuple(draw(st.sampled_from(["", "", "file", "merge"])) for _ in range(updates))
    scd = draw(st.sampled_from([1, 2]))
    tracked = draw(_TRACKED) if scd == 2 else ("all", ())
    kind = draw(st.sampled_from(sorted(VERSIONS)))
    return Snapshots(scd, tracked, kind, late_from, tuple(found), crashes)


@st.composite
def replacing(draw: Any, using: bool, updates: int = 3) -> Replacing:
    row = st.builds(
        lambda key, rest: {**key, **rest},
        _KEY,
        st.fixed_dictionaries(
            {"seq": st.integers(0, 4), "n": st.none() | st.integers(-2, 2), "text": _WORD}
        ),
    )
    found = tuple(draw(st.lists(row, max_size=12).map(tuple)) for _ in range(updates))
    crashes = tuple(draw(st.sampled_from(["", "merge"])) for _ in range(updates))
    return Replacing(using, found, crashes if using else ("",) * updates)


def write(path: Any, rows: Any, columns: tuple[str, ...]) -> None:
    """Write rows as a file of Parquet."""
    schema = pa.schema([(name, TYPES[name][0]) for name in columns])
    made = [
        {
            name: list(row.get(name).items())
            if isinstance(row.get(name), dict) and name == "tags"
            else [list(each.items()) for each in row[name]]
            if name == "deep" and row.get(name) is not None
            else row.get(name)
            for name in columns
        }
        for row in rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(made, schema), path)


def ddl(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}` {TYPES[name][1]}" for name in columns)
