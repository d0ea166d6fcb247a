"""Streams through expectations, on real Spark and Delta."""

from __future__ import annotations

import pytest

from nbkit import quality
from nbkit.errors import DefinitionError

pytestmark = pytest.mark.e2e

LOW = quality.expect("low", "id < 6")
ODD = quality.expect("odd", "id % 2 = 1", action="drop")


@pytest.fixture(scope="module")
def source(spark):
    spark.range(8).repartition(2).write.saveAsTable("source")
    return lambda **options: spark.readStream.options(**options).table("source")


def test_a_stream_counts_as_it_writes(spark, source, tmp_path):
    """Each row once, over batches and restarts; a run with nothing new has nothing to say."""
    checkpoint = str(tmp_path)
    first = quality.stream(source(), "streamed", [LOW, ODD], checkpoint=checkpoint)
    assert (first.outcome.rows, first.outcome.kept, first.outcome.dropped) == (8, 4, 4)
    assert (first["low"].failed, first["odd"].failed) == (2, 4)
    assert {row["id"] for row in first["low"].sample} == {6, 7}
    again = quality.stream(source(), "streamed", [LOW, ODD], checkpoint=checkpoint)
    assert (again.outcome.rows, again.ok) == (0, True)
    assert spark.table("streamed").count() == 4
    assert spark.table("nbkit_quality").where("dataset = 'streamed'").count() == 2


def test_a_failing_row_stops_its_batch(spark, source, tmp_path):
    strict = quality.expect("strict", "id <> 3", action="fail")
    with pytest.raises(quality.ExpectationFailedError, match="its batch was not written"):
        quality.stream(source(), "stopped", [strict], checkpoint=str(tmp_path / "a"))
    assert not spark.catalog.tableExists("stopped")
    aside = quality.expect("aside", "id > 3", action="quarantine")
    with pytest.raises(quality.ExpectationFailedError, match="1 of 8 rows fail `id <> 3`"):
        quality.stream(
            *(source(), "stopped", [strict, aside]),
            checkpoint=str(tmp_path / "b"),
            quarantine="stopped_aside",
        )
    assert not spark.catalog.tableExists("stopped")
    assert not spark.catalog.tableExists("stopped_aside")


def test_batches_go_to_two_tables_once(spark, source, tmp_path):
    """Small batches, each to both tables; with its memory lost the stream writes none again."""
    aside = quality.expect("aside", "id > 3", action="quarantine")
    for place in ("a", "a"):
        result = quality.stream(
            *(source(maxFilesPerTrigger="1"), "sorted", [aside, LOW]),
            checkpoint=str(tmp_path / place),
            quarantine="sorted_aside",
        )
    assert result.outcome.rows == 0
    assert (spark.table("sorted").count(), spark.table("sorted_aside").count()) == (4, 4)
    told = spark.table("nbkit_quality").where("dataset = 'sorted' and name = 'low'")
    assert told.selectExpr("sum(rows)", "sum(failed)").first() == (8, 2)


def test_what_is_not_for_streams_is_said_at_once(spark, source):
    with pytest.raises(DefinitionError) as raised:
        quality.stream(
            spark.range(1),
            "never",
            [quality.row_count(1), quality.not_null("id", action="quarantine")],
            checkpoint="never",
        )
    assert [each.pointer for each in raised.value.problems] == ["row_count", "df", "quarantine"]
