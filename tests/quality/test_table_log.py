"""What comes after a commit, and whether its rows may be gone. Pure."""

from __future__ import annotations

import pytest

from nbkit.quality.table_log import _empties, _removes


@pytest.mark.parametrize(
    ("operation", "parameters", "removes", "empties"),
    [
        ("WRITE", {"mode": "Append"}, False, False),
        ("WRITE", {"mode": "Overwrite", "partitionBy": "[]"}, True, True),
        ("WRITE", {"mode": "Overwrite", "predicate": '["day = 1"]'}, True, False),
        ("STREAMING UPDATE", {"outputMode": "Append"}, False, False),
        ("STREAMING UPDATE", {"outputMode": "Complete"}, True, False),
        ("DELETE", {"predicate": "[]"}, True, True),
        ("DELETE", {"predicate": '["(id < 9)"]'}, True, False),
        ("TRUNCATE", {}, True, True),
        ("RESTORE", {"version": "0"}, True, True),
        ("CREATE OR REPLACE TABLE", {}, True, True),
        ("CREATE OR REPLACE TABLE AS SELECT", {}, True, True),
        ("CREATE TABLE AS SELECT", {}, False, False),
        ("MERGE", {}, True, False),
        ("UPDATE", {}, True, False),
        ("OPTIMIZE", {}, False, False),
        ("SET TBLPROPERTIES", {}, False, False),
        ("something new", {}, True, False),
    ],
)
def test_what_may_remove_rows(operation, parameters, removes, empties):
    """What nobody knows of may: a write is then done again rather than left out."""
    assert (_removes(operation, parameters), _empties(operation, parameters)) == (removes, empties)
