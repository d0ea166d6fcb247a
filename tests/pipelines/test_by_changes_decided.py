"""When a view may go by what has changed, what that costs, and what is noted: pure parts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pipelines.log_in_memory import Log

from nbkit.pipelines.refresh import by_changes
from nbkit.pipelines.refresh.plan import Facts
from nbkit.pipelines.refresh.records import last_record
from nbkit.pipelines.refresh.source_changes import UNKNOWN, SourceChange
from nbkit.pipelines.refresh.touched_keys import _among
from nbkit.pipelines.refresh.tracking import tracking

GROWN = SourceChange("appended", files=1, bytes=10, touched=10, size=1000)
FACTS = Facts(
    "materialized_view",
    definition="d",
    inputs={"s.a": "t:2"},
    last_definition="d",
    last_inputs={"s.a": "t:1"},
    changes={"s.a": GROWN},
)


@pytest.mark.parametrize(
    ("change", "why", "code"),
    [
        ({"kind": "streaming_table"}, "no materialized view", ""),
        ({"exists": False}, "does not exist", "PRIOR_REFRESH_MISSING"),
        ({"full": True}, "asked for", ""),
        ({"definition": "e"}, "definition has changed", "QUERY_CHANGED"),
        ({"touched": True}, "somebody else", "TARGET_TABLE_CHANGED"),
        ({"unknown": ("it calls rand()",)}, "rand", "EXPRESSION_NOT_DETERMINISTIC"),
        ({"unknown": ("it calls current_date()",)}, "current_date", "TIME_FUNCTION"),
        ({"unknown": ("it calls Python functions",)}, "Python", "UDF_NOT_DETERMINISTIC"),
        ({"unknown": ("it reads files",)}, "files", "INPUT_NOT_IN_DELTA"),
        ({"changes": {"s.a": UNKNOWN}}, "s.a was made anew", "SOURCE_REWRITTEN"),
        (
            {"changes": {"s.a": replace(GROWN, kind="changed")}},
            "no change feed",
            "CHANGE_DATA_FEED_NOT_ENABLED",
        ),
        ({"changes": {"s.a": replace(GROWN, kind="none")}}, "nothing that it reads", ""),
        ({"changes": {}}, "nobody knows what became of s.a", "SOURCE_REWRITTEN"),
        ({"inputs": {"s.a": "t:2", "s.b": "u:1"}}, "did not read s.b", "QUERY_CHANGED"),
        ({"counted_views": ("v",)}, "the view v", "EXPECTATIONS_NOT_SUPPORTED"),
        ({"rules": frozenset({"quarantine"})}, "quarantine", "EXPECTATIONS_NOT_SUPPORTED"),
        ({"rules_look_around": True}, "more than one row", "EXPECTATIONS_NOT_SUPPORTED"),
    ],
)
def test_what_stands_in_the_way(change, why, code):
    """Each reason with Databricks' name for it."""
    found = by_changes.why_not(replace(FACTS, **change))
    assert found is not None
    assert why in found.why
    assert found.code == code


def test_nothing_stands_in_the_way():
    """Of tables that grew, or whose feed tells what became of their rows."""
    assert by_changes.why_not(FACTS) is None
    fed = replace(GROWN, kind="changed", feed=True)
    assert by_changes.why_not(replace(FACTS, changes={"s.a": fed})) is None
    assert by_changes.shown("file:/a/b/t") == "t"


def test_little_is_computed_in_full():
    """Where all that is read is small, unless that takes long, or the author says otherwise."""
    assert by_changes.too_little(FACTS) is None  # nobody knows
    small = replace(FACTS, read=1000, full_seconds=1.0)
    found = by_changes.too_little(small)
    assert found is not None
    assert found.code == "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL"
    assert by_changes.too_little(replace(small, policy="incremental")) is None
    assert by_changes.too_little(replace(small, full_seconds=100.0)) is None
    assert by_changes.too_little(replace(small, read=10**9)) is None


def test_seconds():
    """What it took before is known better than anything, for about as much."""
    facts = replace(FACTS, full_seconds=100.0)
    assert by_changes.share(facts) == pytest.approx(0.01)
    assert by_changes.seconds(facts, "append", 1.0, 0.01) == pytest.approx(2.0)
    slow = replace(facts, others={"append": (31.0, 10)})
    assert by_changes.seconds(slow, "append", 1.0, 0.01) == pytest.approx(31.0)
    half = replace(facts, others={"append": (31.0, 20)})
    assert by_changes.seconds(half, "append", 1.0, 0.01) == pytest.approx(16.0)
    nobody = replace(FACTS, changes={"s.a": replace(GROWN, size=None)})
    assert by_changes.share(nobody) == 1.0


def commit(notes=None, *, changes=True, kind="add"):
    told = {"commitInfo": {"userMetadata": notes} if notes is not None else {}}
    lines = [told, {kind: {"path": "a", "dataChange": changes, "size": 1}}]
    return "\n".join(map(json.dumps, lines))


def refresh(number, **more):
    return commit(json.dumps({"nbkit.refresh": {"number": number, **more}}))


@pytest.mark.parametrize(
    ("commits", "number", "query"),
    [
        ({}, 5, "old"),
        ({6: refresh(6, query="new")}, 6, "new"),
        ({6: refresh(6, query="new"), 7: commit(changes=False)}, 7, "new"),
        ({6: refresh(6, query="a"), 7: refresh(7, query="b")}, 7, "b"),
        ({6: commit(changes=False), 7: commit(changes=False)}, 7, "old"),
        ({6: refresh(6, query="new"), 7: commit()}, 5, "old"),
        ({6: commit(), 7: refresh(6, query="late")}, 6, "late"),
        ({6: commit("my own notes", changes=False)}, 6, "old"),
        ({6: commit("[1]"), 7: commit(changes=False)}, 5, "old"),
        ({6: commit(kind="metaData")}, 5, "old"),
    ],
)
def test_the_last_record(commits, number, query):
    """The newest refresh counts, with what changed no rows since; else somebody came between."""
    log = Log({f"{at:020}.json": text for at, text in commits.items()})
    newest = max(commits, default=5)
    found = last_record(log, newest, {"number": 5, "query": "old"})
    assert (found["number"], found["query"]) == (number, query)


def test_a_record_of_a_streaming_table():
    """It has no number, and stays as it is."""
    assert last_record(Log(), 7, {"streams": {}}) == {"streams": {}}


def test_tracking():
    """What an author says goes first; a table of a feed's own rows has none."""
    assert set(tracking(["a"], {})) == {"delta.enableChangeDataFeed", "delta.enableRowTracking"}
    assert set(tracking(["a`b"], {})) == {"delta.enableRowTracking"}
    assert set(tracking(["a"], {}, {"team": "a"})) == {"delta.enableChangeDataFeed"}
    assert len(tracking(["a"], {}, {"delta.enableRowTracking": "true"})) == 2
    mapped = {"delta.columnMapping.mode": "name"}
    assert set(tracking(["a"], mapped)) == {"delta.enableRowTracking"}
    assert tracking(["a"], {}, mapped) == {}
    assert set(tracking(["_Change_Type"], {})) == {"delta.enableRowTracking"}
    assert tracking(["a"], {"DELTA.enablechangedatafeed": "false"}) == {
        "delta.enableRowTracking": "true"
    }


def test_values_in_a_condition():
    """Each as it is, however a session reads quotes."""
    assert _among("`a`", "int", [1, None, 1]) == "`a` IN (CAST('1' AS int)) OR `a` IS NULL"
    assert _among("`a`", "string", ["'\\"]) == "`a` IN (CAST(X'275c' AS STRING))"
    assert _among("`a`", "boolean", [True]) == "`a` IN (TRUE)"
    assert _among("`a`", "string", [None]) == "`a` IS NULL"
    assert not _among("`a`", "string", ["\N{REPLACEMENT CHARACTER}"])
    assert not _among("`a`", "timestamp", ["2026-01-01"])
    assert not _among("`a`", "binary", [bytearray(b"a"), None])
