"""How a dataset is refreshed, and why: a table of facts and decisions."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from nbkit.pipelines.refresh import strategies
from nbkit.pipelines.refresh.plan import Facts, NotIncrementalError, Offer, Refusal
from nbkit.pipelines.refresh.plan import decide as decided_by
from nbkit.pipelines.refresh.source_changes import UNKNOWN, SourceChange

WAYS = tuple(strategies.ways().values())


def decide(facts):
    return decided_by(facts, WAYS)


QUIET = SourceChange("none")

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
        ({"unknown": ("it calls rand()",), "definition": "e"}, "recompute", "it calls rand()"),
        ({"inputs": {"a": "t:2"}}, "recompute", "a has changed"),
        ({"inputs": {"a": "t:2"}, "changes": {"a": QUIET}}, "unchanged", "neither"),
        ({"inputs": {"a": "t:2"}, "changes": {"a": UNKNOWN}}, "recompute", "a has changed"),
        ({"inputs": {"a": "t:2", "b": "u:1"}, "changes": {"a": QUIET}}, "recompute", "b has"),
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


def test_what_was_not_taken_says_why():
    """Each way that was refused, and each that is dearer."""
    decided = decide(VIEW)
    assert decided.words == "left as it is"
    assert decided.refused == {
        "affected_keys": "nothing that it reads has changed",
        "append": "nothing that it reads has changed",
        "merged_deltas": "nothing that it reads has changed",
        "full": "it is no streaming table",
        "incremental": "it is no streaming table",
        "recompute": "all of it is computed",
    }


GROWING = strategies.Strategy(
    "growing",
    "grown",
    lambda facts: Offer("it grows", 99.0) if facts.changes else Refusal("nothing has changed"),
    lambda work: None,
    "APPEND_ONLY",
    incremental=True,
)
CHANGED = {"inputs": {"a": "t:2"}, "changes": {"a": SourceChange("appended")}}


@pytest.mark.parametrize(
    ("policy", "change", "how"),
    [
        ("auto", CHANGED, "recompute"),
        ("incremental", CHANGED, "growing"),
        ("incremental_strict", CHANGED, "growing"),
        ("full", CHANGED, "recompute"),
        ("auto", {}, "unchanged"),
        ("incremental", {}, "unchanged"),
        ("incremental_strict", {}, "unchanged"),
        ("full", {}, "recompute"),
        ("incremental", {"touched": True}, "recompute"),
        ("incremental_strict", {"exists": False}, "recompute"),
        ("incremental_strict", {"full": True}, "recompute"),
        ("incremental_strict", {"touched": True}, None),
    ],
)
def test_a_policy_chooses_among_the_ways_that_fit(policy, change, how):
    """A strict one fails where no incremental way fits, but for the first and what was asked."""
    facts = replace(VIEW, policy=policy, **change)
    if how is None:
        with pytest.raises(NotIncrementalError, match="somebody else has changed its table"):
            decided_by(facts, (*WAYS, GROWING))
        return
    assert decided_by(facts, (*WAYS, GROWING)).how == how


ADDED = """
from nbkit.pipelines.refresh.plan import Offer, Refusal
from nbkit.pipelines.refresh.strategies import Strategy
from nbkit.pipelines.refresh.written import Written

def offer(facts):
    change = facts.changes.get("a")
    if change is None or change.kind != "appended":
        return Refusal("its source did more than grow")
    return Offer(f"{change.files} files were added", cost=0.5)

def carry_out(work):
    return Written(rows=work.facts.changes["a"].files)

STRATEGY = Strategy("grown", "grown", offer, carry_out)
"""


def test_a_way_is_one_file(tmp_path, monkeypatch):
    """It is found, weighed against the others, and carried out."""
    (tmp_path / "grows.py").write_text(ADDED)
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])
    ways = strategies.ways()
    assert list(ways) == [
        *(
            "full",
            "incremental",
            "append",
            "grown",
            "affected_keys",
            "unchanged",
            "recompute",
            "merged_deltas",
        )
    ]
    grown = {"inputs": {"a": "t:2"}, "changes": {"a": SourceChange("appended", files=3)}}
    facts = replace(VIEW, **grown)
    decided = decided_by(facts, tuple(ways.values()))
    assert (decided.how, decided.why) == ("grown", "3 files were added")
    assert decided.refused["recompute"] == "a has changed"
    assert ways["grown"].carry_out(SimpleNamespace(facts=facts)).rows == 3
    cheap = replace(facts, full_seconds=0.1)
    assert decided_by(cheap, tuple(ways.values())).how == "recompute"
    assert decided_by(VIEW, tuple(ways.values())).how == "unchanged"


def test_no_way_at_all():
    """It is a mistake in the ways, and not in a pipeline."""
    with pytest.raises(LookupError, match="no way to refresh a materialized_view"):
        decided_by(VIEW, ())
