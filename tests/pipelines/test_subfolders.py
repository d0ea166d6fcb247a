"""Files in folders of a folder are read, at any depth, and when they come later."""

from __future__ import annotations

import pytest

from nbkit.errors import UsageError
from nbkit.pipelines.files.subfolders import to_read

pytestmark = pytest.mark.e2e


def test_files_in_folders_of_a_folder(pipeline):
    """By a stream and by a query; folders such as `day=1` give columns as before."""
    landing = pipeline.root / "landing"

    def land(place, number):
        (landing / place).parent.mkdir(parents=True, exist_ok=True)
        (landing / place).write_text(f'{{"n": {number}}}')

    land("flat/1.json", 1)
    land("deep/b d/c/2.json", 2)
    land("days/day=1/3.json", 3)
    land("one/one/4.json", 4)
    table = """CREATE OR REFRESH STREAMING TABLE {0} AS SELECT * EXCEPT (_rescued_data)
    FROM STREAM read_files('{1}/{0}', format => 'json');
    CREATE OR REFRESH MATERIALIZED VIEW {0}_all AS SELECT * EXCEPT (_rescued_data)
    FROM read_files('{1}/{0}', format => 'json');
    """
    names = ("flat", "deep", "days", "one")
    pipeline.write("src/a.sql", "".join(table.format(name, landing) for name in names))
    pipeline.update()

    def rows(name):
        stored = [pipeline.rows(f"{pipeline.schema}.{each}", "1") for each in (name, f"{name}_all")]
        assert stored[0] == stored[1]
        return [tuple(map(str, row)) for row in stored[0]]

    assert [rows(name) for name in names] == [[("1",)], [("2",)], [("3", "1")], [("4",)]]
    land("flat/later/5.json", 5)
    land("deep/6.json", 6)
    pipeline.update()
    assert rows("flat") == [("1",), ("5",)]
    assert rows("deep") == [("2",), ("6",)]
    land("days/other/7.json", 7)
    with pytest.raises(UsageError, match="give recursiveFileLookup"):
        to_read(pipeline.spark, str(landing / "days"), {})
    assert to_read(pipeline.spark, str(landing / "days" / "day=1" / "3.json"), {}) == {}
    assert to_read(pipeline.spark, str(landing / "*"), {}) == {}
    assert to_read(pipeline.spark, str(landing / "none"), {}) == {}
