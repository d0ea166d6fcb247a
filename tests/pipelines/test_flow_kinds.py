"""Which kind a flow is of: one, whatever was declared; and a kind is one file."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from nbkit.pipelines.declare.declarations import (
    Changes,
    Dataset,
    Flow,
    Place,
    Replaces,
    Rule,
)
from nbkit.pipelines.refresh import flow_kinds
from nbkit.pipelines.refresh.flow_work import application_of
from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, Inputs

CHANGES = {
    "changes": Changes("source", ("id",), "at"),
    "snapshots": Changes("source", ("id",), snapshots=True),
    None: None,
}
REPLACES = {
    "replaced where": Replaces(where="n > 0"),
    "replaced using": Replaces(using=("id",), sequence_by="at"),
    None: None,
}


def analysed(kind="streaming_table", actions=(), *, streaming=True, **said):
    flow = Flow("flow", "t", Place("a.py"), **said)
    rules = tuple(Rule(f"rule_{at}", "true", action) for at, action in enumerate(actions))
    found = AnalysedDataset(
        "s.t", Dataset("t", kind, Place("a.py"), rules=rules), kind, None, (), "s.t"
    )
    return AnalysedFlow(flow, "s.t", streaming, Inputs(), ""), found


@pytest.mark.parametrize(
    ("kind", "streaming", "quarantine", "changes", "replaces"),
    [
        case
        for case in itertools.product(
            ("streaming_table", "sink"), (True, False), (True, False), CHANGES, REPLACES
        )
        if not (case[0] == "sink" and not case[1])  # the analysis refuses it
        and not (case[3] and case[4])
    ],
)
def test_each_flow_is_of_one_kind(kind, streaming, quarantine, changes, replaces):
    """Changes and replacements are what they are; others by stream, target and quarantine."""
    flow, found = analysed(
        kind,
        ("drop", "quarantine") if quarantine else ("drop",),
        streaming=streaming,
        changes=CHANGES[changes],
        replaces=REPLACES[replaces],
    )
    appended = "into a sink" if kind == "sink" else "appended"
    if kind != "sink" and quarantine:
        appended = "with quarantine"
    wanted = changes or replaces or (appended if streaming else "run once")
    assert flow_kinds.kind_of(flow, found).name == wanted


ADDED = """
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.written import Written

KIND = FlowKind(
    "to nowhere",
    lambda flow, found: flow.flow.name == "nowhere" or found.kind == "materialized_view",
    lambda work: Written(rows=work.rows),
    lambda flow, found, place, versions: "t" in versions,
)
"""


def test_a_kind_is_one_file(tmp_path, monkeypatch):
    """It is found, takes its flows and runs them; two that take the same one are a mistake."""
    (tmp_path / "to_nowhere.py").write_text(ADDED)
    monkeypatch.setattr(flow_kinds, "__path__", [*flow_kinds.__path__, str(tmp_path)])
    assert "to nowhere" in [kind.name for kind in flow_kinds.kinds()]
    flow, found = analysed("materialized_view", streaming=False)
    with pytest.raises(LookupError, match="one kind, and is of run once, to nowhere"):
        flow_kinds.kind_of(flow, found)
    monkeypatch.setattr(flow_kinds, "__path__", [str(tmp_path)])
    kind = flow_kinds.kind_of(flow, found)
    assert kind.run(SimpleNamespace(rows=3)).rows == 3
    assert kind.is_idle(flow, found, None, {"t": "1"})
    with pytest.raises(LookupError, match="is of none"):
        flow_kinds.kind_of(*analysed())


def test_the_name_of_a_flow_without_checkpoint():
    """It belongs to one life of the table, so that another life is given all rows again."""
    assert application_of("file:/state/checkpoints/s.t/4711/flow") == "4711-flow"
