"""`DELETE` and `UPDATE` with subqueries: how they are read, and what they do, as DuckDB does it."""

from __future__ import annotations

import ast
import random

import duckdb
import pytest

from nbkit.dialect.row_changes import RowChange, by_name, merge, parsed
from nbkit.dialect.sql_call import SqlCall
from tests.proving import rounds


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM t", RowChange("", "t", "")),
        (
            "DELETE FROM a.b.t AS x WHERE x.id IN (SELECT id FROM u WHERE u.k = 1);",
            RowChange("", "a.b.t AS x", "x.id IN (SELECT id FROM u WHERE u.k = 1)"),
        ),
        (
            "-- why\nWITH c AS (SELECT 1 AS id WHERE true) DELETE FROM t WHERE id IN (TABLE c)",
            RowChange("WITH c AS (SELECT 1 AS id WHERE true)", "t", "id IN (TABLE c)"),
        ),
        (
            "UPDATE t x SET a = b, s.n = (SELECT max(v), 1 FROM u WHERE true), c = DEFAULT",
            RowChange(
                "",
                "t x",
                "",
                (("a", "b"), ("s.n", "(SELECT max(v), 1 FROM u WHERE true)"), ("c", "DEFAULT")),
            ),
        ),
        (
            "update delta.`/a/where` set v = ' set ' where k = 1",
            RowChange("", "delta.`/a/where`", "k = 1", (("v", "' set '"),)),
        ),
        ("SELECT 1", None),
        ("WITH c AS (SELECT 1) SELECT * FROM c", None),
        ("MERGE INTO t USING u ON true WHEN MATCHED THEN UPDATE SET a = 1", None),
        ("WITH u AS (TABLE v) MERGE INTO t USING u ON k WHEN MATCHED THEN UPDATE SET k = 1", None),
        ("UPDATE", None),
        ("", None),
    ],
)
def test_statements_are_read(statement, found):
    """At the words that stand in no parentheses."""
    assert parsed(statement) == found


def test_a_change_as_a_merge():
    """Values without a query stay where they are; those with one come with the rows."""
    change = parsed("UPDATE t x SET a = uuid(), `b c` = (SELECT 1) WHERE x.k IN (SELECT 2)")
    assert merge(change, ["k", "a-b"]) == (
        "MERGE INTO t x USING (SELECT DISTINCT `k` AS nbkit_key_0, `a-b` AS nbkit_key_1, "
        "(SELECT 1) AS nbkit_value_1, true AS nbkit_meant FROM t x WHERE x.k IN (SELECT 2)) "
        "AS nbkit_rows ON `k` <=> nbkit_key_0 AND `a-b` <=> nbkit_key_1 "
        "WHEN MATCHED THEN UPDATE SET a = uuid(), `b c` = nbkit_value_1"
    )
    assert merge(parsed("DELETE FROM t WHERE EXISTS (SELECT 1)"), []).endswith(
        "ON true WHEN MATCHED THEN DELETE"
    )


def test_functions_are_no_queries():
    """`map` and `reduce` behind a parenthesis; their columns need no equals."""
    change = parsed(
        "UPDATE t SET a = coalesce(map('k', 1), m), b = f(reduce(c, 0, g)), d = (TABLE u)"
    )
    assert change.computed == [2]


def test_values_go_by_names():
    """What is set stands behind the condition in `MERGE`, so that `?` would mean another value."""
    text = "UPDATE t SET a=?, b='?' -- ?\nWHERE k IN (SELECT k FROM u WHERE v = ?)"
    named = by_name(SqlCall(None, text, ["new", 7]))
    assert named.text == (
        "UPDATE t SET a= :nbkit_given_0, b='?' -- ?\n"
        "WHERE k IN (SELECT k FROM u WHERE v =  :nbkit_given_1)"
    )
    assert named.args == {"nbkit_given_0": "new", "nbkit_given_1": 7}
    for call in (SqlCall(None, text.replace("?", ":v"), {"v": 1}), SqlCall(None, "DELETE FROM t")):
        assert by_name(call) is call


CONDITIONS = (
    "{a} IN (SELECT {x} FROM {u})",
    "{a} NOT IN (SELECT {x} FROM {u})",
    "{a} NOT IN (SELECT {x} FROM {u} WHERE {x} IS NOT NULL)",
    "{a} NOT IN (SELECT {x} FROM {u} WHERE {x} > 99)",
    "EXISTS (SELECT 1 FROM {u} WHERE u.{x} = t.{a})",
    "NOT EXISTS (SELECT 1 FROM {u} WHERE u.{x} = t.{a} AND u.{y} > {n})",
    "EXISTS (SELECT 1 FROM {u} WHERE u.{x} > {n})",
    "{a} = (SELECT max({x}) FROM {u})",
    "{a} > (SELECT min(u.{x}) FROM {u} WHERE u.{y} = t.{b})",
    "({a}, {b}) IN (SELECT {x}, {y} FROM {u})",
    "{a} IN (SELECT {x} FROM {u} WHERE u.{y} = t.{b})",
    "coalesce({a}, {n}) IN (SELECT {x} FROM {u})",
)
JOINS = ("{one}", "{one} AND {b} <= {n}", "{one} OR {a} = {n}", "NOT ({one})", "{one} AND {two}")
VALUES = (
    *("{n}", "{b} + 1", "(SELECT max({x}) FROM {u})"),
    "(SELECT count(*) FROM {u} WHERE u.{x} = t.{a})",
)


def case(of, k):
    """Make rows with few values and many NULLs, and a statement that changes some of them."""
    a, b = (of.choice((name, name.upper())) for name in of.sample(["a", "b"], 2))
    x, y = of.sample(["x", "y"], 2)

    def filled(text, **more):
        u = f"(SELECT * FROM u WHERE k = {k}) u"
        return text.format(a=a, b=b, x=x, y=y, u=u, n=of.randint(0, 3), **more)

    def rows():
        few = [None, 0, 1, 2, 3]
        return [(k, of.choice(few), of.choice(few)) for _ in range(of.randint(0, 7))]

    one, two = (filled(of.choice(CONDITIONS)) for _ in range(2))
    where = f"k = {k} AND ({filled(of.choice(JOINS), one=one, two=two)})"
    if of.random() < 0.6:
        return rows(), rows(), f"DELETE FROM t WHERE {where}"
    return rows(), rows(), f"UPDATE t SET b = {filled(of.choice(VALUES))} WHERE {where}"


def by_duckdb(rows, others, statements):
    """Do it there."""
    base = duckdb.connect()
    base.execute("CREATE TABLE t (k INT, a INT, b INT); CREATE TABLE u (k INT, x INT, y INT)")
    base.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    base.executemany("INSERT INTO u VALUES (?, ?, ?)", others)
    for statement in statements:
        base.execute(statement)
    return sorted(base.execute("SELECT * FROM t").fetchall(), key=str)


@pytest.mark.e2e
def test_rows_are_changed_as_duckdb_changes_them(notebook):
    """Conditions and values of every form, with NULL on both sides."""
    of = random.Random(7)
    cases = [case(of, k) for k in range(rounds(6, 150))]
    rows, others = ([row for one in cases for row in one[side]] for side in (0, 1))
    said = notebook.run(f"""
        spark.sql("CREATE SCHEMA IF NOT EXISTS main.changes")
        spark.sql("USE main.changes")
        for name, columns, filling in (("t", "k INT, a INT, b INT", {rows!r}),
                                       ("u", "k INT, x INT, y INT", {others!r})):
            made = spark.createDataFrame(filling, columns).coalesce(1)
            made.write.mode("overwrite").saveAsTable(name)
    """)
    assert not said
    for _, _, statement in cases:
        said = notebook.run(f"print(spark.sql({statement!r}).columns)")
        assert said == "['num_affected_rows']\n", statement
    said = notebook.run("""
        print(sorted(map(tuple, spark.table("t").collect()), key=str))
        spark.sql("USE spark_catalog.default")
    """)
    expected = by_duckdb(rows, others, [statement for *_, statement in cases])
    assert ast.literal_eval(said) == expected


@pytest.mark.e2e
def test_changes_with_subqueries_in_all_ways(notebook):
    """Names in any case, `WITH`, parameters, paths, Delta's own methods; and what cannot be."""
    said = notebook.run("""
        spark.sql("CREATE SCHEMA IF NOT EXISTS main.changes")
        spark.sql("CREATE TABLE main.changes.k AS SELECT id AS `a-b`, map('x', id) AS m, "
                  "float('nan') AS f FROM range(6)")
        change = lambda text, **more: print(spark.sql(text, **more).collect(),
            sorted(row[0] for row in spark.table("main.changes.k").collect()))
        change("DELETE FROM main.changes.k AS k WHERE k.`a-b` IN "
               "(SELECT id FROM range(1) WHERE id = :n)", args={"n": 0})
        change("WITH c AS (SELECT 1 AS id) DELETE FROM main.changes.k WHERE `A-B` IN (TABLE c)")
        change("UPDATE main.changes.k x SET `a-b` = 10 + x.`a-b`, m = map('y', 1L) WHERE EXISTS "
               "(SELECT 1 FROM range(3) r WHERE r.id = x.`a-b`) AND isnan(f)")
        change("UPDATE main.changes.k SET `a-b` = ? WHERE `a-b` IN "
               "(SELECT id FROM range(9) WHERE id = ?)", args=[20, 5])
        table = DeltaTable.forName(spark, "main.changes.k")
        table.delete("`a-b` = (SELECT max(id) FROM range(4))")
        table.alias("t").update("t.`a-b` IN (SELECT 4L)", {"`a-b`": "t.`a-b` + (SELECT 1L)"})
        print(sorted(row[0] for row in spark.table("main.changes.k").collect()))
        for wrong in ("rand() < 2 AND `a-b` IN (SELECT 5)", "m['x'] IN (SELECT 5L)",
                      "_metadata.file_name NOT IN (SELECT lower('X'))"):
            try:
                spark.sql("DELETE FROM main.changes.k WHERE " + wrong)
            except Exception as error:
                print(str(error)[:58])
        for n in (1, 0):
            change("DELETE FROM main.changes.k WHERE EXISTS (SELECT 1 FROM range(:n, 1))",
                   args={"n": n})
        spark.sql("DROP SCHEMA main.changes CASCADE")
    """)
    assert said.splitlines() == [
        "[Row(num_affected_rows=1)] [1, 2, 3, 4, 5]",
        "[Row(num_affected_rows=1)] [2, 3, 4, 5]",
        "[Row(num_affected_rows=1)] [3, 4, 5, 12]",
        "[Row(num_affected_rows=1)] [3, 4, 12, 20]",
        "[5, 12, 20]",
        "nbkit: a condition or a value with a subquery has to be th",
        "nbkit: a condition with a subquery reads the column m of t",
        "nbkit: a condition with a subquery reads what is no column",
        "[Row(num_affected_rows=0)] [5, 12, 20]",
        "[Row(num_affected_rows=3)] []",
    ]
