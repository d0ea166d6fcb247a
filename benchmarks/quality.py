"""What expectations cost: 30 on rows, counted while a Delta table is written.

A quarantine is a second table, and a second look at the rows: beside it stands what the same two
tables cost when they are written by hand, with the rules as a condition, and nothing is counted.
Beside all the same 30 rules in Great Expectations and cuallee, each as it is meant to be used (a
validation, then the write), where they are installed. The same rows come from one Delta table and
go to one that is written anew; every way is warmed up, then all are measured in turn, several
times over, and the median of each counts. Rounds end early when `--minutes` are over.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import workbench as bench

from nbkit import quality
from nbkit.settings import Settings
from nbkit.spark.lease import attach

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = [f"n{place}" for place in range(10)]
CODES = [f"c{place}" for place in range(10)]
AIM = 1.3
TWO = "two tables by hand, nothing counted"


def rules(action: Any) -> list[quality.Expectation]:
    """Return 30 rules on rows; about one row in a hundred fails one or more."""
    made: list[quality.Expectation] = []
    for number, code in zip(NUMBERS, CODES, strict=True):
        made += [
            quality.not_null(number, action=action),
            quality.between(number, 0, 999.0, action=action),
            quality.in_set(code, ["a", "b", "c", "d"], action=action),
        ]
    return made


def source(spark: Any, rows: int) -> Any:
    """Write and return a table of 20 columns and an id."""
    columns = ["id"]
    for place, (number, code) in enumerate(zip(NUMBERS, CODES, strict=True)):
        columns.append(f"if(rand({place}) < 0.0005, null, rand({place + 50}) * 999.2) as {number}")
        columns.append(f"substr('abcd', cast(1 + rand({place + 90}) * 4 as int), 1) as {code}")
    spark.range(rows).selectExpr(*columns).write.mode("overwrite").saveAsTable("source")
    return spark.table("source")


def with_great_expectations(df: Any) -> None:
    """Validate the 30 rules with Great Expectations' Spark engine."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": df})
    suite = gx.ExpectationSuite(name="rules")
    for number, code in zip(NUMBERS, CODES, strict=True):
        suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column=number))
        between = gx.expectations.ExpectColumnValuesToBeBetween
        suite.add_expectation(between(column=number, min_value=0, max_value=999))
        in_set = gx.expectations.ExpectColumnValuesToBeInSet
        suite.add_expectation(in_set(column=code, value_set=["a", "b", "c", "d"]))
    assert len(batch.validate(suite).results) == 30


def with_cuallee(df: Any) -> None:
    """Validate the 30 rules with cuallee."""
    from cuallee import Check, CheckLevel

    check = Check(CheckLevel.WARNING, "rules")
    for number, code in zip(NUMBERS, CODES, strict=True):
        check.is_complete(number)
        check.is_between(number, (0.0, 999.0))
        check.is_contained_in(code, ("a", "b", "c", "d"))
    assert check.validate(df).count() == 30


def ways(df: Any) -> dict[str, Callable[[], object]]:
    """Return what is measured, the plain write first."""

    def plain() -> None:
        df.write.mode("overwrite").saveAsTable("target")

    def by_hand() -> None:
        good = " and ".join(f"({each.predicate})" for each in rules("warn"))
        df.where(good).write.mode("overwrite").saveAsTable("target")
        rest = df.where(f"not coalesce({good}, false)")
        rest.write.mode("overwrite").saveAsTable("by_hand")

    def through(action: str, **more: Any) -> None:
        checked = quality.write(df, "target", rules(action), mode="overwrite", history=None, **more)
        assert len(checked.failures) == 20, "sets hold, ranges and NULLs do not"

    def after(validate: Callable[[Any], None]) -> None:
        validate(df)
        plain()
        df.sparkSession.catalog.clearCache()  # Great Expectations keeps the rows in memory

    found: dict[str, Callable[[], object]] = {
        "write without": plain,
        "30 expectations, warn": lambda: through("warn"),
        "30 expectations, drop": lambda: through("drop"),
        TWO: by_hand,
        "30 expectations, quarantine": lambda: through("quarantine", quarantine="aside"),
    }
    for name, package, validate in (
        ("Great Expectations, then write", "great_expectations", with_great_expectations),
        ("cuallee, then write", "cuallee", with_cuallee),
    ):
        if find_spec(package) is None:
            print(f"{name}: not installed", flush=True)
        else:
            found[name] = lambda validate=validate: after(validate)  # type: ignore[misc]
    return found


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=5_000_000)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--minutes", type=float, default=8)
    given = asked.parse_args()
    end = time.monotonic() + given.minutes * 60
    with bench.project() as root:
        os.chdir(root)
        spark = attach(Settings.of())
        df = source(spark, given.rows)
        measured = ways(df)
        for work in measured.values():
            work()  # so that none pays for Java's warming up
        taken: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(given.repeats):
            for name, work in measured.items():
                os.sync()  # so that none pays for what the one before it has left to be written
                taken[name].append(bench.seconds(work))
            if time.monotonic() + sum(times[-1] for times in taken.values()) > end:
                break
        spark.stop()
    middle = {name: statistics.median(times) for name, times in taken.items()}
    rounds = len(taken["write without"])
    bench.table(f"Writing {given.rows:,} rows of 21 columns, {rounds} rounds", [*middle.items()])
    for name, seconds in list(middle.items())[1:]:
        aim = f" (aim: {AIM})" if name.startswith("30 expectations") else ""
        print(f"{name}: {seconds / middle['write without']:.2f} of writing without{aim}")
    quarantined = middle["30 expectations, quarantine"]
    print(f"30 expectations, quarantine: {quarantined / middle[TWO]:.2f} of two tables by hand")


if __name__ == "__main__":
    main()
