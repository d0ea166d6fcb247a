"""What the tables of a pipeline of `graph_cases` should hold, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pipelines.graph_cases import Node, reads

Rows = list[dict[str, Any]]
COLUMNS = ("id", "k", "n", "t")


@dataclass
class Stream:
    """A streaming table: its rows, and how far each of its queries has read.

    Attributes:
        life: another one whenever it begins anew.
        parents: the lives of the streaming tables that it reads, when it began.
    """

    life: int = 0
    parents: dict[str, int] = field(default_factory=dict)
    rows: Rows = field(default_factory=list)
    quarantine: Rows = field(default_factory=list)
    read: dict[int, int] = field(default_factory=dict)


@dataclass
class Oracle:
    """All tables of a pipeline, update by update."""

    sources: dict[str, Rows]
    streams: dict[str, Stream] = field(default_factory=dict)
    views: dict[str, tuple[Rows, Rows]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    lives: int = 0

    def land(self, news: dict[str, Rows]) -> None:
        """Take what is new in the sources."""
        for name, rows in news.items():
            self.sources[name] = rows if name == "edited" else [*self.sources[name], *rows]

    def update(self, nodes: list[Node], full: Any) -> None:
        """Refresh what an update refreshes, each after what it reads."""
        self.nodes = {each["name"]: each for each in nodes}
        stored = [each["name"] for each in nodes if each["kind"] != "view"]
        chosen = full if isinstance(full, list) else stored
        anew = set(stored if full == "all" else full or ())
        for name in self._in_order(chosen):
            node = self.nodes[name]
            if node["kind"] == "mv":
                self.views[name] = split(self._query(node["queries"][0]), node["rules"])
            else:
                self._go_on(name, node, anew=name in anew)

    def tables(self) -> dict[str, Rows]:
        """Return the rows of every table there is."""
        found = {name: rows for name, (rows, _) in self.views.items()}
        for name, stream in self.streams.items():
            node = self.nodes.get(name)
            cdc = node is not None and node["kind"] == "cdc"
            found[name] = changed(stream.rows, node["scd"]) if cdc and node else stream.rows
        return found

    def quarantines(self) -> dict[str, Rows]:
        """Return what was put aside beside every table."""
        found = {name: rows for name, (_, rows) in self.views.items()}
        return found | {name: stream.quarantine for name, stream in self.streams.items()}

    def _in_order(self, names: list[str]) -> list[str]:
        order: list[str] = []

        def visit(name: str) -> None:
            if name not in self.nodes or name in order:
                return
            for parent in reads(self.nodes[name]):
                visit(parent)
            order.append(name)

        for name in names:
            visit(name)
        return [name for name in order if name in names]

    def _go_on(self, name: str, node: Node, *, anew: bool) -> None:
        roots = {self._root(query["from"]) for query in node["queries"]}
        lives = {root: self.streams[root].life for root in roots if root in self.streams}
        stream = self.streams.get(name)
        if stream is None or anew or any(stream.parents.get(r, n) != n for r, n in lives.items()):
            self.lives += 1
            stream = self.streams[name] = Stream(self.lives, lives)
        for at, query in enumerate(node["queries"]):
            root = self._root(query["from"])
            there = self._there(root)
            new = there[stream.read.get(at, 0) :]
            stream.read[at] = len(there)
            rows = new if node["kind"] == "cdc" else self._through(query, new)
            good, quarantine = split(rows, node["rules"])
            stream.rows += good
            stream.quarantine += quarantine

    def _root(self, name: str) -> str:
        """Return the source, or the table, that a stream begins with."""
        node = self.nodes.get(name)
        return (
            name
            if node is None or node["kind"] != "view"
            else self._root(node["queries"][0]["from"])
        )

    def _there(self, root: str) -> Rows:
        return self.sources[root] if root in self.sources else self.streams[root].rows

    def _through(self, query: dict[str, Any], new: Rows) -> Rows:
        """Return what a streaming query makes of new rows, which come through views at times."""
        node = self.nodes.get(query["from"])
        if node is not None and node["kind"] == "view":
            inner = node["queries"][0]
            new = split(self._through(inner, new), node["rules"])[0]
        return operated(new, query["ops"])

    def _rows(self, name: str) -> Rows:
        node = self.nodes.get(name)
        if node is not None and node["kind"] == "view":
            return split(self._query(node["queries"][0]), node["rules"])[0]
        return self.sources[name] if name in self.sources else self.tables().get(name, [])

    def _query(self, query: dict[str, Any]) -> Rows:
        rows = operated(self._rows(query["from"]), query["ops"])
        other = self._rows(query["other"]) if query.get("other") else []
        return formed(rows, query.get("form", "plain"), other)


def operated(rows: Rows, ops: list[Any]) -> Rows:
    """Return rows after filters and changes, one by one."""
    for op in ops:
        if op[0] == "filter":
            rows = [row for row in rows if holds(row, op[1])]
        else:
            rows = [{**row, op[1]: value_of(row[op[1]], op[2])} for row in rows]
    return rows


def value_of(value: Any, change: list[Any]) -> Any:
    kind, literal = change
    if kind == "or":
        return literal if value is None else value
    return None if value is None else value + literal


def holds(row: dict[str, Any], condition: list[Any]) -> bool | None:
    """Say whether a condition is true; None for NULL."""
    name, kind, literal = condition
    value = row[name]
    if kind == "there":
        return value is not None
    if value is None:
        return None
    return {
        ">": lambda: value > literal,
        "<=": lambda: value <= literal,
        "mod": lambda: value % literal == 0,
        "=": lambda: value == literal,
        "in": lambda: value in literal,
    }[kind]()


def split(rows: Rows, rules: list[Any]) -> tuple[Rows, Rows]:
    """Return the rows that stay, and those that are put aside with the names of what they fail."""
    good, quarantine = [], []
    for row in rows:
        failed = [(name, action) for name, condition, action in rules if not holds(row, condition)]
        actions = {action for _, action in failed}
        if "quarantine" in actions:
            quarantine.append({**row, "failed": sorted(name for name, _ in failed)})
        elif "drop" not in actions:
            good.append(row)
    return good, quarantine


def formed(rows: Rows, form: str, other: Rows) -> Rows:
    """Return the rows of a whole query."""
    there = by_key([row for row in other if row["k"] is not None])
    if form == "union":
        rows = [*rows, *other]
    elif form == "distinct":
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in {_plain(row) for row in rows}]
    elif form == "group":
        rows = [
            {"id": max(r["id"] for r in own), "k": key, "n": total(own), "t": least(own)}
            for key, own in by_key(rows).items()
        ]
    elif form == "window":
        sums = {key: total(own) for key, own in by_key(rows).items()}
        rows = [{**row, "n": sums[row["k"]]} for row in rows]
    elif form in {"semi", "anti"}:
        rows = [row for row in rows if (row["k"] in there) == (form == "semi")]
    elif form in {"join", "left"}:
        rows = [
            joined(row, there.get(row["k"], []))
            for row in rows
            if form == "left" or row["k"] in there
        ]
    return rows


def joined(row: dict[str, Any], others: Rows) -> dict[str, Any]:
    return {**row, "n": plus(row["n"], total(others)), "t": least(others)}


def by_key(rows: Rows) -> dict[Any, Rows]:
    found = defaultdict(list)
    for row in rows:
        found[row["k"]].append(row)
    return found


def total(rows: Rows) -> int | None:
    values = [row["n"] for row in rows if row["n"] is not None]
    return sum(values) if values else None


def least(rows: Rows) -> str | None:
    return min((row["t"] for row in rows if row["t"] is not None), default=None)


def plus(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else one + two


def changed(changes: Rows, scd: int) -> Rows:
    """Return what a table is after changes."""
    rows: Rows = []
    for own in by_key(changes).values():
        versions: Rows = []
        last: dict[str, Any] | None = None
        for change in sorted(own, key=lambda each: each["s"]):
            row = {name: change[name] for name in COLUMNS} if change["op"] == "U" else None
            if row is not None and row == last:
                continue
            if last is not None:
                versions[-1]["end"] = change["s"]
            if row is not None:
                versions.append({**row, "start": change["s"], "end": None})
            last = row
        rows += versions if scd == 2 else [each for each in versions if each["end"] is None]
    return rows


def _plain(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in COLUMNS)
