"""The order of an update, on made-up refreshes: what waits, is skipped, is tried again."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from nbkit.errors import StuckError, UsageError
from nbkit.pipelines.declare.declarations import Dataset, Flow, Place
from nbkit.pipelines.refresh import update as updates
from nbkit.pipelines.refresh.plan import Refresh, Selection
from nbkit.pipelines.refresh.update import Update, raise_for_failures
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, Inputs, PipelineGraph

HERE = Place("a.py", 1)


def dataset(name, *parents, kind="materialized_view"):
    flow = AnalysedFlow(
        Flow(name, name, HERE), f"s.{name}", False, Inputs(tuple(f"s.{p}" for p in parents)), ""
    )
    made = Dataset(name, kind, HERE)
    return AnalysedDataset(f"s.{name}", made, kind, None, (flow,), f"s.{name}")


@pytest.fixture
def updated(monkeypatch):
    """Run an update over datasets; `do` is what a refresh of each does, by its name."""

    def run(*datasets, do=None, listener=lambda _: None, only=None, full=(), **configuration):
        class Made:
            def __init__(self, *_):
                self.streams = SimpleNamespace(stop=lambda: None)

            def decided(self, found, *, full):
                return Refresh("recompute", "asked for" if full else "", "computed"), None

            def refresh(self, found, how, facts):
                return (do or {}).get(found.dataset.name, lambda: Written(1, 0))()

        monkeypatch.setattr(updates, "Refresher", Made)
        monkeypatch.setattr(updates, "_PAUSE_SECONDS", 0.001)
        given = {key.replace("_", "."): value for key, value in configuration.items()}
        conf = SimpleNamespace(get=lambda *_: None, set=lambda *_: None, unset=lambda *_: None)
        context = SimpleNamespace(cancelAllJobs=lambda: None)
        graph = PipelineGraph(
            SimpleNamespace(name="p", configuration=given), None, {d.key: d for d in datasets}
        )
        stored = frozenset(each.key for each in graph.stored())
        chosen = stored if only is None else frozenset(f"s.{name}" for name in only)
        selection = Selection(chosen, frozenset(f"s.{name}" for name in full))
        spark = SimpleNamespace(conf=conf, sparkContext=context)
        work = Update(graph, selection, spark, None, [listener])
        try:
            return dict(work.run())
        finally:
            assert not [t for t in threading.enumerate() if t.name.startswith("nbkit-flow")]

    return run


def test_another_way_than_planned_is_told(updated):
    """Who keeps plans hears of both, in the order in which they were made."""
    heard = []
    instead = Refresh("anew", "the keys do not fit", "computed")
    progress = updated(
        dataset("a"),
        do={"a": lambda: Written(1, 0, instead=instead)},
        listener=lambda said: heard.append(said.planned and said.planned.decision.how),
    )
    assert [how for how in heard if how] == ["recompute", "anew"]
    assert progress["s.a"].how == "anew"


def states(progress):
    return {each.name.removeprefix("s."): each.state for each in progress.values()}


def test_each_comes_after_all_that_it_reads(updated):
    """Through views too; and what does not hang together may run at once."""
    done, both = [], threading.Barrier(2, timeout=30)

    def noted(name, wait=False):
        def run():
            if wait:
                both.wait()
            done.append(name)
            return Written(2, 1)

        return run

    view = dataset("v", "a", kind="temporary_view")
    found = updated(
        *(dataset("a"), dataset("b"), view, dataset("c", "v", "b")),
        do={"a": noted("a", wait=True), "b": noted("b", wait=True), "c": noted("c")},
    )
    assert states(found) == {"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"}
    assert done[-1] == "c"
    assert (found["s.c"].rows, found["s.c"].dropped) == (2, 1)
    assert found["s.c"].message == "computed: "


def test_a_failure_skips_what_reads_it_and_nothing_else(updated):
    """Each says why; the update says all that failed, and counts what was skipped."""

    def fail():
        raise UsageError("no such thing")

    found = updated(
        *(dataset("a"), dataset("b", "a"), dataset("c", "b"), dataset("d")), do={"a": fail}
    )
    assert states(found) == {"a": "FAILED", "b": "SKIPPED", "c": "SKIPPED", "d": "COMPLETED"}
    assert found["s.c"].message == "s.b, which it reads, was not refreshed"
    with pytest.raises(
        updates.UpdateFailedError, match=r"s\.a failed, and 2 skipped that read them"
    ):
        raise_for_failures(found)


def test_what_was_not_chosen_stays_and_holds_nobody_up(updated):
    """It is said to be excluded, and what reads it is refreshed."""
    found = updated(dataset("a"), dataset("b", "a"), only=["b"], full=["b"])
    assert states(found) == {"a": "EXCLUDED", "b": "COMPLETED"}
    assert found["s.b"].message == "computed: asked for"


def test_only_what_could_pass_is_tried_again(updated):
    """A lost connection is; a mistake is not, nor is anything more often than is said."""
    tries, said = [], []

    def lost():
        tries.append(1)
        raise ConnectionResetError("gone")

    def heard(progress):
        if progress.planned is None:  # how it is tried is said before each try
            said.append(progress.state)

    found = updated(dataset("a"), do={"a": lost}, listener=heard)
    assert (len(tries), said) == (3, ["QUEUED", "RUNNING", "RETRYING", "RETRYING", "FAILED"])
    assert "gone" in found["s.a"].message
    tries.clear()
    updated(dataset("a"), do={"a": lost}, pipelines_maxFlowRetryAttempts="0")
    assert len(tries) == 1

    def once():
        tries.append(1)
        if len(tries) == 2:
            raise ConnectionResetError("gone")
        return Written(1, 0)

    assert states(updated(dataset("a"), do={"a": once})) == {"a": "COMPLETED"}


def test_an_interrupt_stops_what_runs_and_begins_nothing_more(updated):
    """Those that were under way are told to have been stopped, and the interrupt goes on."""
    begun, said = threading.Event(), {}

    def slow():
        begun.wait(30)
        raise RuntimeError("its job was cancelled")

    def heard(progress):
        said[progress.name] = progress.state
        if progress.name == "s.b" and progress.state == "RUNNING":
            begun.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        updated(
            *(dataset("a"), dataset("b"), dataset("c", "b")),
            do={"a": slow, "b": slow},
            listener=heard,
        )
    assert said["s.c"] == "QUEUED"
    assert said["s.b"] in {"RUNNING", "STOPPED"}


def test_what_can_never_start_is_no_endless_wait(updated):
    """A graph in a circle is a mistake of nbkit's: it is said, instead of full load for ever."""
    with pytest.raises(StuckError, match=r"wait for each other: s\.a, s\.b"):
        updated(dataset("a", "b"), dataset("b", "a"))
