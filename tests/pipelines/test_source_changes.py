"""What the log of a Delta table says has become of its rows: a table of commits."""

from __future__ import annotations

import pytest
from pipelines.log_in_memory import Log

from nbkit.pipelines.refresh.source_changes import change_between, change_in

ADD = {"add": {"path": "a", "dataChange": True, "size": 10}}
QUIET_ADD = {"add": {"path": "b", "dataChange": False, "size": 10}}
QUIET_REMOVE = {"remove": {"path": "a", "dataChange": False}}
REMOVE = {"remove": {"path": "a", "dataChange": True}}
VECTOR = {"add": {"path": "a", "dataChange": True, "size": 1, "deletionVector": {"x": 1}}}
ABOUT = [{"commitInfo": {"operation": "x"}}, {"txn": {"appId": "a"}}]


@pytest.mark.parametrize(
    ("actions", "kind"),
    [
        ([], "none"),
        (ABOUT, "none"),
        ([QUIET_ADD, QUIET_REMOVE], "none"),
        ([{"domainMetadata": {"domain": "delta.rowTracking"}}], "none"),
        ([ADD, *ABOUT], "appended"),
        ([ADD, REMOVE, ADD], "changed"),
        ([VECTOR], "changed"),
        ([VECTOR, ADD], "changed"),
        ([REMOVE], "changed"),
        ([{"add": {"path": "a"}}], "appended"),
        ([ADD, {"metaData": {}}], "unknown"),
        ([{"protocol": {}}], "unknown"),
        ([{"somethingNew": {}}], "unknown"),
    ],
)
def test_kinds(actions, kind):
    """The most that has happened; what is not known is no small change."""
    assert change_in(actions).kind == kind


def test_sizes():
    """Of added files alone."""
    change = change_in([ADD, ADD, QUIET_ADD, REMOVE])
    assert (change.files, change.bytes) == (2, 20)


def test_what_is_read_to_know_the_change():
    """The change feed of a commit that has one, else what came and went; rows by statistics."""
    feed = {"cdc": {"path": "_change_data/a", "size": 3}}
    gone = {"remove": {"path": "a", "dataChange": True, "size": 7}}
    counted = {"add": {"path": "a", "size": 10, "stats": '{"numRecords": 4}'}}
    assert change_in([ADD, gone, feed]).touched == 3
    both = change_in([counted]).plus(change_in([counted, gone]))
    assert (both.kind, both.touched, both.rows) == ("changed", 27, 8)
    assert both.plus(change_in([ADD])).rows is None
    assert both.plus(change_in([{"protocol": {}}])).kind == "unknown"


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("t:0", "t:0", "none"),
        ("t:0", "t:1", "none"),
        ("t:0", "t:2", "appended"),
        ("t:1", "t:2", "appended"),
        ("t:0", "u:1", "unknown"),
        ("t:2", "t:0", "unknown"),
        ("t:0", "t:3", "unknown"),
        ("digest", "t:1", "unknown"),
        ("", "t:1", "unknown"),
    ],
)
def test_between_versions(before, now, kind):
    """Only what came after the first; a commit that is not there says nothing."""
    log = Log(
        {
            f"{1:020}.json": '{"add": {"path": "b", "dataChange": false}}\n',
            f"{2:020}.json": '{"add": {"path": "c", "dataChange": true}}\n\n',
        }
    )
    assert change_between(log, before, now).kind == kind
