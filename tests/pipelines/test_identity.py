"""Queries with one identity give the same rows, and a query that is declared again keeps its own.

Mutation: of many queries one thing is changed at a time. Where the identity stays, both are run,
and must give the same.
"""

from __future__ import annotations

import itertools
from random import Random

import pytest
import sqlglot
from hypothesis import settings
from sqlglot import exp

from nbkit.pipelines.resolve.identity import identity_of, understood

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

QUERIES = """
SELECT id, 'Box #1001' AS a, 'info@facade.org' AS b, concat(s, 'new,paid') AS c FROM t WHERE id < 3
SELECT * FROM t WHERE s IN ('new,paid', 'b') OR s IN ('x', 'y') OR id IN (1, 2)
SELECT id, CAST(v AS INT) AS x, 1 AS o, 1.0 AS p, 1.50BD AS q, 1e0 AS r, '1' AS u, 1L AS w FROM t
SELECT map('a', 1, 'b', 2) AS m, array('a,b', 'c') AS n, named_struct('x', 1, 'y', s) AS z FROM t
SELECT s, count(*) AS n, sum(v) AS u, count(DISTINCT id) AS d FROM t GROUP BY s HAVING count(*) > 1
SELECT id, row_number() OVER (PARTITION BY s ORDER BY v DESC, id) AS r FROM t
SELECT id, sum(v) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS r FROM t
SELECT a.id, b.s FROM t a JOIN t b ON a.id = b.id + 1 WHERE a.v > 10
SELECT a.id, b.s FROM t a LEFT JOIN t b ON a.id = b.id AND b.v < 20
SELECT id FROM t WHERE id NOT IN (SELECT id FROM t WHERE s = 'b') ORDER BY id DESC LIMIT 3
WITH c AS (SELECT id FROM t WHERE id > 1), d AS (SELECT * FROM c) SELECT id FROM c JOIN d USING (id)
SELECT id, CASE WHEN v > 15 THEN 'high' WHEN v > 5 THEN 'mid' ELSE 'low' END AS h FROM t
SELECT id FROM t WHERE s LIKE 'a%' OR s RLIKE '^b' UNION ALL SELECT id + 10 FROM t
SELECT date_format(ts, 'yyyy-MM-dd') AS d, to_date(ts) AS e, ts >= '2026-01-02' AS f FROM t
SELECT transform(array(1, 2), x -> x + 1) AS f, filter(array(1, 2), y -> y > 1) AS g, id FROM t
SELECT to_json(named_struct('id', id), map('timestampFormat', 'yyyy')) AS j FROM t
SELECT from_json('{"a": 1}', 'a INT').a AS x, id FROM t
SELECT DISTINCT s FROM t EXCEPT SELECT 'b'
SELECT id, x FROM t LATERAL VIEW explode(array(1, 2)) e AS x
SELECT s, grouping(s) AS g, count(*) AS n FROM t GROUP BY ROLLUP (s)
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM t u WHERE u.id = t.id + 1)
SELECT (SELECT max(v) FROM t) AS m, id, nullif(s, 'b') AS n, coalesce(s, '?') AS c FROM t
SELECT id, regexp_replace(s, '(a)', '$1#1') AS r, split(s, ',')[0] AS p FROM t
SELECT * FROM VALUES (1, 'a', TIMESTAMP'2026-01-01 00:00:00'), (2, 'b', NULL) AS v(x, y, z)
SELECT first_value(s) AS f, max_by(s, id) AS m, percentile(v, 0.5) AS p FROM t
""".strip().splitlines()


@pytest.fixture(scope="module")
def table(spark):
    spark.sql(
        "CREATE OR REPLACE TEMPORARY VIEW t AS SELECT * FROM VALUES "
        "(1, 'a', 10.5D, TIMESTAMP'2026-01-01 23:30:00'), (2, 'b', 20D, TIMESTAMP'2026-01-02'), "
        "(3, 'new', 5D, NULL), (4, NULL, NULL, TIMESTAMP'2026-01-02'), (5, 'b', 30D, NULL) "
        "AS v(id, s, v, ts)"
    )
    return spark


def mutants(query):
    """Yield copies of a query with one thing changed."""
    tree = sqlglot.parse_one(query, dialect="databricks")
    for at, node in enumerate(tree.walk()):
        for change in CHANGES:
            copy = tree.copy()
            there = next(itertools.islice(copy.walk(), at, None))
            changed = change(there)
            if changed is not None and changed is not there:
                there.replace(changed)
                yield copy.sql(dialect="databricks")
        del node


def _text(make):
    return lambda node: (
        exp.Literal.string(make(node.this))
        if isinstance(node, exp.Literal) and node.is_string
        else None
    )


def _number(make):
    return lambda node: (
        exp.Literal.number(make(node.this))
        if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit()
        else None
    )


def _swapped(first, second):
    def change(node):
        for one, other in ((first, second), (second, first)):
            if type(node) is one:
                return other(this=node.this.copy(), expression=node.expression.copy())
        return None

    return change


def _desc(node):
    if not isinstance(node, exp.Ordered):
        return None
    return exp.Ordered(this=node.this.copy(), desc=not node.args.get("desc"), nulls_first=True)


CHANGES = [
    _text(lambda text: text.replace("1001", "1002").replace("facade", "decade") + ""),
    _text(lambda text: f"{text}x"),
    _text(lambda text: text.replace(",", "','") if "," in text else text.upper()),
    _text(lambda text: f" {text}"),
    _number(lambda text: str(int(text) + 1)),
    _number(lambda text: f"{text}.0"),
    _number(lambda text: f"'{text}'"),
    _number(lambda text: f"{text}L"),
    _swapped(exp.LT, exp.LTE),
    _swapped(exp.GT, exp.EQ),
    _swapped(exp.Add, exp.Sub),
    _swapped(exp.Or, exp.And),
    _desc,
]


def test_one_thing_changed(table):
    """Whatever changes the rows changes the identity; CI tries some of the mutants."""
    proving = settings.get_current_profile_name() == "prove"
    found = same = 0
    for query in QUERIES:
        known = identity_of(table.sql(query))
        assert not [each for each in known.unknown if "cannot compare" in each], (query, known)
        rows = None
        tried = sorted(set(mutants(query)))
        for mutant in tried if proving else Random(7).sample(tried, min(8, len(tried))):
            try:
                frame = table.sql(mutant)
            except Exception:  # noqa: BLE001 - what is no query needs no identity
                continue
            found += 1
            if identity_of(frame).digest == known.digest:
                same += 1
                rows = rows if rows is not None else table.sql(query).collect()
                assert frame.collect() == rows, (query, mutant)
                assert frame.schema == table.sql(query).schema
    assert found > 100
    assert same < found / 10  # a mutant may say the same in other words


def test_declared_again(table):
    """New sessions, ids, and names of temporary views change nothing."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    from nbkit.spark import apart

    def frames(spark, number):
        rows = spark.table("t")
        rows.createOrReplaceTempView(f"view_{number}")
        joined = rows.alias("a").join(spark.table("t").alias("b"), F.col("a.id") == F.col("b.id"))
        yield spark.sql(f"SELECT id FROM view_{number} WHERE s = 'a'")
        yield joined.select("a.id", F.transform(F.array("b.v"), lambda x: x + 1).alias("y"))
        yield rows.withColumn("n", rows["id"] + 1).where(rows["v"] > 1)
        yield rows.join(rows.groupBy("s").agg(F.max("v").alias("m")), "s")
        yield rows.select(F.lit(1.5), F.lit("a"), F.create_map(F.lit("a"), F.lit(None)), "ts")
        yield rows.groupBy("s").pivot("id", [1, 2]).agg(F.sum("v"))
        yield rows.na.fill({"s": "?"}).dropDuplicates(["s"]).sample(False, 0.5, 3)
        yield from (spark.sql(query) for query in QUERIES)

    first = [identity_of(each) for each in frames(apart.copied(table), 1)]
    again = [identity_of(each) for each in frames(apart.copied(table), 2)]
    assert first == again
    assert len({each.digest for each in first}) == len(first)
    assert all("cannot compare" not in why for each in first for why in each.unknown)


def test_other_ways_to_write(table):
    """What SQL text does not show: types of literals, options, code, settings, unknown things."""
    from pyspark.sql import functions as F  # noqa: N812

    from nbkit.spark import apart

    def plus(number):
        return F.udf(lambda x: x + number, "int")

    rows = table.table("t")
    twenty = [F.lit(each) for n in range(20) for each in (f"k{n}", n)]
    pairs = [
        (rows.select(F.create_map(*twenty)), rows.select(F.create_map(*twenty[:-1], F.lit(190)))),
        (rows.select(F.lit(1)), rows.select(F.lit(1).cast("long"))),
        (rows.select(plus(1)("id")), rows.select(plus(2)("id"))),
        (rows.select(F.lit(0.1)), rows.select(F.lit("0.1"))),
        (rows.select(F.lit(float("nan"))), rows.select(F.lit(float("inf")))),
        (rows.select(F.col("id").alias("x")), rows.select(F.col("id").alias("X"))),
        (rows.hint("broadcast"), rows.limit(3)),
        (rows.select(F.to_timestamp("s", "yyyy")), rows.select(F.to_timestamp("s", "yyyy-MM"))),
        (
            rows.mapInPandas(lambda parts: parts, rows.schema),
            rows.mapInPandas(lambda parts: (part for part in parts), rows.schema),
        ),
    ]
    for one, other in pairs:
        assert identity_of(one).digest != identity_of(other).digest
    for setting in (
        {"spark.sql.session.timeZone": "Asia/Tokyo"},
        {"spark.sql.ansi.enabled": "false"},
        {"spark.sql.caseSensitive": "true"},
        {"spark.sql.legacy.timeParserPolicy": "LEGACY"},
    ):
        changed = apart.copied(table, setting)
        assert identity_of(changed.table("t")).digest != identity_of(rows).digest
    plain = apart.copied(table, {"my.parameter": "x", "spark.sql.shuffle.partitions": "3"})
    assert identity_of(plain.table("t")).digest == identity_of(rows).digest
    said = table.sql("SELECT rand(), now(), current_date(), 'uuid(' AS not_called FROM t")
    assert set(identity_of(said).unknown) == {
        "it calls rand()",
        "it calls now()",
        "it calls current_date()",
    }
    assert identity_of(rows.select(plus(1)("id"))).unknown == ("it calls Python functions",)


def test_readers_options(table, tmp_path):
    """Options of a reader are part of what a query means, whatever they are."""
    (tmp_path / "a.csv").write_text("a,b\n1,01/02/2026\n")

    def read(**options):
        return identity_of(table.read.csv(str(tmp_path), schema="a INT, b DATE", **options)).digest

    known = read(header=True)
    assert read(header=True) == known
    for other in ({"dateFormat": "dd/MM/yyyy"}, {"nullValue": "1"}, {"mode": "FAILFAST"}):
        assert read(header=True, **other) != known


def test_what_the_jvm_tells():
    """Lines of kinds; functions are part of the digest."""
    one = understood("digest\tab\nvaries\trand\npython\tQUI=\nunknown\tx.Y\n")
    other = understood("digest\tab\nvaries\trand\npython\tQUM=\nunknown\tx.Y\n")
    assert one.unknown == (
        "it calls rand()",
        "it calls Python functions",
        "it has what nbkit cannot compare: x.Y",
    )
    assert one.digest != other.digest
    assert one.with_more("a", "b") != one.with_more("ab")
