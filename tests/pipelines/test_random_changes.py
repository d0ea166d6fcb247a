"""Views that go by what has changed, against DuckDB, which computes all of them.

Queries, histories and expectations are random. A failure names its seed, which repeats it.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import duckdb
import pytest
from pipelines.random_queries import COLUMNS, change, query, rows
from proving import rounds

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(3600)]

_TYPES = {"k": "STRING"}
_PROPERTIES = (
    "delta.enableChangeDataFeed = true",
    "delta.enableChangeDataFeed = true, delta.enableDeletionVectors = false",
    "delta.enableChangeDataFeed = true, delta.columnMapping.mode = 'name'",
    "delta.enableDeletionVectors = true",
)
_ACTIONS = ("", " ON VIOLATION DROP ROW", "")


@pytest.fixture
def forced(monkeypatch):
    """Have views refreshed by what has changed although they are small."""
    from nbkit.pipelines.refresh.refresher import Refresher

    known = Refresher._facts

    def by_changes(*given, **named):
        return replace(known(*given, **named), policy="incremental")

    monkeypatch.setattr(Refresher, "_facts", by_changes)


class History:
    """Two tables, and views over them, from one seed."""

    def __init__(self, pipeline, seed: int, views: int) -> None:
        self.rng = random.Random(seed)
        self.pipeline = pipeline
        self.spark = pipeline.spark
        self.sources = f"{pipeline.schema}_in{seed}"
        self.schema = f"{pipeline.schema}_{seed}"
        self.versions = dict.fromkeys(COLUMNS, 1)
        self.feed = {}
        self.views = {}
        self.rules = {}
        for at in range(views):
            made = query(self.rng)
            self.views[f"v{at}"] = made
            number = next((each for each in made.columns if each != "k"), None)
            if number and self.rng.random() < 0.25:
                action = self.rng.choice(_ACTIONS)
                self.rules[f"v{at}"] = (f"{number} <> 1", action)
        self._make()

    def _make(self) -> None:
        spark = self.spark
        spark.sql(f"CREATE SCHEMA {self.sources}")
        for table, columns in COLUMNS.items():
            listed = ", ".join(f"{each} {_TYPES.get(each, 'BIGINT')}" for each in columns)
            properties = self.rng.choice(_PROPERTIES)
            spark.sql(
                f"CREATE TABLE {self.sources}.{table} ({listed}) USING delta "
                f"TBLPROPERTIES ({properties})"
            )
            spark.sql(f"INSERT INTO {self.sources}.{table} VALUES {rows(self.rng, table, 8)}")
        lines = []
        for name, made in self.views.items():
            rule = self.rules.get(name)
            given = f" (CONSTRAINT r EXPECT ({rule[0]}){rule[1]})" if rule else ""
            sql = made.sql
            for table in COLUMNS:
                sql = sql.replace(f"FROM {table}", f"FROM {self.sources}.{table}")
            lines.append(f"CREATE MATERIALIZED VIEW {name}{given} AS {sql};\n")
        self.pipeline.write("src/a.sql", "".join(lines))
        self.pipeline.write(
            "spark-pipeline.yml",
            f"name: {self.schema}\nschema: {self.schema}\n"
            "libraries:\n  - glob: {include: 'src/**'}\n",
        )

    def step(self) -> list[str]:
        """Change the tables at random; returns the statements."""
        done = []
        for _ in range(self.rng.randrange(1, 4)):
            table = self.rng.choice(["t", "t", "d"])
            name = f"{self.sources}.{table}"
            told = self.spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").first()
            statement = change(self.rng, table, name, told.version)
            self.spark.sql(statement)
            done.append(statement)
        return done

    def oracle(self) -> dict[str, Counter]:
        """What DuckDB makes of the queries over the rows that there are."""
        with duckdb.connect() as other:
            for table, columns in COLUMNS.items():
                listed = ", ".join(
                    f"{each} {'VARCHAR' if each in _TYPES else 'BIGINT'}" for each in columns
                )
                other.execute(f"CREATE TABLE {table} ({listed})")
                found = [
                    tuple(row) for row in self.spark.table(f"{self.sources}.{table}").collect()
                ]
                if found:
                    marks = ", ".join("?" for _ in columns)
                    other.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
            return {name: self._computed(other, name) for name in self.views}

    def _computed(self, other, name: str) -> Counter:
        return Counter(map(tuple, other.execute(self.views[name].sql).fetchall()))

    def check(self, what: str) -> Counter:
        """Update, and compare every view with the oracle; returns the ways that were taken."""
        said = self.pipeline.update()
        wanted = self.oracle()
        ways: Counter = Counter()
        for name, made in self.views.items():
            told = said[f"{self.schema}.{name}"]
            where = (
                f"{what}\n{name}: {made.sql}\n{self.rules.get(name)}\n{told.how}: {told.message}"
            )
            assert told.state == "COMPLETED", where
            assert "not this time" not in told.message, where
            found = Counter(map(tuple, self.spark.table(f"{self.schema}.{name}").collect()))
            good = wanted[name]
            if name in self.rules:
                good = self._judged(name, good, told, where)
            assert found == good, where
            ways[told.how] += 1
        return ways

    def _judged(self, name: str, every: Counter, told, where: str) -> Counter:
        condition, action = self.rules[name]
        at = self.views[name].columns.index(condition.partition(" ")[0])
        good = Counter({row: n for row, n in every.items() if row[at] not in {1, None}})
        if told.how != "unchanged":
            (result,) = told.outcomes[0].results
            counts = (result.passed, result.failed)
            assert counts == (good.total(), every.total() - good.total()), where
        return good if action else every


def written_by(seed: int, put) -> None:
    """Have tables, small as they are, be written as greater ones would be, in turns.

    Args:
        seed: of a history.
        put: sets a name of a module.
    """
    from nbkit.pipelines.refresh import partial, touched_keys

    put(partial, "_SMALL_BYTES", 32 * 1024 * 1024 if seed % 3 == 0 else -1)
    put(touched_keys, "_MOST_IN_TEXT", 0 if seed % 3 == 2 else 10_000)


def test_random_histories(pipeline, forced, monkeypatch, record_property):
    """Every view has the rows, and the counts, of a full computation, whichever way it went."""
    first, seeds = 0, rounds(1, 60)
    ways: Counter = Counter()
    for seed in range(first, first + seeds):
        written_by(seed, monkeypatch.setattr)
        history = History(pipeline, seed, views=rounds(6, 12))
        history.check(f"seed {seed}, made")
        for step in range(rounds(3, 6)):
            done = history.step()
            ways += history.check(f"seed {seed}, step {step}: {done}")
    record_property("ways", dict(ways))
    print(f"seeds {first} to {first + seeds - 1}: {dict(ways)}")
    assert ways["affected_keys"]
    if seeds > 1:
        assert {"append", "affected_keys", "merged_deltas", "recompute"} <= ways.keys()
        assert ways["affected_keys"] > ways.total() / 10
