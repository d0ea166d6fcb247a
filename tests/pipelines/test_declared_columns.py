"""What is declared of tables and columns is applied, or refused with a sentence."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nbkit.pipelines.declare.declarations import Dataset, Place
from nbkit.pipelines.refresh.tables import TableState, changes_to_make

PLACE = Place("a.py", 1)


@pytest.mark.parametrize(
    ("declared", "there", "before", "changed", "gone"),
    [
        ({}, {}, (), {}, ()),
        ({"a": "1"}, {"a": "1"}, ("a",), {}, ()),
        ({"a": "2"}, {"a": "1"}, ("a",), {"a": "2"}, ()),
        ({"a": 2}, {"a": "2"}, ("a",), {}, ()),
        ({}, {"a": "1"}, ("a",), {}, ("a",)),
        ({}, {"a": "1"}, (), {}, ()),
        ({}, {}, ("a",), {}, ()),
        ({"b": "1"}, {"a": "1"}, ("a",), {"b": "1"}, ("a",)),
        ({"delta.feature.x": "supported"}, {}, ("delta.feature.x",), {}, ()),
    ],
)
def test_properties(declared, there, before, changed, gone):
    """What somebody else has set stays; what the code declared, and does no more, goes."""
    dataset = Dataset("t", "streaming_table", PLACE, properties=declared)
    changes = changes_to_make(dataset, TableState("t:1", 1, properties=there, declared=before))
    assert {name: each for name, each in changes.set_properties.items() if name[:5] != "nbkit"} == (
        changed
    )
    assert changes.unset_properties == gone
    noted = "nbkit.declared" in changes.set_properties
    assert noted == bool(changed or gone)


@pytest.mark.parametrize(("now", "there", "wanted"), [("a", "a", None), ("b", "a", "b")])
def test_comment(now, there, wanted):
    """It is set where it is another one."""
    dataset = Dataset("t", "streaming_table", PLACE, comment=now)
    assert changes_to_make(dataset, TableState("t:1", 1, comment=there)).comment == wanted


@pytest.mark.parametrize(
    ("now", "there", "wanted"),
    [
        ({"cluster_by": ("a",)}, {"clustered": ("a",)}, (None, 0)),
        ({"cluster_by": ("a", "b")}, {"clustered": ("a",)}, (("a", "b"), 0)),
        ({}, {"clustered": ("a",)}, ((), 0)),
        ({}, {}, (None, 0)),
        ({"partition_by": ("A",)}, {"partitioned": ("a",)}, (None, 0)),
        ({"partition_by": ("b",)}, {"partitioned": ("a",)}, (None, 1)),
        ({}, {"partitioned": ("a",)}, (None, 1)),
        ({"cluster_by": ("a",)}, {"partitioned": ("a",)}, (None, 1)),
    ],
)
def test_layout(now, there, wanted):
    """Clustering can be changed, partitions cannot: that is told."""
    changes = changes_to_make(
        Dataset("t", "streaming_table", PLACE, **now), TableState("t:1", 1, **there)
    )
    assert (changes.cluster_by, len(changes.stays)) == wanted
    assert ("nbkit.clustered" in changes.set_properties) == (wanted[0] is not None)


SOURCE = """
from pyspark import pipelines as dp

@dp.table(comment="{comment}", table_properties={properties}, cluster_by={cluster_by})
def t():
    return spark.readStream.table("{schema}_in.n")
"""


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_description_of_a_streaming_table(pipeline):
    """Edited after it was made; with nothing new to read, and with something new."""
    schema, spark = pipeline.schema, pipeline.spark
    spark.sql(f"CREATE TABLE {schema}_in.n (id BIGINT) USING delta")
    spark.sql(f"INSERT INTO {schema}_in.n VALUES (1)")

    def update(comment, properties, cluster_by=()):
        text = SOURCE.format(
            comment=comment, properties=properties, schema=schema, cluster_by=list(cluster_by)
        )
        pipeline.write("src/a.py", text)
        pipeline.update()
        detail = spark.sql(f"DESCRIBE DETAIL {schema}.t").first()
        kept = {k: v for k, v in detail.properties.items() if not k.startswith(("nbkit", "delta."))}
        return detail, kept, pipeline.said[f"{schema}.t"]

    detail, kept, said = update("old words", {"team": "a", "gone": "x"})
    assert (detail.description, kept) == ("old words", {"team": "a", "gone": "x"})
    spark.sql(f"ALTER TABLE {schema}.t SET TBLPROPERTIES (by_hand = 'y')")
    new = {"team": "b", "delta.enableChangeDataFeed": "true"}
    detail, kept, said = update("new 'words'", new)
    assert (detail.description, kept) == ("new 'words'", {"team": "b", "by_hand": "y"})
    assert detail.properties["delta.enableChangeDataFeed"] == "true"
    assert said.how == "unchanged"
    assert said.message.endswith("; its comment and its properties changed")
    number = spark.sql(f"DESCRIBE HISTORY {schema}.t").first().version
    spark.sql(f"INSERT INTO {schema}_in.n VALUES (2)")
    detail, kept, said = update("", new)
    assert (detail.description or "", said.how) == ("", "incremental")
    update("", new)
    assert spark.sql(f"DESCRIBE HISTORY {schema}.t").first().version == number + 2
    detail, kept, said = update("", new, ["id"])
    assert list(detail.clusteringColumns) == ["id"]
    assert said.message.endswith("; its clustering changed")
    detail, kept, said = update("", new)
    assert list(detail.clusteringColumns) == []
    assert kept == {"team": "b", "by_hand": "y"}


DECLARED = """
from pyspark import pipelines as dp

def rows():
    return spark.readStream.table("{schema}_in.n")

@dp.table(
    schema="id BIGINT, at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE))",
    partition_cols=["day"],
)
@dp.expect_or_drop("new", "day > '2026-01-01'")
def generated():
    return rows()

@dp.materialized_view(
    schema="id BIGINT COMMENT 'its number', at TIMESTAMP NOT NULL, "
    "day DATE GENERATED ALWAYS AS (CAST(at AS DATE))",
)
def whole():
    return spark.table("{schema}_in.n")

@dp.table(schema="sk BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 2), id BIGINT")
def counted():
    return rows().select("id")

@dp.table(schema="id BIGINT NOT NULL PRIMARY KEY COMMENT 'its number', at TIMESTAMP")
def keyed():
    return rows()

@dp.materialized_view
def below():
    return spark.table("generated")

@dp.table
def below_stream():
    return spark.readStream.table("generated")
"""
REFUSED = """
from pyspark import pipelines as dp

@dp.materialized_view(schema="sk BIGINT GENERATED ALWAYS AS IDENTITY, id BIGINT")
def a():
    return spark.range(3)

@dp.table(schema="sk BIGINT GENERATED ALWAYS AS IDENTITY, id BIGINT")
def b():
    return spark.readStream.table("{schema}_in.n").selectExpr("id", "id AS sk")

@dp.materialized_view(schema="id BIGINT DEFAULT 3")
def c():
    return spark.range(3)

@dp.materialized_view(schema="id BIGINT, CHECK (id > 0)")
def d():
    return spark.range(3)

@dp.materialized_view(schema="id BIGINT OOPS")
def e():
    return spark.range(3)

@dp.materialized_view(schema="id BIGINT, other DATE")
def f():
    return spark.range(3)
"""


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_columns(pipeline):
    """Generated, counted up, keys, NOT NULL and comments; in Python and in SQL."""
    schema, spark = pipeline.schema, pipeline.spark
    spark.sql(f"CREATE TABLE {schema}_in.n (id BIGINT, at TIMESTAMP) USING delta")
    day = "TIMESTAMP'2026-01-02 03:00:00'"
    spark.sql(f"INSERT INTO {schema}_in.n VALUES (1, {day}), (2, TIMESTAMP'2025-01-01 00:00:00')")
    pipeline.write("src/a.py", DECLARED.format(schema=schema))
    pipeline.write(
        "src/b.sql",
        f"""
CREATE STREAMING TABLE in_sql
  (id BIGINT, at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE)), PRIMARY KEY (id))
AS SELECT id, at FROM STREAM {schema}_in.n;
CREATE MATERIALIZED VIEW not_null (id BIGINT NOT NULL, v DOUBLE NOT NULL)
AS SELECT id, IF(id = 2 AND year(at) = 2024, NULL, 1.5D) AS v FROM {schema}_in.n;
""",
    )
    notes = [str(each) for each in pipeline.resolve().problems]
    assert any("PRIMARY KEY of keyed means something on Databricks only" in each for each in notes)
    assert any("not_null: id, v never NULL: rows are held to it" in each for each in notes)
    for _ in range(2):
        pipeline.update()
        failed = {each.message for each in pipeline.said.values() if each.state != "COMPLETED"}
        assert failed == set()
    assert [str(row[2]) for row in pipeline.rows(f"{schema}.generated")] == ["2026-01-02"]
    assert [str(row[2]) for row in pipeline.rows(f"{schema}.below")] == ["2026-01-02"]
    assert len(pipeline.rows(f"{schema}.below_stream")) == 1
    assert [str(row[2]) for row in pipeline.rows(f"{schema}.whole")] == ["2026-01-02", "2025-01-01"]
    assert [row[1] for row in pipeline.rows(f"{schema}.counted", "2")] == [1, 2]
    assert {row[0] for row in pipeline.rows(f"{schema}.counted")} <= set(range(10, 100, 2))
    assert len(pipeline.rows(f"{schema}.in_sql")) == 2
    keyed = {field.name: field for field in spark.table(f"{schema}.keyed").schema}
    assert (keyed["id"].nullable, keyed["id"].metadata) == (False, {"comment": "its number"})
    whole = spark.table(f"{schema}.whole").schema
    assert whole["id"].metadata == {"comment": "its number"}
    with pytest.raises(Exception, match=r"GENERATED|generated|CHECK"):
        spark.sql(f"INSERT INTO {schema}.in_sql VALUES (9, {day}, DATE'2020-01-01')")

    before = pipeline.rows(f"{schema}.not_null")
    spark.sql(f"UPDATE {schema}_in.n SET at = TIMESTAMP'2024-01-01 00:00:00' WHERE id = 2")
    pipeline.update(refresh=("not_null",))
    said = pipeline.said[f"{schema}.not_null"]
    assert said.state == "FAILED"
    assert "column v is NOT NULL, and a row has no value for it" in said.message
    assert pipeline.rows(f"{schema}.not_null") == before


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_columns_that_are_refused(pipeline):
    """Each with a sentence."""
    schema = pipeline.schema
    pipeline.spark.sql(f"CREATE TABLE {schema}_in.n (id BIGINT, at TIMESTAMP) USING delta")
    pipeline.write("src/a.py", REFUSED.format(schema=schema))
    said = pipeline.problems()
    for part in (
        "column sk counts its rows up, which a materialized view cannot",
        "column sk is GENERATED ALWAYS AS IDENTITY, and its query has it too",
        "DEFAULT of column id is not supported",
        "CHECK is not supported here: write an expectation",
        "the schema of e cannot be read",
        "its schema has column other, its query has not",
    ):
        assert any(part in each for each in said), (part, said)


def test_nothing_is_read_where_nothing_is_declared():
    """A dataset without a schema has no declared columns."""
    from nbkit.pipelines.resolve import columns

    assert columns.declared(SimpleNamespace(), Dataset("t", "table", PLACE)) is None


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_a_dataset_that_has_left_the_code(pipeline):
    """It is named until its table is gone, with what to do; nothing of it is touched."""
    from nbkit.pipelines.tell.event_log import newest
    from nbkit.pipelines.updating import left_code

    schema, spark = pipeline.schema, pipeline.spark
    pipeline.write("src/a.sql", "CREATE MATERIALIZED VIEW a AS SELECT 1 AS x")
    pipeline.write("src/b.sql", "CREATE MATERIALIZED VIEW b AS SELECT 2 AS x")
    pipeline.update()
    (pipeline.root / "src/b.sql").unlink()
    for _ in range(2):
        graph = pipeline.resolve()
        place = pipeline.place(graph)
        said = left_code(graph, spark, place)
        assert list(said) == [f"{schema}.b"]
        assert f"DROP TABLE {schema}.b removes it" in said[f"{schema}.b"]
        pipeline.update()
        assert pipeline.rows(f"{schema}.b", "1") == [(2,)]
        assert said[f"{schema}.b"] in {
            each["message"] for each in newest(place.folder, 50, lambda: pipeline.spark)
        }
    spark.sql(f"DROP TABLE {schema}.b")
    assert left_code(graph, spark, place) == {}
