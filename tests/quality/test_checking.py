"""Checking and writing on real Spark and Delta, as notebooks do it."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest

from nbkit import quality
from nbkit.errors import DefinitionError
from nbkit.quality.values import value_literal

pytestmark = pytest.mark.e2e

SCHEMA = "id int, x double, s string, at date"
TODAY = dt.datetime.now(dt.UTC).date()
OLD = dt.date(2000, 1, 1)


@pytest.fixture(scope="module")
def rows(spark):
    return spark.createDataFrame(
        [
            (1, 1.0, "a", TODAY),
            (2, -1.0, "a", OLD),
            (3, None, "b", OLD),
            (4, math.nan, None, OLD),
            (4, 2.0, "b", None),
        ],
        SCHEMA,
    )


@pytest.fixture(scope="module", autouse=True)
def others(spark, rows):
    """Tables to compare with, and one history for most."""
    rows.where("s is not null").select("s").createOrReplaceTempView("keys")
    rows.where("id < 4").createOrReplaceTempView("some")
    rows.write.saveAsTable("before")


def failing(result):
    return {each.name: each.failed for each in result.results}


ROW_RULES = {
    "x_not_null": (quality.not_null("x"), 1),
    "both": (quality.not_null("s", "at", name="both"), 2),
    "x_in_range": (quality.between("x", 0), 3),  # NULL and NaN fail
    "few": (quality.between("x", 0.0, 1.5, nulls="pass", name="few"), 3),
    "s_in_set": (quality.in_set("s", ["a", "it's"]), 3),
    "at_in_set": (quality.in_set("at", [OLD], nulls="pass"), 1),
    "s_matches": (quality.matches("s", "^[a-z]$"), 1),
    "s_in_keys": (quality.foreign_key("s", "keys"), 1),
    "s_in_some": (quality.foreign_key(["s"], "some", "s", nulls="pass"), 0),
    "newest": (quality.unique("id", keep="x desc", name="newest"), 1),
    "odd": (quality.expect("odd", "id % 2 = 1"), 3),
}
TABLE_RULES = {
    "row_count": (quality.row_count(5, 5), True),
    "mean": (quality.aggregate("mean", "avg(id)", high=2), False),
    "empty": (quality.aggregate("empty", "max(nullif(id, id))", 0), False),
    "at_fresh": (quality.freshness("at", "2 days"), True),
    "x_fresh": (quality.freshness("at", dt.timedelta(seconds=-1), name="x_fresh"), False),
    "id_unique": (quality.unique("id"), False),
    "s_unique": (quality.unique("s", threshold=1.0), True),
    "schema": (quality.has_schema("id int, s string"), True),
    "exactly": (quality.has_schema("id bigint, s string", exact=True, name="exactly"), False),
    "agrees_with_some": (quality.reconcile("some"), False),
    "about": (quality.reconcile("some", ["sum(id)"], tolerance="100%", name="about"), False),
    "as_many": (quality.reconcile("some", ["min(id)"], name="as_many"), True),
    "same_rows_as_some": (quality.same_rows("some", ["id", "s"]), False),
}


def test_what_the_ready_made_ones_find(rows):
    """Each counts the rows, or tells of the table, that it is about; all at one go."""
    checks = [rule for rule, _ in (*ROW_RULES.values(), *TABLE_RULES.values())]
    result = quality.check(rows, checks, history=None)
    assert [each.name for each in result.results] == [*ROW_RULES, *TABLE_RULES]
    assert {name: result[name].failed for name in ROW_RULES} == {
        name: failed for name, (_, failed) in ROW_RULES.items()
    }
    assert {name: result[name].ok for name in TABLE_RULES} == {
        name: ok for name, (_, ok) in TABLE_RULES.items()
    }
    assert result["exactly"].observed == (
        "id is int, not bigint; x is not expected; at is not expected"
    )
    assert (result["id_unique"].passed, result["id_unique"].failed) == (3, 2)
    assert result["id_unique"].sample == ({"id": 4, "rows_with_it": 2},)
    assert result["same_rows_as_some"].observed == "2 rows only here, 0 only in some"
    assert result["x_not_null"].sample == ({"id": 3, "x": None, "s": "b", "at": "2000-01-01"},)
    assert json.dumps([each.as_wire() for each in result.results], allow_nan=False)
    assert "row_count" in repr(result)
    assert result._repr_html_().count("<svg") >= len(ROW_RULES)


def test_a_part_of_both_tables_is_replaced_or_of_none(spark):
    """By a condition; the partitions for which good rows come say nothing about the others."""
    rule = quality.between("v", low=0, action="quarantine")
    first = spark.sql("select * from values ('a', 1), ('a', -1), ('b', 2), ('b', -2) as t(day, v)")
    quality.write(first, "days", [rule], quarantine="off", partition_by=["day"], history=None)
    then = spark.sql("select * from values ('b', 3), ('b', -3) as t(day, v)")

    def again(**options):
        quality.write(
            then, "days", [rule], quarantine="off", mode="overwrite", options=options, history=None
        )

    with pytest.raises(DefinitionError, match="the option replaceWhere says which rows of both"):
        again(partitionOverwriteMode="dynamic")
    again(replaceWhere="day = 'b'")
    assert {tuple(row) for row in spark.table("days").collect()} == {("a", 1), ("b", 3)}
    assert {row.v for row in spark.table("off").collect()} == {-1, -3}


def test_one_write_does_everything(spark, rows):
    """Good rows, quarantined rows with all their reasons, counts, and the history of all."""
    checks = [
        quality.not_null("s", action="drop"),
        quality.between("x", low=0, action="quarantine"),
        quality.unique("id", action="warn"),
        quality.row_count(2, action="fail"),
        quality.expect("early", "at < date'2010-01-01'", action="fail", threshold="40%"),
    ]
    for mode in ("overwrite", "append"):
        result = quality.write(rows, "good", checks, quarantine="bad", mode=mode)
    assert (result.outcome.rows, result.outcome.kept, result.outcome.quarantined) == (5, 2, 3)
    assert failing(result) == {
        "s_not_null": 1,
        "x_in_range": 3,
        "id_unique": 0,
        "row_count": 0,
        "early": 2,
    }
    assert spark.table("good").count() == 4
    reasons = {(row.id, *row._failed_expectations) for row in spark.table("bad").collect()}
    assert reasons == {(2, "x_in_range"), (3, "x_in_range"), (4, "s_not_null", "x_in_range")}
    assert spark.table("bad").count() == 6
    history = spark.table("nbkit_quality").where("dataset = 'good'")
    assert history.count() == 10
    assert history.where("name = 'early' and failed = 2 and rows = 5 and ok").count() == 2
    assert len(result.past["early"]) == 1
    assert "failed in 0 of 2 runs" in result._repr_html_()


@pytest.mark.parametrize(
    "strict",
    [
        quality.expect("strict", "id < 4", action="fail"),
        quality.expect("strict", "id < 4", action="fail", threshold="1%"),
        quality.row_count(6, name="strict", action="fail"),
        quality.unique("id", name="strict", action="fail"),
    ],
    ids=["row", "threshold", "aggregate", "look"],
)
def test_fail_leaves_both_tables_untouched(spark, rows, strict):
    """Whatever kind of check fails; what was measured is in the error and in the history."""
    aside = quality.expect("aside", "id <> 3", action="quarantine")
    checks = [strict, aside, quality.not_null("x")]
    with pytest.raises(quality.ExpectationFailedError, match="strict") as raised:
        quality.write(rows, "before", checks, quarantine="aside", mode="overwrite")
    assert "nothing was written" in str(raised.value)
    assert raised.value.outcome.failures[0].name == "strict"
    assert spark.sql("describe history before").count() == 1
    assert not spark.catalog.tableExists("aside")
    assert spark.table("nbkit_quality").where("name = 'strict' and not ok").count() > 0


def test_a_table_may_be_overwritten_by_its_own_good_rows(spark, rows):
    """The second look, for the quarantine, is at the version before."""
    rows.write.mode("overwrite").saveAsTable("cleaned")
    quality.write(
        spark.table("cleaned"),
        "cleaned",
        [quality.expect("low", "id < 3", action="quarantine")],
        quarantine="cleaned_quarantine",
        mode="overwrite",
        history=None,
    )
    assert sorted(row.id for row in spark.table("cleaned").collect()) == [1, 2]
    assert sorted(row.id for row in spark.table("cleaned_quarantine").collect()) == [3, 4, 4]


def test_errors_of_the_query_itself_pass_through(rows):
    with pytest.raises(Exception, match="CAST_INVALID_INPUT"):
        quality.write(rows, "never", [quality.expect("number", "cast(s as int) > 0")])


def test_quarantine_needs_a_table_and_streams_another_way(spark, rows):
    with pytest.raises(DefinitionError, match="quarantine: is not given, but s_not_null"):
        quality.write(rows, "good", [quality.not_null("s", action="quarantine")])
    stream = spark.readStream.table("before")
    with pytest.raises(DefinitionError, match=r"quality\.stream"):
        quality.write(stream, "good")
    with pytest.raises(DefinitionError, match="id_unique: looks across rows"):
        quality.split(stream, [quality.unique("id", action="drop")])
    with pytest.raises(DefinitionError, match="nothing that can be done about a whole table"):
        quality.row_count(1, action="drop")


def test_rare_failures_are_sampled_too(spark):
    """One row in a hundred thousand is shown, beside a rule that fails for most rows."""
    many = spark.range(100_000)
    checks = [quality.expect("small", "id < 10"), quality.expect("rare", "id <> 4321")]
    result = quality.write(many, "many", checks, history=None)
    assert result["rare"].sample == ({"id": 4321},)
    assert len(result["small"].sample) == 5
    assert not quality.check(many, checks, history=None, samples=0)["rare"].sample


def test_any_type_of_column_may_be_in_a_sample(spark):
    """Long text is cut, binary and nested values are text, all of it is JSON."""
    odd = spark.sql(
        "select repeat('x', 500) as long, map('a', array(1)) as m, named_struct('b', 2) as st, "
        "cast('ab' as binary) as bin, interval 3 days as i, parse_json('[1]') as v, "
        "double('nan') as n, timestamp'2020-01-01' as t, cast(1 as decimal(30, 2)) as d, "
        "null as nothing, 1 as `odd name`"
    )
    [row] = quality.check(odd, [quality.expect("never", "false")], history=None)["never"].sample
    assert row["long"] == "x" * 200 + "…"
    assert (row["m"], row["st"], row["bin"], row["v"]) == ('{"a":[1]}', '{"b":2}', "0x6162", "[1]")
    assert (row["n"], row["odd name"], row["nothing"]) == ("NaN", 1, None)
    assert json.dumps(row, allow_nan=False)


def test_drift_compares_with_the_last_runs(spark):
    """The first run has nothing to compare with; then alike is alike and shifted is not."""
    drifts = [quality.drift("x"), quality.drift("s", action="fail")]
    spread = spark.range(1000).selectExpr("cast(id as double) as x", "string(id % 3) as s")
    shifted = spread.selectExpr("x + 700 as x", "if(s = '0', '9', s) as s")
    first = quality.check(spread, drifts, dataset="drifting")
    assert first["x_drift"].observed == "no earlier run to compare with"
    second = quality.check(spread, drifts, dataset="drifting")
    assert second.ok
    third = quality.check(shifted, drifts, dataset="drifting")
    assert [result.ok for result in third.results] == [False, False]
    with pytest.raises(quality.ExpectationFailedError, match="s_drift"):
        third.raise_for_failures()


@pytest.mark.parametrize("value", [None, object(), b"x"])
def test_only_values_that_sql_can_spell_are_taken(value):
    with pytest.raises(TypeError, match="cannot be written"):
        value_literal(value)


def test_rules_of_a_table_are_shared(spark):
    """Active ones of a tag, predicates and ready-made ones; a bad row is told by its name."""
    rules = [
        ("positive", "x > 0", "drop", "1%", None, None, "silver, flights", True),
        ("small", None, None, None, "between", '{"column": "x", "high": 5}', "silver", None),
        ("off", "false", None, None, None, None, "silver", False),
        ("other", "true", None, None, None, None, "gold", True),
    ]
    columns = (
        "name string, predicate string, action string, threshold string, check string, "
        "arguments string, tags string, active boolean"
    )
    table = spark.createDataFrame(rules, columns)
    table.write.saveAsTable("rules")
    positive, small = quality.table_rules("rules", tags=["silver"], spark=spark)
    assert positive == quality.expect("positive", "x > 0", action="drop", threshold=0.01)
    assert small.predicate == "`x` <= 5"
    table.selectExpr("name", "predicate", "'dorp' as action").write.saveAsTable("bad_rules")
    with pytest.raises(DefinitionError, match=r"positive\.action: 'dorp'"):
        quality.table_rules("bad_rules", spark=spark)


def test_suggested_rules_hold_today(spark):
    """Keys are unique, few values are a set, numbers have bounds; a table of nothing has none."""
    table = spark.range(200).selectExpr(
        "id",
        "concat('n', id) as code",
        "if(id % 2 = 0, 'a', 'b') as kind",
        "if(id % 50 = 0, null, id / 7 - 3) as value",
        "array(id) as many",
    )
    suggested = quality.suggest(table)
    assert [(rule["check"], each.sure) for each in suggested.each for rule in (each.rule,)] == [
        *(("not_null", "likely"), ("unique", "likely"), ("not_null", "likely")),
        *(("unique", "likely"), ("not_null", "likely"), ("in_set", "likely")),
        ("not_null", "a guess"),
    ]
    assert quality.check(table, suggested.checks, history=None).ok
    assert quality.suggest(table.select("many")).rules == ()
