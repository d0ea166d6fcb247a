"""The rows of the event log: what is told of an update, without running one."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from pyspark.sql import types as t

from nbkit.errors import UsageError
from nbkit.hidden import Redactor
from nbkit.pipelines.declare.declarations import Changes, Dataset, Flow, Place, Rule
from nbkit.pipelines.declare.spec import Spec
from nbkit.pipelines.refresh.plan import Facts, decide
from nbkit.pipelines.refresh.progress import DatasetProgress, Planned, end_of
from nbkit.pipelines.refresh.strategies import ways
from nbkit.pipelines.refresh.written import Merged
from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, Inputs, PipelineGraph
from nbkit.pipelines.tell import event_log
from nbkit.pipelines.tell.event_log import EventLog, newest
from nbkit.pipelines.tell.last_counts import _said
from nbkit.quality.outcome import Outcome, Result

PLACE = Place("src/größe `x`.sql", 7)
SCHEMA = t.StructType([t.StructField("odd `name`", t.LongType())])


class Names:
    """Names as people have them."""

    def key(self, name):
        return f"s.{name.rpartition('.')[2].lower()}"

    def written(self, key):
        return f"main.{key}"


def flow(name, key, *, inputs=(), **how):
    streaming = how.pop("streaming", False)
    declared = Flow(name, name, PLACE, **how)
    return AnalysedFlow(declared, key, streaming, Inputs(inputs), "d")


def dataset(name, kind, *flows, columns=SCHEMA, **how):
    return AnalysedDataset(
        f"s.{name}", Dataset(name, kind, PLACE, **how), kind, columns, flows, f"main.s.{name}"
    )


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The log of an update of four datasets, and what is in it."""
    monkeypatch.setattr(event_log, "read_besides", lambda _: (SimpleNamespace(name="/in/a b"),))
    rule = Rule("not 'odd'", "x <> 'it''s'", "drop")
    changes = Changes("feed", ("id",), "at")
    datasets = [
        dataset("v", "temporary_view", flow("v", "s.v")),
        dataset("t", "streaming_table", flow("t", "s.t", inputs=("s.v", "s.t")), rules=(rule,)),
        dataset("c", "streaming_table", flow("feed_c", "s.c", changes=changes, once=True)),
        dataset("m", "materialized_view", flow("M", "s.m", conf={"a": "1"}), comment="it's"),
        dataset("out", "sink", flow("out", "s.out"), columns=None),
    ]
    spec = Spec("shop", tmp_path, schema="s", configuration={"token": "p4ssw0rd!"})
    graph = PipelineGraph(spec, Names(), {each.key: each for each in datasets})
    made = EventLog(tmp_path / "log", graph, full=True)
    made.path = tmp_path / "log"
    made.told = lambda: [
        json.loads(line) for line in (made.path / "events.jsonl").read_text("utf-8").splitlines()
    ]
    return made


def details(event):
    (found,) = event["details"].values()
    return found


def test_an_update_begins(log):
    """Who asked for it, with which settings, and what each dataset and flow is."""
    kinds = [each["event_type"] for each in log.told()]
    assert kinds == [
        "user_action",
        "create_update",
        *["dataset_definition", "flow_definition"] * 4,
        *["sink_definition", "flow_definition"],
        "update_progress",
    ]
    numbers = [each["sequence"]["data_plane_id"]["seq_no"] for each in log.told()]
    assert numbers == sorted(set(numbers)), "their order is that of their numbers"
    assert len({each["id"] for each in log.told()}) == len(numbers)
    created = details(log.told()[1])
    assert (created["cause"], created["full_refresh"]) == ("API_CALL", True)
    origin = log.told()[1]["origin"]
    assert (origin["pipeline_name"], origin["catalog_name"]) == ("shop", None)


def test_who_asks_for_lineage_gets_it(tmp_path):
    """By a setting of the pipeline, which a run's own job may give; nobody else is told."""
    file = tmp_path / "events" / "lineage.jsonl"
    for asked in ({}, {"nbkit.lineage.file": str(file)}):
        spec = Spec("shop", tmp_path, configuration=asked)
        EventLog(tmp_path / "log", PipelineGraph(spec, Names(), {}), full=False)
        assert file.exists() == bool(asked)
    (begun,) = map(json.loads, file.read_text("utf-8").splitlines())
    assert (begun["eventType"], begun["job"]["name"]) == ("START", "shop")


def test_definitions(log):
    """By the names that people have; a flow is what Databricks calls one like it."""
    defined = [each for each in log.told() if each["event_type"] == "flow_definition"]
    told = {each["origin"]["flow_name"]: details(each) for each in defined}
    assert {name: each["flow_type"] for name, each in told.items()} == {
        "main.s.v": "VIEW",
        "main.s.t": "APPEND",
        "feed_c": "CHANGE",
        "main.s.m": "MATERIALIZED_VIEW",
        "main.s.out": "APPEND",
    }
    inputs = [each["name"] for each in told["main.s.t"]["input_datasets"]]
    assert inputs == ["main.s.v", "/in/a b"], "itself is no input"
    assert told["feed_c"]["once"] is True
    assert told["main.s.m"]["spark_conf"] == [{"key": "a", "value": "1"}]
    assert [field["name"] for field in told["main.s.t"]["schema"]] == ["odd `name`"]
    assert told["main.s.out"]["schema"] == []
    table = next(each for each in log.told() if each["origin"].get("dataset_name") == "main.s.t")
    assert details(table)["expectations"] == [
        {"name": "not 'odd'", "expression": "x <> 'it''s'", "action": "DROP"}
    ]


RESULT = Result("not 'odd'", "x <> 'it''s'", "drop", 0, 3, 2, 2)
OUTCOME = Outcome("main.s.t", 5, 3, 0, (RESULT,))


@pytest.mark.parametrize(
    ("said", "level", "wanted"),
    [
        ({"state": "QUEUED"}, "INFO", {"status": "QUEUED"}),
        ({"state": "RUNNING", "rows": 5}, "INFO", {"status": "RUNNING"}),
        ({"state": "COMPLETED"}, "INFO", {"status": "COMPLETED"}),
        (
            {"state": "COMPLETED", "rows": 0},
            "INFO",
            {"status": "COMPLETED", "metrics": {"num_output_rows": 0}},
        ),
        (
            {"state": "COMPLETED", "rows": 3, "merged": Merged(2, 1)},
            "INFO",
            {
                "status": "COMPLETED",
                "metrics": {"num_output_rows": 3, "num_upserted_rows": 2, "num_deleted_rows": 1},
            },
        ),
        ({"state": "RETRYING"}, "ERROR", {"status": "FAILED"}),
        ({"state": "SKIPPED"}, "WARN", {"status": "SKIPPED"}),
        ({"state": "STOPPED"}, "WARN", {"status": "STOPPED"}),
        (
            {"state": "COMPLETED", "rows": 3, "dropped": 2, "outcomes": (OUTCOME,)},
            "INFO",
            {
                "status": "COMPLETED",
                "metrics": {"num_output_rows": 3},
                "data_quality": {
                    "dropped_records": 2,
                    "expectations": [
                        {
                            "name": "not 'odd'",
                            "dataset": "main.s.t",
                            "passed_records": 3,
                            "failed_records": 2,
                        }
                    ],
                },
            },
        ),
        (
            {"state": "COMPLETED", "dropped": 4},
            "INFO",
            {
                "status": "COMPLETED",
                "data_quality": {"dropped_records": 4, "expectations": []},
            },
        ),
    ],
)
def test_what_becomes_of_a_dataset(log, said, level, wanted):
    """What is not known is left out, and is not 0."""
    log(DatasetProgress("s.t", "streaming_table", name="main.s.t", **said))
    event = log.told()[-1]
    assert (event["level"], details(event)) == (level, wanted)
    assert event["origin"]["dataset_name"] == "main.s.t"
    assert event["error"] is None


def test_how_a_view_was_planned_is_told_once(log):
    """Of a view; of streaming tables Databricks tells nothing either."""
    facts = Facts("materialized_view", definition="d", inputs={"s.t": "t:1"})
    for kind, key in (("materialized_view", "s.m"), ("streaming_table", "s.t")):
        known = replace(facts, kind=kind)
        planned = Planned(decide(known, tuple(ways().values())), known)
        log(DatasetProgress(key, kind, "RUNNING", name=f"main.{key}", planned=planned))
    *_, progress, event = log.told()
    assert progress["event_type"] == "update_progress", "nothing is said of it twice"
    assert event["event_type"] == "planning_information"
    assert event["message"] == (
        "Flow main.s.m has been planned to be executed as COMPLETE_RECOMPUTE."
    )
    assert event["origin"]["flow_name"] == "main.s.m"
    (source,) = details(event)["source_table_information"]
    assert source["table_name"] == "main.s.t"


def test_a_failure_is_told_with_its_class(log, monkeypatch):
    """On one line; what is secret is in no event."""
    hiding = Redactor()
    hiding.hide("p4ssw0rd!")
    monkeypatch.setattr(event_log, "redactor", hiding)
    failed = UsageError("no p4ssw0rd! here\nsecond line")
    said = DatasetProgress("s.t", "streaming_table", "FAILED", "no p4ssw0rd!", error=failed)
    log(said)
    event = log.told()[-1]
    assert event["error"]["fatal"] is True
    assert event["error"]["exceptions"][0]["class_name"] == "UsageError"
    log.add("update_progress", "token p4ssw0rd!", {"x": {"y": ["p4ssw0rd!", None]}})
    assert "p4ssw0rd!" not in (log.path / "events.jsonl").read_text("utf-8").splitlines()[-1]
    assert "p4ssw0rd!" not in json.dumps(event)


def test_the_newest_events_of_an_update_that_was_killed(log):
    """Are read from the file; nobody needs Spark for it while there is no table."""

    def never():
        raise AssertionError

    told = log.told()
    assert newest(log.path, 2, never) == told[-2:]
    assert newest(log.path, 1000, never) == told
    assert newest(log.path, 0, never) == []
    assert newest(log.path / "nothing", 5, never) == []


def test_what_was_counted_is_read_back(log):
    """As it was told, of those expectations that the dataset still has."""
    said = {"state": "COMPLETED", "rows": 3, "dropped": 2, "outcomes": (OUTCOME,)}
    log(DatasetProgress("s.t", "streaming_table", name="main.s.t", **said))
    found = log._graph.datasets["s.t"]
    again = _said(found, details(log.told()[-1]))
    assert (again.rows, again.dropped, again.state) == (3, 2, "COMPLETED")
    assert [(each.name, each.passed, each.failed) for each in again.outcomes[0].results] == [
        ("not 'odd'", 3, 2)
    ]
    bare = _said(found, {"metrics": {"num_output_rows": 0}})
    assert (bare.rows, bare.dropped, bare.outcomes) == (0, None, ())


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([], "COMPLETED"),
        (["COMPLETED", "EXCLUDED"], "COMPLETED"),
        (["COMPLETED", "FAILED", "SKIPPED"], "FAILED"),
        (["FAILED", "STOPPED"], "CANCELED"),
    ],
)
def test_how_an_update_ended(states, wanted):
    """Stopped by a person is not failed; what failed is never completed."""
    assert end_of(DatasetProgress("s.a", "sink", state) for state in states) == wanted
