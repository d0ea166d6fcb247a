"""Views that go by what has changed: how much faster that is than computing them in full.

Ratios are of one run on one machine: each view is computed in full, its source is changed, it is
brought up to date by the way that the plan chooses, and computed in full once more; the faster of
the two full computations counts. `--rows 20000000 --groups 100000` are the figures of the issue.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import workbench as bench

from nbkit.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

SPEC = "name: {name}\nschema: {name}\nlibraries:\n  - glob: {{include: 'src/**'}}\n"


@dataclass(frozen=True)
class Case:
    """A view and a change of its source.

    Attributes:
        name: of the case, and of the pipeline.
        views: name → query over `src.facts` and `src.small`; the last one is looked at.
        change: statements, with `{rows}`, `{groups}` and the shares of them.
        wanted: times as fast as in full that the issue asks for.
    """

    name: str
    views: dict[str, str]
    change: tuple[str, ...]
    wanted: float


NEW = (
    "INSERT INTO src.facts SELECT id + {rows}, id % {groups}, id % 50, id % 1000, "
    "CAST(id % 7 AS DECIMAL(10, 2)) FROM range({permille})"
)
SOME_ROWS = ("UPDATE src.facts SET v = v + 1 WHERE id % 100 = 7",)
SOME_KEYS = ("UPDATE src.facts SET v = v + 1 WHERE k < {percent_of_groups}",)
JOIN = "SELECT f.id, f.k, s.name, f.v FROM src.facts f JOIN src.small s ON f.d = s.d WHERE f.v > 10"
SUMS = (
    "SELECT k, count(*) AS n, sum(v) AS v, count(v) AS c, sum(m) AS m, count(m) AS cm "
    "FROM src.facts GROUP BY k"
)
CASES = (
    Case("appended", {"rows": JOIN}, (NEW,), 10),
    Case("sums", {"sums": SUMS}, SOME_ROWS, 3),
    Case(
        "distinct",
        {"counts": "SELECT k, count(DISTINCT v) AS n, max(m) AS m FROM src.facts GROUP BY k"},
        SOME_KEYS,
        6,
    ),
    Case(
        "latest",
        {
            "latest": "SELECT * FROM (SELECT k, id, v, row_number() OVER "
            "(PARTITION BY k ORDER BY id DESC) AS r FROM src.facts) WHERE r = 1"
        },
        SOME_KEYS,
        6,
    ),
    Case(
        "joined",
        {
            "joined": "SELECT f.k, s.name, count(*) AS n, avg(f.m) AS a, max(f.v) AS x "
            "FROM src.facts f JOIN src.small s ON f.d = s.d GROUP BY f.k, s.name"
        },
        SOME_KEYS,
        6,
    ),
    Case(
        "chain",
        {
            "a": JOIN,
            "b": "SELECT id, k, name, v * 2 AS v FROM a",
            "c": "SELECT k, name, count(*) AS n, sum(v) AS v, count(v) AS c "
            "FROM b GROUP BY k, name",
            "d": "SELECT k, max(n) AS n, count(DISTINCT name) AS names FROM c GROUP BY k",
            "e": "SELECT n, count(*) AS keys FROM d GROUP BY n",
        },
        (NEW,),
        5,
    ),
)


def sources(spark: SparkSession, rows: int, groups: int, *, clustered: bool) -> None:
    """Make the tables that views read."""
    spark.sql("CREATE SCHEMA IF NOT EXISTS src")
    key = f"CAST(id * {groups} / {rows} AS BIGINT)" if clustered else f"(id * 7919) % {groups}"
    tracked = "USING delta TBLPROPERTIES (delta.enableChangeDataFeed = true)"
    spark.sql(
        f"CREATE OR REPLACE TABLE src.facts {tracked} AS SELECT id, {key} AS k, id % 50 AS d, "
        f"id % 1000 AS v, CAST(id % 7 AS DECIMAL(10, 2)) AS m FROM range(0, {rows}, 1, 40)"
    )
    spark.sql(
        f"CREATE OR REPLACE TABLE src.small {tracked} AS SELECT id AS d, "
        "concat('name ', id) AS name FROM range(50)"
    )


class Pipeline:
    """The pipeline of one case."""

    def __init__(self, root: Path, spark: SparkSession, case: Case) -> None:
        from nbkit.pipelines.declare.spec import read_spec
        from nbkit.pipelines.place import PipelinePlaces

        folder = root / case.name
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "spark-pipeline.yml").write_text(SPEC.format(name=case.name), encoding="utf-8")
        lines = [f"CREATE MATERIALIZED VIEW {name} AS {sql};" for name, sql in case.views.items()]
        (folder / "src" / "a.sql").write_text("\n".join(lines), encoding="utf-8")
        self.spec = replace(read_spec(folder), schema=case.name)
        self.place = PipelinePlaces.of(self.spec, root / ".nbkit")
        self.spark = spark
        self.ways: list[str] = []

    def update(self, **request: Any) -> None:
        """Update it once, and note how."""
        from nbkit.pipelines.refresh.plan import Request
        from nbkit.pipelines.updating import resolve, update

        graph = resolve(self.spec, self.spark, self.place)
        said = update(graph, self.spark, self.place, Request(**request))
        self.ways = [f"{each.name.rpartition('.')[2]} {each.message}" for each in said.values()]


def measured(root: Path, spark: SparkSession, case: Case, sizes: dict[str, int]) -> float:
    """Measure a case, and say what came of it; returns how many times as fast it was."""
    pipeline = Pipeline(root, spark, case)
    pipeline.update()
    full = bench.seconds(lambda: pipeline.update(full_refresh_all=True))
    for statement in case.change:
        spark.sql(statement.format(**sizes))
    changed = bench.seconds(pipeline.update)
    ways = pipeline.ways
    nothing = bench.seconds(pipeline.update)
    full = min(full, bench.seconds(lambda: pipeline.update(full_refresh_all=True)))
    rows = [("in full", full), ("by what has changed", changed), ("nothing new", nothing)]
    bench.table(f"{case.name}: {full / changed:.1f} times as fast, wanted {case.wanted}", rows)
    print("\n".join(f"  {way}" for way in ways))
    return full / changed


def main() -> None:
    """Measure every case, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="all, unless some are named")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--groups", type=int, default=25_000)
    parser.add_argument("--clustered", action="store_true", help="rows of a key lie together")
    asked = parser.parse_args()
    sizes = {
        "rows": asked.rows,
        "groups": asked.groups,
        "permille": max(1, asked.rows // 1000),
        "percent_of_groups": max(1, asked.groups // 100),
    }
    with bench.project() as root:
        from nbkit.spark.lease import attach
        from nbkit.toolkit.session import session

        session._spark = spark = attach(Settings.of(root))  # noqa: SLF001
        found = {}
        for case in CASES:
            if not asked.cases or case.name in asked.cases:
                sources(spark, asked.rows, asked.groups, clustered=asked.clustered)
                found[case.name] = (measured(root, spark, case, sizes), case.wanted)
        for name, (ratio, wanted) in found.items():
            print(f"{name}: {ratio:.1f} times as fast as in full (wanted: {wanted})")
        session._spark.stop()  # noqa: SLF001


if __name__ == "__main__":
    main()
