"""How what was decided is told: to the event log, and to who asks before an update."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nbkit.pipelines.declare.declarations import Dataset, Place
from nbkit.pipelines.refresh.plan import Facts, NotIncrementalError, Offer, Refusal, decide
from nbkit.pipelines.refresh.source_changes import UNKNOWN, SourceChange
from nbkit.pipelines.refresh.strategies import Strategy, ways
from nbkit.pipelines.resolve.graph import AnalysedDataset
from nbkit.pipelines.tell import explained as told
from nbkit.pipelines.tell import planning
from nbkit.pipelines.tell.explained import explained
from nbkit.pipelines.tell.planning import issue, planning_information
from nbkit.pipelines.tell.shown import explained_shown

VIEW = Facts(
    "materialized_view",
    definition="d",
    inputs={"s.a": "t:2", "/x": "u:1"},
    last_definition="d",
    last_inputs={"s.a": "t:1", "/x": "u:1"},
    changes={"s.a": SourceChange("changed", files=2, bytes=300)},
    full_seconds=12.0,
)
REFUSAL = Refusal(
    "its windows have no PARTITION BY", "WINDOW_WITHOUT_PARTITION_BY", "add one to each"
)
KEYED = Strategy(
    "keyed", "brought up to date", lambda _: REFUSAL, lambda _: None, "GENERIC_AGGREGATE", True
)
GROWN = Strategy(
    "grown",
    "appended to",
    lambda facts: Offer("rows were added", 1.5) if facts.policy != "full" else REFUSAL,
    lambda _: None,
    "APPEND_ONLY",
    incremental=True,
)


@pytest.fixture
def known(monkeypatch):
    """Two more ways than there are."""
    mine = {**{name: way for name, way in ways().items() if not way.incremental}}
    mine |= {"keyed": KEYED, "grown": GROWN}
    for module in (planning, told):
        monkeypatch.setattr(module, "ways", lambda: mine)
    return mine


def decided(facts, known):
    return decide(facts, tuple(known.values()))


def test_planning_information(known):
    """As Databricks' own query for it reads it, with costs and sizes where they are known."""
    found = planning_information(decided(VIEW, known), VIEW, lambda name: f"main.{name}")
    ways_told = {each["maintenance_type"]: each for each in found["technique_information"]}
    assert {
        name: (each["is_chosen"], each["is_applicable"]) for name, each in ways_told.items()
    } == {
        "MAINTENANCE_TYPE_NO_OP": (False, False),
        "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE": (False, True),
        "MAINTENANCE_TYPE_GENERIC_AGGREGATE": (False, False),
        "MAINTENANCE_TYPE_APPEND_ONLY": (True, True),
    }
    assert ways_told["MAINTENANCE_TYPE_APPEND_ONLY"]["cost"] == 1.5
    assert ways_told["MAINTENANCE_TYPE_GENERIC_AGGREGATE"]["incrementalization_issues"] == [
        {
            "issue_type": "PLAN_NOT_INCREMENTALIZABLE",
            "prevent_incrementalization": True,
            "plan_not_incrementalizable_sub_type": "WINDOW_FUNCTION_WITHOUT_PARTITION_BY",
            "message": "its windows have no PARTITION BY",
            "remedy": "add one to each",
        }
    ]
    assert found["source_table_information"] == [
        {
            "table_name": "main.s.a",
            "table_id": "t",
            "table_change_type": "TABLE_CHANGE_TYPE_GENERAL_CHANGE",
            "change_size": 300,
        },
        {
            "table_name": "main./x",
            "table_id": "u",
            "table_change_type": "TABLE_CHANGE_TYPE_APPEND_ONLY",
            "change_size": 0,
        },
    ]
    unknown = replace(VIEW, changes={"s.a": UNKNOWN})
    source, _ = planning_information(decided(unknown, known), unknown)["source_table_information"]
    assert source["table_change_type"] == "TABLE_CHANGE_TYPE_UNKNOWN"
    json.dumps(found)


@pytest.mark.parametrize(
    ("code", "told_as"),
    [
        ("TIME_FUNCTION", ("PLAN_NOT_DETERMINISTIC", "TIME_FUNCTION")),
        ("UDF_NOT_DETERMINISTIC", ("PLAN_NOT_DETERMINISTIC", "USER_DEFINED_FUNCTION")),
        ("QUERY_CHANGED", ("QUERY_FINGERPRINT_CHANGED",)),
        ("CHANGE_DATA_FEED_NOT_ENABLED", ("CDF_UNAVAILABLE",)),
        ("INPUT_NOT_IN_DELTA", ("INPUT_NOT_IN_DELTA",)),
    ],
)
def test_issues_have_the_names_of_the_event_log(code, told_as):
    """Which are not those of the error class."""
    found = issue(Refusal("so it is", code))
    kind, sub_types = found["issue_type"], [found[name] for name in found if "sub_type" in name]
    assert (kind, *sub_types) == told_as


class Refresher:
    """Decides by facts of a test's own."""

    facts = None
    known = None

    def __init__(self, *_):
        pass

    def decided(self, found, *, full):
        facts = replace(self.facts[found.key], full=full, policy=found.dataset.policy)
        return decided(facts, self.known), facts


class Graph:
    """Three datasets, one below the other."""

    def __init__(self, **policies):
        self.datasets = {}
        for key, kind in (
            ("s.t", "streaming_table"),
            ("s.v", "materialized_view"),
            ("s.w", "materialized_view"),
        ):
            dataset = Dataset(key[2:], kind, Place("a.py"), policy=policies.get(key[2:], "auto"))
            self.datasets[key] = AnalysedDataset(key, dataset, kind, None, (), f"main.{key}")
        self.naming = SimpleNamespace(written=lambda key: f"main.{key}")

    def stored(self):
        return self.datasets.values()

    def stored_parents(self, key):
        return {"s.v": ["s.t"], "s.w": ["s.v"]}.get(key, [])


def test_explained(known, monkeypatch):
    """In words and as data; what reads something that is refreshed hears of it."""
    same = replace(VIEW, inputs=VIEW.last_inputs, changes={})
    monkeypatch.setattr(Refresher, "known", known)
    monkeypatch.setattr(
        Refresher, "facts", {"s.t": Facts("streaming_table"), "s.v": VIEW, "s.w": same}
    )
    monkeypatch.setattr(told, "Refresher", Refresher)
    every = SimpleNamespace(refreshed={"s.t", "s.v", "s.w"}, full=set())
    t, v, w = explained(Graph(), None, None, every)
    assert (t.how, t.planning_information, t.after) == ("incremental", None, ())
    assert (v.how, v.seconds, v.after) == ("grown", 1.5, ("main.s.t",))
    assert (w.how, w.after) == ("unchanged", ("main.s.v",))
    text = repr(explained_shown([v]))
    assert text.splitlines() == [
        "main.s.v (materialized view): appended to, about 1.5 s: rows were added",
        "    as of now: main.s.t, which it reads, is refreshed before",
        "    recomputed: it would take about 12 s",
        f"    not brought up to date: {REFUSAL.why} (WINDOW_WITHOUT_PARTITION_BY)",
        "        add one to each",
    ]
    data = json.loads(json.dumps(v.as_data()))
    assert [each["how"] for each in data["ways"] if not each["fits"]] == ["keyed"]
    (full,) = explained(Graph(v="full"), None, None, SimpleNamespace(refreshed={"s.v"}, full=set()))
    assert (full.how, full.policy, full.after) == ("recompute", "full", ())


def test_what_cannot_be_refreshed_says_so(known, monkeypatch):
    """A strict policy, and nothing that fits."""

    def refused(*_, **__):
        raise NotIncrementalError("its refresh policy is INCREMENTAL STRICT")

    monkeypatch.setattr(Refresher, "decided", refused)
    monkeypatch.setattr(told, "Refresher", Refresher)
    selection = SimpleNamespace(refreshed={"s.v"}, full=set())
    (found,) = explained(Graph(v="incremental_strict"), None, None, selection)
    (line,) = found.lines()
    assert line.startswith("main.s.v (materialized view): it could not be refreshed: its refresh")
    assert (found.how, found.as_data()["policy"]) == ("", "incremental_strict")
