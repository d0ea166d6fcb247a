"""Splitting and counting in one pass, on real Spark and Delta."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions

from nbkit.quality import counting
from nbkit.quality.expectation import ACTIONS, NULLS, Expectation
from nbkit.quality.metrics import NotMeasuredError
from nbkit.quality.splitting import FAILED_EXPECTATIONS, aborted_by, split

pytestmark = pytest.mark.e2e

SCHEMA = "id int, x double, s string"
WRITERS = {
    "create": lambda df: df.write.saveAsTable("made"),
    "replace": lambda df: df.write.mode("overwrite").saveAsTable("made"),
    "append": lambda df: df.write.mode("append").saveAsTable("made"),
    "createOrReplace": lambda df: df.writeTo("made").createOrReplace(),
    "partitioned": lambda df: df.write.partitionBy("s").mode("overwrite").saveAsTable("parts"),
}


@pytest.fixture(scope="module")
def rows(spark):
    return spark.createDataFrame(
        [(1, 1.0, "a"), (2, -1.0, "a"), (3, None, "b"), (4, math.nan, None), (None, 2.0, "b")],
        SCHEMA,
    )


def counts(outcome):
    return {result.name: (result.passed, result.failed) for result in outcome.results}


@pytest.mark.parametrize("writer", WRITERS)
def test_counts_are_collected_by_whatever_writes(rows, writer):
    """Delta's ways to create, replace and append all tell their counts, exactly."""
    expected = [Expectation("positive", "x > 0", "drop"), Expectation("id", "id is not null")]
    made = split(rows, expected, dataset="made")
    WRITERS[writer](made.good)
    outcome = made.metrics.read()
    assert (outcome.rows, outcome.kept, outcome.dropped, outcome.quarantined) == (5, 3, 2, 0)
    assert counts(outcome) == {"positive": (3, 2), "id": (4, 1)}
    assert outcome["positive"].dropped == 2


def test_nothing_written_is_said_so(rows):
    with pytest.raises(NotMeasuredError, match="silver has not been written"):
        split(rows, [Expectation("a", "id > 0")], dataset="silver").metrics.read(seconds=5)


def test_no_expectations_count_rows_all_the_same(rows):
    made = split(rows, [])
    made.good.write.format("noop").mode("overwrite").save()
    assert made.metrics.read().kept == 5


@pytest.mark.parametrize("own", [True, False], ids=["nbkit's aggregate", "Spark's"])
def test_many_rules_are_counted_in_few_counters(spark, monkeypatch, own):
    """In one for each word of bits where nbkit's class is there; elsewhere in one for each rule."""
    if not own:
        monkeypatch.setattr(counting, "_own_aggregate", lambda _: None)
    expected = [Expectation(f"r{n}", f"id % {n} <> 0") for n in range(1, 131)]
    made = split(spark.range(1000, numPartitions=5), expected)
    plan = made.good._jdf.queryExecution().analyzed().toString()
    assert plan.count("nbkit_bit_counts(") == (3 if own else 0)
    made.good.write.format("noop").mode("overwrite").save()
    found = {result.name: result.failed for result in made.metrics.read().results}
    assert found == {f"r{n}": len(range(0, 1000, n)) for n in range(1, 131)}


def test_fail_ends_the_write_and_names_itself(spark, rows):
    """The table stays as it was, and the error says which expectation it was."""
    rows.write.mode("overwrite").saveAsTable("kept")
    before = spark.sql("describe history kept").count()
    strict = Expectation('it\'s "strict"', "x > 0", "fail")
    made = split(rows, [Expectation("it's", "id > 0", "fail", nulls="pass"), strict])
    with pytest.raises(Exception, match="strict") as raised:
        made.good.write.mode("overwrite").saveAsTable("kept")
    made.metrics.close()
    assert aborted_by(raised.value, [Expectation("it's", "true", "fail"), strict]) == strict
    assert spark.sql("describe history kept").count() == before


def test_quarantined_rows_tell_every_rule_they_fail(rows):
    expected = [
        Expectation("positive", "x > 0", "quarantine"),
        Expectation("has_s", "s is not null", "drop"),
        Expectation("low", "x < 2"),
    ]
    made = split(rows, expected)
    made.metrics.close()
    elsewhere = {row.id: row[FAILED_EXPECTATIONS] for row in made.quarantine.collect()}
    assert elsewhere == {2: ["positive"], 3: ["positive", "low"]}
    assert made.quarantine.columns == ["id", "x", "s", FAILED_EXPECTATIONS]
    assert made.good.columns == ["id", "x", "s"]


def test_predicates_may_look_at_other_rows_and_tables(spark, rows):
    spark.createDataFrame([("a",), ("c",)], "k string").createOrReplaceTempView("keys")
    unique = "count(1) over (partition by s) = 1"
    expected = [
        Expectation("unique", unique, across_rows=True),
        Expectation("known", "s is null or s in (select k from keys)"),
    ]
    made = split(rows, expected)
    made.good.write.format("noop").mode("overwrite").save()
    assert counts(made.metrics.read()) == {"unique": (1, 4), "known": (3, 2)}


def test_two_looks_at_one_version_of_a_table(spark, rows):
    """Rows of a Delta table need not be kept: both looks see it as it was at the split."""
    rows.write.mode("overwrite").saveAsTable("looked_at")
    df = spark.table("looked_at").where("id is not null").selectExpr("id", "x + 1 as x")
    made = split(df, [Expectation("positive", "x > 0", "quarantine"), Expectation("id", "id < 4")])
    made.good.write.format("noop").mode("overwrite").save()
    assert counts(made.metrics.read()) == {"positive": (2, 2), "id": (3, 1)}
    rows.write.mode("append").saveAsTable("looked_at")
    assert not made.held.is_cached
    assert {row.id: row[FAILED_EXPECTATIONS] for row in made.quarantine.collect()} == {
        2: ["positive"],
        3: ["positive"],
    }
    assert [row.id for row in made.good.orderBy("id").collect()] == [1, 4]


def test_other_rows_are_kept_for_the_second_look(spark, rows):
    """What another look may see otherwise: chance, the time, people's code, other rows."""
    rows.write.mode("overwrite").saveAsTable("varied")
    table = spark.table("varied")
    spark.udf.register("own", lambda x: x)
    for df, predicate in (
        (rows, "x > 0"),
        (table.withColumn("x", functions.rand()), "x > 0"),
        (table.distinct(), "x > 0"),
        (table.limit(3), "x > 0"),
        (table.union(table), "x > 0"),
        (table, "x > rand()"),
        (table, "now() > date'2020-01-01'"),
        (table, "own(s) = 'a'"),
        (table, "count(1) over (partition by s) = 1"),
        (table, "s in (select s from varied)"),
    ):
        made = split(df, [Expectation("a", predicate, "quarantine", across_rows=True)])
        assert made.held.is_cached, predicate
        made.release()
        assert not made.held.is_cached


predicates = st.sampled_from(
    [
        *("x > 0", "x is not null", "x <= 1", "x = x", "s = 'a'", "s in ('a', null)"),
        *("null", "id <> 2", "x > rand() - 0.5"),
    ]
)
expectations = st.lists(
    st.builds(
        Expectation,
        name=st.uuids().map(str),
        predicate=predicates,
        action=st.sampled_from([action for action in ACTIONS if action != "fail"]),
        nulls=st.sampled_from(NULLS),
    ),
    max_size=4,
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(expected=expectations, of_a_table=st.booleans())
def test_every_row_is_in_one_place(spark, eighteen, expected, of_a_table):
    """Good, quarantined or dropped: each row is in exactly one of them, and the counts agree."""
    source = spark.table("eighteen") if of_a_table else eighteen
    made = split(source, expected, hold=True)
    made.good.write.format("noop").mode("overwrite").save()
    outcome = made.metrics.read()
    good = [row.id for row in made.good.collect()]
    elsewhere = [row.id for row in made.quarantine.collect()] if made.quarantine else []
    made.release()
    assert len({*good, *elsewhere}) == len([*good, *elsewhere])
    assert (outcome.rows, outcome.kept, outcome.quarantined) == (18, len(good), len(elsewhere))
    failing = {
        each: {row.id for row in source.where(each.failing).collect()}
        for each in expected
        if "rand" not in each.predicate
    }
    for each, result in zip(expected, outcome.results, strict=True):
        assert result.failed + result.passed == 18
        assert each not in failing or result.failed == len(failing[each])
        assert not each.removes or not failing.get(each, set()) & {*good}
        assert each.action != "quarantine" or failing.get(each, set()) <= {*elsewhere}
    if len(failing) == len(expected):
        removed = [rows for each, rows in failing.items() if each.removes]
        assert {*good} == set(range(18)).difference(*removed)


@pytest.fixture(scope="module")
def eighteen(spark):
    values = [None, math.nan, math.inf, -1.0, 0.0, 1.0]
    pairs = enumerate((x, s) for x in values for s in (None, "a", "b"))
    rows = spark.createDataFrame([(place, x, s) for place, (x, s) in pairs], SCHEMA)
    rows.write.saveAsTable("eighteen")
    return rows
