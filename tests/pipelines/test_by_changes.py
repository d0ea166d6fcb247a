"""Views that are brought up to date by what has changed, on real tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

FEED = "TBLPROPERTIES (delta.enableChangeDataFeed = true)"
VIEWS = {
    "rows": "SELECT id, upper(k) AS k, v * 2 AS w FROM t WHERE v > 1",
    "both": "SELECT id, k FROM t UNION ALL SELECT d, k FROM dim",
    "joined": "SELECT t.id, t.k, d FROM t JOIN dim ON t.k = dim.k",
    "sums": "SELECT k, count(*) AS n, sum(v) AS s, count(DISTINCT v) AS c FROM t GROUP BY k",
    "ranks": "SELECT k, id, row_number() OVER (PARTITION BY k ORDER BY v, id) AS r FROM t",
    "outer_join": "SELECT dim.k, d, v FROM dim LEFT JOIN t ON t.k = dim.k",
    "total": "SELECT sum(v) AS s FROM t",
    "named": "WITH c AS (SELECT id, upper(k) AS k, v FROM t WHERE v > 3) SELECT id, k, v FROM c",
    "counts": "WITH c AS (SELECT id FROM t WHERE v > 3) SELECT count(*) AS n FROM c",
    "some": "SELECT DISTINCT k FROM t EXCEPT SELECT k FROM dim",
    "top": "WITH g AS (SELECT k, max(v) AS m FROM t GROUP BY k) "
    "SELECT g.k, t.id FROM g JOIN t ON g.k = t.k AND g.m = t.v",
}


@pytest.fixture
def forced(monkeypatch):
    """Have views refreshed by what has changed although they are small."""
    from nbkit.pipelines.refresh.refresher import Refresher

    known = Refresher._facts

    def by_changes(*given, **named):
        return replace(known(*given, **named), policy="incremental")

    monkeypatch.setattr(Refresher, "_facts", by_changes)


def made(pipeline, views):
    schema = pipeline.schema
    names = "".join(f"CREATE MATERIALIZED VIEW {name} AS {sql};\n" for name, sql in views.items())
    for table in ("t", "dim"):
        names = names.replace(f" {table} ", f" {schema}_in.{table} {table} ")
        names = names.replace(f" {table};", f" {schema}_in.{table} {table};")
    pipeline.write("src/a.sql", names)


def same(pipeline, views):
    """Whether every view has the rows that its query gives now."""
    for name, sql in views.items():
        pipeline.spark.sql(f"USE {pipeline.schema}_in")
        wanted = Counter(map(tuple, pipeline.spark.sql(sql).collect()))
        found = Counter(map(tuple, pipeline.spark.table(f"{pipeline.schema}.{name}").collect()))
        assert found == wanted, name


def test_ways(pipeline, forced):
    """Each shape of query goes its way, and has the rows of a full computation."""
    spark, schema = pipeline.spark, pipeline.schema
    spark.sql(f"CREATE TABLE {schema}_in.t (id BIGINT, k STRING, v INT) USING delta {FEED}")
    spark.sql(f"CREATE TABLE {schema}_in.dim (k STRING, d BIGINT) USING delta {FEED}")
    values = "(1, 'a', 1), (2, 'a', 5), (3, 'b', 7), (4, NULL, 3), (4, NULL, 3)"
    spark.sql(f"INSERT INTO {schema}_in.t VALUES {values}")
    spark.sql(f"INSERT INTO {schema}_in.dim VALUES ('a', 10), ('c', 30), (NULL, 0)")
    made(pipeline, VIEWS)

    def hows():
        pipeline.update()
        assert {each.state for each in pipeline.said.values()} == {"COMPLETED"}, pipeline.said
        same(pipeline, VIEWS)
        return {key.partition(".")[2]: each.how for key, each in pipeline.said.items()}

    assert set(hows().values()) == {"recompute"}
    assert set(hows().values()) == {"unchanged"}
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (5, 'a', 9), (6, 'c', 1), (7, NULL, 8)")
    found = hows()
    assert found == {
        "rows": "append",
        "both": "append",
        "joined": "append",
        "sums": "affected_keys",
        "ranks": "affected_keys",
        "outer_join": "affected_keys",
        "total": "merged_deltas",
        "named": "append",
        "counts": "recompute",
        "some": "affected_keys",
        "top": "affected_keys",
    }
    assert set(hows().values()) == {"unchanged"}
    spark.sql(f"DELETE FROM {schema}_in.t WHERE k = 'a' AND v < 9")
    spark.sql(f"UPDATE {schema}_in.t SET k = 'z' WHERE id = 4")
    found = hows()
    assert found["rows"] == found["sums"] == found["both"] == found["named"] == "affected_keys"
    spark.sql(f"OPTIMIZE {schema}_in.t")
    spark.sql(f"OPTIMIZE {schema}.sums")
    assert set(hows().values()) == {"unchanged"}
    spark.sql(f"INSERT INTO {schema}_in.dim VALUES ('b', 1), ('z', 2)")
    spark.sql(f"DELETE FROM {schema}_in.t WHERE id = 4")
    found = hows()
    assert found["sums"] == "affected_keys"
    assert found["joined"] == found["outer_join"] == found["some"] == "affected_keys"
    spark.sql(f"INSERT INTO {schema}.sums VALUES ('x', 1, 1, 1)")
    assert hows()["sums"] == "recompute"


def test_somebody_comes_between(pipeline, forced, monkeypatch):
    """A write to the view while it is refreshed, and an end before the commit: it comes right."""
    from nbkit.pipelines.refresh import partial_writes

    spark, schema = pipeline.spark, pipeline.schema
    spark.sql(f"CREATE TABLE {schema}_in.t (id BIGINT, k STRING, v INT) USING delta {FEED}")
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (1, 'a', 3), (2, 'b', 4)")
    views = {"rows": VIEWS["rows"]}
    made(pipeline, views)
    pipeline.update()
    noted = partial_writes.noted

    def overtaken(session, record, number):
        spark.sql(f"INSERT INTO {schema}.rows VALUES (9, 'X', 9)")
        return noted(session, record, number)

    monkeypatch.setattr(partial_writes, "noted", overtaken)
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (3, 'c', 5)")
    pipeline.update()
    assert pipeline.how(f"{schema}.rows") == ("COMPLETED", "recompute")
    assert "meanwhile" in pipeline.said[f"{schema}.rows"].message
    same(pipeline, views)

    class EndError(BaseException):
        """The process ends."""

    def ended(session, record, number):
        raise EndError

    monkeypatch.setattr(partial_writes, "noted", ended)
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (4, 'd', 6)")
    pipeline.update()
    assert pipeline.how(f"{schema}.rows")[0] == "FAILED"
    monkeypatch.setattr(partial_writes, "noted", noted)
    pipeline.update()
    assert pipeline.how(f"{schema}.rows") == ("COMPLETED", "append")
    same(pipeline, views)


OTHERWISE = {
    "parts": "SELECT id, nullif(k, '') AS k, v FROM t",
    "figures": "SELECT k, count(*) AS n, coalesce(sum(v), 0) AS s FROM t GROUP BY k",
    "by_part": "SELECT nullif(k, '') AS k, count(*) AS n FROM t GROUP BY t.k",
    "kinds": "SELECT _change_type AS c, count(*) AS n FROM raw GROUP BY _change_type",
    "hidden": "SELECT id, length(aes_encrypt(k, '0000111122223333')) AS k FROM t",
    "files": "SELECT id, _metadata.file_name AS f FROM t",
    "past": "SELECT id, v FROM t WHERE v < 100",
    "judged": "SELECT id, v AS over_v FROM t",
    "looking": "SELECT id, v FROM t",
}
"""Views by what their tables hold in the end."""

DECLARED = """
CREATE MATERIALIZED VIEW parts PARTITIONED BY (k) AS SELECT id, k, v FROM {0}.t;
CREATE MATERIALIZED VIEW figures AS
  SELECT k, count(*) AS n, coalesce(sum(v), 0) AS s FROM {0}.t GROUP BY k;
CREATE MATERIALIZED VIEW by_part PARTITIONED BY (k) AS
  SELECT k, count(*) AS n FROM {0}.t GROUP BY k;
CREATE MATERIALIZED VIEW kinds AS
  SELECT _change_type AS c, count(*) AS n FROM {0}.raw GROUP BY _change_type;
CREATE MATERIALIZED VIEW cipher AS
  SELECT id, aes_encrypt(k, '0000111122223333') AS k FROM {0}.t;
CREATE MATERIALIZED VIEW hidden AS SELECT id, length(k) AS k FROM cipher;
CREATE MATERIALIZED VIEW files AS SELECT id, _metadata.file_name AS f FROM {0}.t;
CREATE MATERIALIZED VIEW past
  (CONSTRAINT past EXPECT (v < 100 AND current_date() > DATE'2020-01-01') ON VIOLATION DROP ROW)
  AS SELECT id, v FROM {0}.t;
CREATE MATERIALIZED VIEW judged (CONSTRAINT selected EXPECT (over_v < 100))
  AS SELECT id, v AS over_v FROM {0}.t;
CREATE MATERIALIZED VIEW looking (CONSTRAINT known EXPECT ({0}.known(v)))
  AS SELECT id, v FROM {0}.t;
"""


def test_values_that_come_back_otherwise(pipeline, forced):
    """What a table, a feed, a cipher or the time makes of a value is no key, and no reason."""
    spark, schema = pipeline.spark, pipeline.schema
    spark.sql(f"CREATE TABLE {schema}_in.t (id BIGINT, k STRING, v INT) USING delta {FEED}")
    spark.sql(f"CREATE TABLE {schema}_in.raw (_change_type STRING, v INT) USING delta")
    values = "(1, '', 1), (2, NULL, 2), (3, 'b', 3), (4, 'c', 400), (5, 'c', NULL)"
    spark.sql(f"INSERT INTO {schema}_in.t VALUES {values}")
    spark.sql(f"INSERT INTO {schema}_in.raw VALUES ('x', 1), ('insert', 2)")
    spark.sql(
        f"CREATE FUNCTION {schema}_in.known(x INT) RETURNS BOOLEAN "
        f"RETURN EXISTS(TABLE {schema}_in.raw |> WHERE v = x)"
    )
    pipeline.write("src/a.sql", DECLARED.format(f"{schema}_in"))
    pipeline.write(
        "spark-pipeline.yml",
        f"name: {schema}\nschema: {schema}\nlibraries:\n  - glob: {{include: 'src/**'}}\n"
        "configuration: {spark.sql.sources.partitionOverwriteMode: dynamic}\n",
    )

    def hows():
        pipeline.update()
        assert {each.state for each in pipeline.said.values()} == {"COMPLETED"}, pipeline.said
        same(pipeline, OTHERWISE)
        return {key.partition(".")[2]: each.how for key, each in pipeline.said.items()}

    assert set(hows().values()) == {"recompute"}
    spark.sql(f"DELETE FROM {schema}_in.t WHERE id = 3")
    spark.sql(f"UPDATE {schema}_in.t SET v = 9 WHERE id < 3")
    spark.sql(f"INSERT INTO {schema}_in.t VALUES (6, '', 6), (7, 'c', 7)")
    spark.sql(f"INSERT INTO {schema}_in.raw VALUES ('x', 5)")
    found = hows()
    assert found["parts"] == found["figures"] == found["cipher"] == "affected_keys"
    assert (found["judged"], found["looking"]) == ("affected_keys", "recompute")
    assert found["by_part"] == found["kinds"] == found["files"] == found["past"] == "recompute"
    spark.sql(f"OPTIMIZE {schema}_in.t")
    found = hows()
    assert found["parts"] == found["figures"] == found["kinds"] == "unchanged"
    assert found["files"] == found["past"] == "recompute"
