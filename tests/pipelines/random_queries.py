"""Random queries over two tables, in SQL that Spark and DuckDB read alike, and random changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

COLUMNS = {"t": ("id", "k", "g", "v"), "d": ("k", "g", "w")}
"""Columns of the tables: `k` is text and the others are numbers; every one may be NULL."""

_TEXT = {"k"}
_FIGURES = ("sum({0})", "count({0})", "max({0})", "min({0})", "count(DISTINCT {0})")
_OF_FIGURES = ("coalesce(sum({0}), 0)", "count(*) * 2", "max({0}) - min({0})")


@dataclass(frozen=True)
class Query:
    """A query, and what it is made of.

    Attributes:
        sql: over the tables.
        columns: of its rows.
        depth: of queries in queries.
    """

    sql: str
    columns: tuple[str, ...]
    depth: int = 0

    def called(self, name: str) -> str:
        """Return it as something to read from."""
        return f"({self.sql}) {name}"


def query(rng: random.Random, depth: int = 3) -> Query:
    """Return a random query; its results do not hang on the order of rows."""
    if depth == 0 or rng.random() < 0.15:
        table = rng.choice(["t", "t", "d"])
        return Query(f"SELECT {', '.join(COLUMNS[table])} FROM {table}", COLUMNS[table])
    made = rng.choice(_SHAPES)(rng, depth - 1)
    return Query(made.sql, made.columns, depth)


def _filtered(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    return Query(f"SELECT * FROM {of.called('f')} WHERE {_condition(rng, of)}", of.columns)


def _condition(rng: random.Random, of: Query) -> str:
    column = rng.choice(of.columns)
    if column in _TEXT:
        return rng.choice([f"{column} <> 'a'", f"{column} IS NOT NULL", f"{column} IN ('a', 'b')"])
    return rng.choice(
        [f"{column} > {rng.randrange(4)}", f"{column} IS NULL OR {column} < 3", f"{column} <> 2"]
    )


def _projected(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    numbers = [each for each in of.columns if each not in _TEXT]
    kept = [each for each in of.columns if rng.random() < 0.7] or [of.columns[0]]
    made = dict.fromkeys(kept)
    columns = {each: each for each in made}
    if numbers:
        one, other = rng.choice(numbers), rng.choice(numbers)
        columns[f"p{depth}"] = rng.choice([f"{one} + {other}", f"{one} * 2", f"abs({one})", "7"])
    if "k" in of.columns and rng.random() < 0.3:
        columns["k"] = "upper(k)"
    listed = ", ".join(f"{made} AS {name}" for name, made in columns.items())
    return Query(f"SELECT {listed} FROM {of.called('p')}", tuple(columns))


def _grouped(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    keys = rng.sample(of.columns, min(len(of.columns), rng.choice([1, 1, 2])))
    if rng.random() < 0.1:
        keys = []
    numbers = [each for each in of.columns if each not in _TEXT] or ["1"]
    figures = {"n": "count(*)"}
    for at in range(rng.randrange(3)):
        one = rng.choice(numbers)
        made = rng.choice([*_FIGURES, *_FIGURES, *_OF_FIGURES])
        figures[f"x{at}"] = made.format(one)
    if rng.random() < 0.5:
        one = rng.choice(numbers)
        figures |= {"s": f"sum({one})", "c": f"count({one})"}
    names = {**{each: each for each in keys}, **figures}
    names = {name: each for name, each in names.items() if name in keys or name in figures}
    sql = ", ".join(f"{made} AS {name}" for name, made in names.items())
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    having = " HAVING count(*) > 1" if keys and rng.random() < 0.2 else ""
    return Query(f"SELECT {sql} FROM {of.called('a')}{by}{having}", tuple(names))


def _windowed(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    by, order = rng.choice(of.columns), rng.choice(of.columns)
    over = f"PARTITION BY {by} ORDER BY {order} NULLS FIRST"
    made = rng.choice([f"rank() OVER ({over})", f"count(*) OVER (PARTITION BY {by})"])
    name = f"r{depth}"
    columns = tuple(each for each in of.columns if each != name)
    sql = f"SELECT {', '.join(columns)}, {made} AS {name} FROM {of.called('w')}"
    found = Query(sql, (*columns, name))
    if rng.random() < 0.5:
        return Query(f"SELECT * FROM {found.called('q')} WHERE {name} = 1", found.columns)
    return found


def _distinct(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    kept = rng.sample(of.columns, min(len(of.columns), 2))
    return Query(f"SELECT DISTINCT {', '.join(kept)} FROM {of.called('u')}", tuple(kept))


def _joined(rng: random.Random, depth: int) -> Query:
    left, right = query(rng, depth), query(rng, max(0, depth - 1))
    shared = [
        (one, other)
        for one in left.columns
        for other in right.columns
        if (one in _TEXT) == (other in _TEXT)
    ]
    if not shared:
        return left
    one, other = rng.choice(shared)
    kind = rng.choice(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI", "ANTI"])
    if kind in {"SEMI", "ANTI"}:
        what = f"{'NOT ' if kind == 'ANTI' else ''}EXISTS"
        sub = f"SELECT 1 FROM {right.called('r')} WHERE r.{other} = l.{one}"
        return Query(f"SELECT * FROM {left.called('l')} WHERE {what} ({sub})", left.columns)
    taken = {name: f"l.{name}" for name in left.columns}
    if rng.random() < 0.3:
        taken[one] = f"r.{other}"
    more = rng.choice(right.columns)
    if more not in taken and more not in _TEXT:
        taken[more] = f"r.{more}"
    listed = ", ".join(f"{made} AS {name}" for name, made in taken.items())
    both = f"{left.called('l')} {kind} {right.called('r')} ON l.{one} = r.{other}"
    return Query(f"SELECT {listed} FROM {both}", tuple(taken))


def _by_position(rng: random.Random, depth: int) -> Query:
    one, other = query(rng, depth), query(rng, max(0, depth - 1))
    found = [
        (mine, next((each for each in other.columns if (each in _TEXT) == (mine in _TEXT)), None))
        for mine in one.columns
    ]
    pairs = [(mine, theirs) for mine, theirs in found if theirs][:3]
    if not pairs:
        return one
    how = rng.choice(["UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
    left = f"SELECT {', '.join(mine for mine, _ in pairs)} FROM {one.called('x')}"
    right = f"SELECT {', '.join(theirs for _, theirs in pairs)} FROM {other.called('y')}"
    return Query(f"{left} {how} {right}", tuple(mine for mine, _ in pairs))


def _shared(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    by = rng.choice(of.columns)
    name = f"z{depth}{rng.randrange(1000)}"
    sql = (
        f"WITH {name} AS ({of.sql}) SELECT a.{by}, b.n FROM {name} a JOIN "
        f"(SELECT {by}, count(*) AS n FROM {name} GROUP BY {by}) b ON a.{by} = b.{by}"
    )
    return Query(sql, (by, "n") if by != "n" else ("n",)) if by != "n" else of


def _named(rng: random.Random, depth: int) -> Query:
    of = query(rng, depth)
    name = f"y{depth}{rng.randrange(1000)}"
    listed = ", ".join(of.columns)
    sql = f"WITH {name} AS ({of.sql}) SELECT {listed} FROM {name} WHERE {_condition(rng, of)}"
    if rng.random() < 0.3:
        sql += f" UNION ALL SELECT {listed} FROM {name}"
    return Query(sql, of.columns)


_SHAPES: list[Callable[[random.Random, int], Query]] = [
    _filtered,
    _projected,
    _grouped,
    _grouped,
    _windowed,
    _distinct,
    _joined,
    _joined,
    _by_position,
    _shared,
    _named,
    _named,
]


def rows(rng: random.Random, table: str, many: int) -> str:
    """Return random rows of a table, for VALUES."""

    def value(column: str) -> str:
        if rng.random() < 0.12:
            return "NULL"
        return repr(rng.choice("abcde")) if column in _TEXT else str(rng.randrange(6))

    listed = [", ".join(map(value, COLUMNS[table])) for _ in range(many)]
    return ", ".join(f"({each})" for each in listed)


def change(rng: random.Random, table: str, name: str, version: int) -> str:
    """Return a random change of a table, in Spark's SQL.

    Args:
        rng: what is random.
        table: which of the two.
        name: of the table in the catalog.
        version: that it has.
    """
    new = f"VALUES {rows(rng, table, rng.randrange(1, 4))}"
    where = f"g = {rng.randrange(6)} AND k <> '{rng.choice('abcde')}'"
    columns = ", ".join(COLUMNS[table])
    merge = (
        f"MERGE INTO {name} a USING (SELECT * FROM {new} AS x({columns})) b ON a.k <=> b.k "
        f"AND a.g = b.g WHEN NOT MATCHED THEN INSERT *"
    )
    replaced = f"SELECT * FROM {new} AS x({columns}) WHERE g = 2"
    return rng.choice(
        [
            *[f"INSERT INTO {name} {new}"] * 6,
            f"INSERT INTO {name} SELECT * FROM {name} WHERE {where}",
            f"UPDATE {name} SET k = '{rng.choice('abcde')}' WHERE {where}",
            f"UPDATE {name} SET g = NULL WHERE {where}",
            f"DELETE FROM {name} WHERE {where}",
            f"DELETE FROM {name} WHERE k IS NULL",
            merge,
            f"INSERT OVERWRITE {name} SELECT * FROM {name} WHERE g <> 3 OR g IS NULL",
            f"INSERT INTO {name} REPLACE WHERE g = 2 {replaced}",
            f"OPTIMIZE {name}",
            f"RESTORE {name} TO VERSION AS OF {rng.randrange(max(0, version - 3), version + 1)}",
            *([f"TRUNCATE TABLE {name}"] if rng.random() < 0.3 else []),
        ]
    )
