"""A write is done once, whatever ends a try of it: on real Spark and Delta."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from nbkit import quality, serving
from nbkit.errors import DefinitionError
from nbkit.quality import checking, target
from nbkit.quality.history import History
from nbkit.quality.plan_identity import identity

pytestmark = pytest.mark.e2e

POSITIVE = quality.expect("positive", "`a.b` > 0", action="quarantine")


class BrokenError(Exception):
    pass


def broken(*_, **__):
    raise BrokenError


@pytest.fixture
def rows(spark):
    return spark.createDataFrame([(1, 5), (2, -5), (3, 6)], "id int, `a.b` int")


@pytest.fixture
def names(request):
    name = request.node.name.partition("[")[0]
    return {"table": name, "quarantine": f"{name}_aside", "history": f"{name}_past"}


def counts(spark, names):
    there = [name for name in names.values() if spark.catalog.tableExists(name)]
    return [spark.table(name).count() for name in there]


@pytest.mark.parametrize("point", ["quarantine", "good", "counts", "history"])
def test_an_error_at_any_point(spark, rows, names, monkeypatch, point):
    """A second try brings what the first did not, and nothing twice; a third is another write."""
    names = {key: f"{name}_{point}" for key, name in names.items()}
    with monkeypatch.context() as patched:
        if point == "quarantine":
            patched.setattr(target.Target, "_aside", broken)
        if point == "good":
            patched.setattr(target.Target, "_save", broken)
        if point == "counts":
            patched.setattr(checking, "sampled", broken)
            patched.setattr(checking, "missed", broken)
        if point == "history":
            patched.setattr(History, "_append", broken)
        with pytest.raises(BrokenError):
            quality.write(rows, checks=[POSITIVE], **names)
    written = [] if point in {"quarantine", "good"} else [2, 1]
    assert counts(spark, names) == written
    checked = quality.write(rows, checks=[POSITIVE], **names)
    assert (checked.outcome.kept, checked.outcome.quarantined) == (2, 1)
    assert counts(spark, names) == [2, 1, 1]
    quality.write(rows, checks=[POSITIVE], **names)
    assert counts(spark, names) == [4, 2, 2]


def test_a_retry_in_a_job(spark, rows, names, monkeypatch, capsys):
    """An attempt writes what the one before it had not, in its order; another run writes anew."""

    def attempt(number, writes, run=7):
        context = {"run_id": run, "task_key": "t", "task_run_id": number, "attempt": number}
        monkeypatch.setattr(serving, "_current", {**context, "job_name": "j", "parameters": {}})
        for each in writes:
            quality.write(each, checks=[POSITIVE], **names)

    other = rows.where("id = 1")
    attempt(0, [rows])
    attempt(1, [rows, rows, other])
    assert counts(spark, names) == [5, 2, 3]
    assert capsys.readouterr().out.count("are not written again") == 1
    attempt(2, [other, rows, rows])
    assert counts(spark, names) == [5, 2, 3]
    attempt(3, [rows], run=8)
    assert counts(spark, names) == [7, 3, 4]


def test_a_retry_of_rows_that_no_plan_tells(spark, rows, names, monkeypatch, capsys):
    """What an attempt has committed is known by its rows; other rows are written, and told."""
    taken = spark.udf.register("taken", lambda x: x, "int")

    def attempt(number, writes):
        context = {"run_id": 7, "task_key": "t", "task_run_id": number, "attempt": number}
        monkeypatch.setattr(serving, "_current", {**context, "job_name": "j", "parameters": {}})
        for each in writes:
            untold = each.select("id", taken("`a.b`").alias("a.b"))
            assert identity(untold) is None
            quality.write(untold, checks=[POSITIVE], **names)

    other = rows.selectExpr("id + 10 as id", "`a.b`")
    attempt(0, [rows])
    attempt(1, [rows, rows])
    assert counts(spark, names) == [4, 2, 2]
    assert capsys.readouterr().out.count("are not written again") == 1
    attempt(2, [rows, rows, other])
    assert counts(spark, names) == [6, 3, 3]
    attempt(3, [other, rows.where("id = 3")])
    assert counts(spark, names)[:2] == [7, 3]
    assert "has written other rows here" in capsys.readouterr().out


@pytest.mark.parametrize("point", ["good", "history"])
def test_by_hand_rows_that_no_plan_tells(spark, rows, names, monkeypatch, point):
    """A call that died after its commit is finished by the next; the one after it writes anew."""
    names = {key: f"{name}_{point}" for key, name in names.items()}
    taken = spark.udf.register("taken", lambda x: x, "int")
    untold = rows.select("id", taken("`a.b`").alias("a.b"))
    with monkeypatch.context() as patched:
        owner, method = {"good": (target.Target, "_save"), "history": (History, "_append")}[point]
        patched.setattr(owner, method, broken)
        with pytest.raises(BrokenError):
            quality.write(untold, checks=[POSITIVE], **names)
    quality.write(untold, checks=[POSITIVE], **names)
    assert counts(spark, names) == [2, 1, 1]
    quality.write(untold, checks=[POSITIVE], **names)
    assert counts(spark, names) == [4, 2, 2]


@pytest.mark.parametrize(
    "emptied",
    [
        "TRUNCATE TABLE {t}",
        "DELETE FROM {t} WHERE id < 9",
        "CREATE OR REPLACE TABLE {t} (id INT, `a.b` INT) USING delta",
    ],
)
def test_what_was_removed_is_written_again(spark, rows, names, monkeypatch, emptied):
    """A notebook that empties its table before it fills it is filled by a retry too."""
    number = emptied.partition(" ")[0].lower()
    names = {key: f"{name}_{number}" for key, name in names.items()}
    for attempt in range(3):
        context = {"run_id": 7, "task_key": number, "task_run_id": attempt, "attempt": attempt}
        monkeypatch.setattr(serving, "_current", {**context, "job_name": "j", "parameters": {}})
        if attempt < 2 and spark.catalog.tableExists(names["table"]):
            spark.sql(emptied.format(t=names["table"]))
        quality.write(rows, checks=[POSITIVE], **names)
        assert counts(spark, names)[:2] == [2, 1]


def test_a_name_of_ones_own(spark, rows, names):
    """Rows of one name are written once, though nobody can tell them from others."""
    taken = spark.udf.register("taken", lambda x: x, "int")
    for day in ("monday", "monday", "tuesday"):
        rows = rows.select("id", taken("`a.b`").alias("a.b"))
        quality.write(rows, checks=[POSITIVE], once=day, **names)
    assert counts(spark, names) == [4, 2, 2]


def test_fail_leaves_the_quarantine_as_it_was(spark, rows, names):
    """Whether rows, a figure or the table that is written stands against it."""
    quality.write(rows, checks=[POSITIVE], **names)
    before = counts(spark, names)[:2]
    strict = quality.expect("strict", "id < 3", action="fail")
    for mode in ("append", "overwrite"):
        with pytest.raises(quality.ExpectationFailedError, match="strict"):
            quality.write(rows, checks=[POSITIVE, strict], mode=mode, **names)
        others = rows.selectExpr("cast(id as string) as id", "array(`a.b`) as `x`", "`a.b`")
        with pytest.raises(
            Exception, match=r"(?i)schema|merge|column id would turn string into int"
        ):
            quality.write(others, checks=[POSITIVE], mode=mode, **names)
        assert counts(spark, names)[:2] == before


def test_what_cannot_be_is_said_before_anything_is_written(spark, rows, names):
    """Each rule that cannot be computed, with the nearest column; a history that is none."""
    checks = [
        quality.not_null("idd"),
        quality.expect("typo", "ab > 0"),
        quality.expect("no condition", "id +"),
        quality.aggregate("figure", "sum(amount)", 0),
        quality.unique("id", "c"),
        quality.drift("d"),
        quality.reconcile("nowhere"),
    ]
    for check in checks:
        with pytest.raises(Exception, match=check.name):
            quality.write(rows, names["table"], [check], history=names["history"])
    with pytest.raises(DefinitionError) as raised:
        quality.check(rows, checks[:4], history=None)
    assert [each.pointer for each in raised.value.problems] == [check.name for check in checks[:3]]
    assert "nearest: id" in str(raised.value)
    rows.write.saveAsTable(names["history"])
    with pytest.raises(DefinitionError, match="no table of results"):
        quality.write(rows, names["table"], checks[:0], history=names["history"])
    assert not spark.catalog.tableExists(names["table"])


def test_a_value_is_the_same_one_in_the_table(spark, names):
    """By the types alone, or by the value, what would be another one ends the write before it."""
    spark.sql("create table ints as select 1 as id, 1 as v, array(1) as a, 'x' as s")
    positive = [quality.expect("positive", "v > 0", action="quarantine")]

    def written(columns):
        rows = spark.sql(f"select 2 as id, {columns} union all select 3, -1, array(1), null")
        quality.write(rows, "ints", positive, quarantine="ints_aside", history=None)

    for columns, column in (
        ("7.5D as v, array(1) as a, 's' as s", "v would turn double into int"),
        ("1.25BD as v, array(1) as a, 's' as s", r"v would turn decimal\(\d+,2\) into int"),
        ("1 as v, array(1.5D) as a, 's' as s", "a.element would turn double into int"),
        ("1 as v, array(1) as a, now() as s", "s would turn timestamp into string"),
    ):
        with pytest.raises(DefinitionError, match=f"column {column}, as table ints has it"):
            written(columns)
    for columns, value in (
        (f"{2**40}L as v, array(1) as a, 's' as s", 2**40),
        (f"1 as v, array({2**31}L) as a, 's' as s", 2**31),
    ):
        with pytest.raises(Exception, match=f"has the value {value}: bigint, and no int"):
            written(columns)
    assert spark.table("ints").count() == 1
    assert not spark.catalog.tableExists("ints_aside")
    written("5L as v, array(7L) as a, 1.10BD as s")
    assert {(r.id, r.v, r.s) for r in spark.table("ints").collect()} == {
        (1, 1, "x"),
        (2, 5, "1.10"),
    }
    assert [(r.id, r.v) for r in spark.table("ints_aside").collect()] == [(3, -1)]


def test_texts_are_the_values_that_they_spell(spark):
    """As in Delta's own INSERT, less what that would round or cut."""
    spark.sql(
        "create table spelled (d date, n int, p decimal(8, 2), t timestamp, b boolean, x double, "
        "f float)"
    )
    good = {"d": "2024-01-02", "n": " 5", "p": "1.250", "t": "2024-01-02 03:04:05.123456"}
    good |= {"b": "true", "x": "-0.1", "f": "1.1"}

    def written(**texts):
        row = {**good, **texts}
        schema = ", ".join(f"{name} string" for name in row)
        rows = spark.createDataFrame([tuple(row.values())], schema)
        quality.write(rows, "spelled", history=None)

    for name, text in (
        *(("d", "2024-01-02 10:00"), ("d", "noon"), ("n", "7.5"), ("n", str(2**31)), ("n", "")),
        *(("p", "1.255"), ("p", "1000000"), ("t", "2024-01-02 03:04:05.1234567"), ("b", "maybe")),
        *(("x", "9007199254740993"), ("x", "1e400"), ("x", "0.1234567890123456789")),
        *(("f", "16777217"), ("f", "1e39")),
    ):
        with pytest.raises(Exception, match=f"column {name} has the value {text}: string, and no"):
            written(**{name: text})
    written()
    written(**dict.fromkeys(good))
    written(x="Infinity", p="1e3", d="2024-1-2", f="1e-7")
    kept = ("d", "n", "p", "string(t)", "b", "x", "string(f)")
    found = spark.table("spelled").selectExpr(*kept).collect()
    day, time = date(2024, 1, 2), good["t"]
    assert {tuple(row) for row in found} == {
        (day, 5, Decimal("1.25"), time, True, -0.1, "1.1"),
        (None,) * 7,
        (day, 5, Decimal("1000.00"), time, True, float("inf"), "1.0E-7"),
    }


def test_decimals_are_taken_as_python_has_them(spark):
    """They come as DECIMAL(38, 18), and fit where their digits do."""
    spark.sql("create table prices (p decimal(10, 2), d double, many array<decimal(4, 1)>)")

    def written(p, d, many):
        rows = spark.createDataFrame(
            [(Decimal(p), Decimal(d), [Decimal(many), None])], ["p", "d", "many"]
        )
        assert rows.schema["p"].dataType.simpleString() == "decimal(38,18)"
        quality.write(rows, "prices", history=None)

    for values, said in (
        (("9.905", "0.1", "1"), "column p has the value 9.905"),
        (("123456789", "0.1", "1"), "column p has the value 123456789"),
        (("1", "0.123456789123456789", "1"), "column d has the value 0.123456789123456789"),
        (("1", "0.1", "0.05"), "column many.element has the value 0.05"),
    ):
        with pytest.raises(Exception, match=said):
            written(*values)
    written("9.90", "0.1", "99.9")
    assert spark.table("prices").collect() == [(Decimal("9.90"), 0.1, [Decimal("99.9"), None])]


def test_figures_that_are_no_numbers_do_not_hold(spark, names):
    """NaN and infinity are figures; DISTINCT is asked for with a query of its own."""
    rows = spark.sql("select double('NaN') as x, 1 as id union all select 1.0D, 1")
    checks = [
        quality.aggregate("mean", "avg(x)", 0, 1),
        quality.aggregate("top", "max(1 / (id - id + 0.0D))", high=1),
        quality.aggregate("kinds", "count(distinct id)", 1, 1, action="fail"),
        quality.aggregate("text", "max(string(id))", 0, 1),
    ]
    checked = quality.write(rows, names["table"], checks[:1] + checks[2:], history=None)
    assert [result.ok for result in checked.results] == [False, True, False]
    assert checked["mean"].observed == "avg(x) is NaN"
    assert spark.table(names["table"]).count() == 2


def test_what_tells_one_write_from_another(spark, rows, tmp_path):
    """The plan, its literals, the rows, the version of a table; neither chance nor the time."""
    rows.write.saveAsTable("told")
    table = spark.table("told")
    made = {
        name: identity(df)
        for name, df in {
            "rows": rows,
            "other rows": spark.createDataFrame([(1, 5), (2, -5), (3, 7)], rows.schema),
            "nulls": spark.createDataFrame([(None, 1, [1])], "x int, y int, z array<int>"),
            "there": spark.createDataFrame([(1, None, [1])], "x int, y int, z array<int>"),
            "inside": spark.createDataFrame([(1, None, [1, None])], "x int, y int, z array<int>"),
            "table": table,
            "where": table.where("id in (1, 2)"),
            "where text": table.where("id in ('1,2')"),
            "reader": table.selectExpr("from_json('1', 'd date', map('dateFormat', 'd'))"),
            "other reader": table.selectExpr("from_json('1', 'd date', map('dateFormat', 'M'))"),
            "sets": spark.sql("select id, `a.b` from told group by grouping sets ((id), (`a.b`))"),
            "other sets": spark.sql(
                "select id, `a.b` from told group by grouping sets ((id, `a.b`), ())"
            ),
            "range": spark.range(3),
            "other range": spark.range(4),
        }.items()
    }
    assert None not in made.values()
    assert len({*made.values()}) == len(made)
    assert identity(spark.createDataFrame(rows.collect(), rows.schema)) == made["rows"]
    assert identity(spark.table("told").where("id in (1, 2)")) == made["where"]
    one, two = (table.selectExpr("*", "rand() r", "uuid() u", "now() n") for _ in range(2))
    assert identity(one) == identity(two)
    assert identity(table.sample(0.5)) == identity(table.sample(0.5)) != identity(table.sample(0.4))
    rows.write.mode("append").saveAsTable("told")
    assert identity(spark.table("told")) != made["table"]
    assert identity(table.selectExpr("(select max(id) from told) as x")) is None
    spark.range(3).write.mode("overwrite").parquet(str(tmp_path / "files"))
    before = identity(spark.read.parquet(str(tmp_path / "files")))
    assert identity(spark.read.parquet(str(tmp_path / "files"))) == before is not None
    spark.range(3).write.mode("append").parquet(str(tmp_path / "files"))
    assert identity(spark.read.parquet(str(tmp_path / "files"))) != before
