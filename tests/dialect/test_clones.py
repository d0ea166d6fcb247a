"""How clones are read out of statements; what becomes of their files is tried in a kernel."""

from __future__ import annotations

import pytest

from nbkit.dialect import clones
from nbkit.dialect.sql_call import SqlCall


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE TABLE a.b SHALLOW CLONE c.d", ["c.d", "a.b"]),
        (
            "CREATE TABLE IF NOT EXISTS a SHALLOW CLONE delta.`/x` VERSION AS OF 1",
            ["delta.`/x`", "a"],
        ),
        ("CREATE OR REPLACE TABLE a SHALLOW CLONE c", ["c", "a"]),
        ("replace table delta.`/y` shallow clone c", ["c", "delta.`/y`"]),
        ("ALTER TABLE a.b.c RENAME TO d", ["a.b.d"]),
        ("ALTER TABLE a.`b.c`.d RENAME TO x.y.`z`", ["x.y.`z`"]),
        ("ALTER TABLE `a.b` RENAME TO c", ["c"]),
        ("ALTER TABLE a RENAME COLUMN b TO c", []),
        ("ALTER VIEW a RENAME TO b", []),
        ("CREATE TABLE a AS SELECT 1", []),
    ],
)
def test_clones_are_noted_once_they_are_there(monkeypatch, statement, told):
    """Made in any way, or moved by a new name; after Spark has done it, byte for byte."""
    noted = []
    monkeypatch.setattr(clones, "write_down", lambda *names, **_: noted.extend(names[:2]))
    monkeypatch.setattr(clones, "_moved", lambda name, *_: noted.append(name))

    def spark(call):
        assert not noted
        return call.text

    assert clones.with_clones(SqlCall(None, statement), spark) == statement
    assert noted == told
