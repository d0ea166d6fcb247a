"""How a dataset is refreshed, and why: a table of facts and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbkit.pipelines.refresh.plan import Facts, decide

VIEW = Facts(
    "materialized_view",
    definition="d",
    inputs={"a": "t:1"},
    last_definition="d",
    last_inputs={"a": "t:1"},
)
TABLE = Facts("streaming_table", streams={"a": "x"}, last_streams={"a": "x"})


@pytest.mark.parametrize(
    ("change", "how", "why"),
    [
        ({}, "unchanged", "neither its inputs nor its definition have changed"),
        ({"exists": False}, "recompute", "does not exist"),
        ({"full": True}, "recompute", "asked for"),
        ({"last_definition": ""}, "recompute", "left no record"),
        ({"definition": "e"}, "recompute", "definition has changed"),
        ({"touched": True}, "recompute", "somebody else"),
        ({"unknown": ("it calls rand()",)}, "recompute", "it calls rand()"),
        ({"inputs": {"a": "t:2"}}, "recompute", "a has changed"),
        ({"inputs": {"a": "t:1", "b": "u:0"}}, "recompute", "b has changed"),
    ],
)
def test_a_view_is_recomputed_unless_nothing_it_depends_on_changed(change, how, why):
    """What nobody can know counts as changed."""
    decided = decide(replace(VIEW, **change))
    assert decided.how == how
    assert why in decided.why


@pytest.mark.parametrize(
    ("change", "how", "why"),
    [
        ({}, "incremental", "what is new"),
        ({"active": ("flow",)}, "incremental", "what is new"),
        ({"active": ()}, "unchanged", "nothing new"),
        ({"active": (), "streams": {"a": "y"}}, "full", "has begun anew"),
        ({"exists": False}, "full", "does not exist"),
        ({"full": True}, "full", "asked for"),
        ({"full": True, "resettable": False}, "incremental", "pipelines.reset.allowed"),
        ({"streams": {"a": "y"}}, "full", "it streams from a, which has begun anew"),
        ({"streams": {"a": "y"}, "resettable": False}, "incremental", "what is new"),
        ({"streams": {"b": "z"}}, "incremental", "what is new"),
    ],
)
def test_a_streaming_table_goes_on_where_it_was(change, how, why):
    """It begins anew with what it streams from, and when that is asked for and allowed."""
    decided = decide(replace(TABLE, **change))
    assert decided.how == how
    assert why in decided.why
