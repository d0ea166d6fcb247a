"""The tables of a warehouse, from their folders and logs; `deltalake` writes and knows them too."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from nbkit.errors import UsageError
from nbkit.settings import Settings
from nbkit.spark.catalogs import prefix
from nbkit.spark.warehouse_tables import about, tables

ROWS = pa.table(
    {
        "day": pa.array([1, 2], pa.int32()),
        "größe": pa.array([["a"], []], pa.list_(pa.string())),
        "inner": pa.array([{"x": 1}, None], pa.struct([("x", pa.int64())])),
    }
)


@pytest.fixture
def settings(tmp_path):
    return Settings(root=tmp_path)


def written(settings, folder, **options):
    place = settings.root / settings.spark.warehouse / folder
    place.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(place, ROWS, **options)
    return place


def test_catalogs_schemas_and_names_are_as_a_notebook_has_them(settings):
    """Quoted where they have to be; other folders are none."""
    assert tables(settings) == []
    for folder in (
        "t",
        "silver.db/orders",
        f"{prefix('main')}gold.db/days",
        "main__gold.db/t",
        "s.db/a-b",
    ):
        written(settings, folder)
    (settings.root / settings.spark.warehouse / "silver.db" / "no_table").mkdir()
    found = {each.spoken: (each.catalog, each.schema, each.name) for each in tables(settings)}
    assert found["silver.orders"] == ("", "silver", "orders")
    assert found["main.gold.days"] == ("main", "gold", "days")
    assert found["default.t"] == ("", "default", "t")
    assert found["main__gold.t"] == ("", "main__gold", "t")
    assert "s.`a-b`" in found
    assert len(found) == 5


def test_columns_and_history_are_those_of_the_log(settings):
    """Also after a checkpoint, when the commits before it are gone."""
    place = written(settings, "silver.db/orders", partition_by=["day"], description="All of them")
    for _ in range(3):
        write_deltalake(place, ROWS, mode="append")

    def told():
        found = about("silver.db/orders", settings)
        assert found.columns == (
            ("day", "int", ""),
            ("größe", "array<string>", ""),
            ("inner", "struct<x:bigint>", ""),
        )
        assert (found.partitions, found.comment) == (("day",), "All of them")
        return [each.version for each in found.history]

    assert told() == [each["version"] for each in DeltaTable(place).history()] == [3, 2, 1, 0]
    DeltaTable(place).create_checkpoint()
    for version in range(3):
        (place / "_delta_log" / f"{version:020}.json").unlink()
    assert told() == [3]
    write_deltalake(place, ROWS, mode="append")
    assert told() == [4, 3]


def test_a_new_column_is_there_at_once(settings):
    place = written(settings, "t")
    more = ROWS.append_column("more", pa.array([1.5, 2.5]))
    DeltaTable(place).create_checkpoint()
    write_deltalake(place, more, mode="append", schema_mode="merge")
    assert about("t", settings).columns[-1] == ("more", "double", "")


def test_what_is_no_table_is_refused(settings):
    """No path leads out of the warehouse."""
    written(settings, "t")
    for wrong in ("nowhere", "../t", "t/../t", "/etc"):
        with pytest.raises(UsageError, match="there is no table"):
            about(wrong, settings)
    far = settings.model_copy(
        update={"spark": settings.spark.model_copy(update={"warehouse": "s3a://x/y"})}
    )
    with pytest.raises(UsageError, match="only one on this machine"):
        tables(far)
