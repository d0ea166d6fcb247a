"""An update was killed while it made a table for the first time; the next one makes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable

pytestmark = pytest.mark.e2e

SOURCE = """
from pyspark import pipelines as dp
@dp.materialized_view
def files(): return spark.range(3)
@dp.materialized_view
def committed(): return spark.range(3)
@dp.table
def stream(): return spark.readStream.table("never_made_in.events")
"""


def test_never_made(pipeline):
    """Files without a commit, and a commit that the catalog has not heard of."""
    spark = pipeline.spark
    spark.sql("create table never_made_in.events using delta as select 7L as id")
    pipeline.write("src/all.py", SOURCE)
    spark.sql("create schema never_made")
    place = spark.sql("describe schema never_made").where("info_name = 'Location'").first()[1]
    home = Path(place.removeprefix("file:"))
    for name in ("files", "stream"):
        (home / name / "_delta_log").mkdir(parents=True)
        (home / name / "part-00000-a.snappy.parquet").write_bytes(b"half of a fi")
    spark.range(9).write.format("delta").save(f"{home}/committed")
    said = pipeline.update()
    assert [said[f"never_made.{name}"].state for name in ("files", "committed", "stream")] == [
        "COMPLETED"
    ] * 3
    for name, rows in (("files", [0, 1, 2]), ("committed", [0, 1, 2]), ("stream", [7])):
        found = DeltaTable(str(home / name)).to_pyarrow_table()["id"].to_pylist()
        assert sorted(found) == rows, name
    (aside,) = home.glob("_never_made_stream_*")
    assert (aside / "part-00000-a.snappy.parquet").exists()
    assert pipeline.update()["never_made.stream"].state == "COMPLETED"
