"""Files, tables, other jobs, and one run after the other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving import of_examples

from nbkit.graph.model import Job
from nbkit.graph.starting import never_fires
from nbkit.graph.triggers import FileArrivalTrigger, JobCompletionTrigger, TableUpdateTrigger
from nbkit.rules.triggers import continuous, file_arrival, job_completion, table_update
from nbkit.rules.triggers.deciding import Completion, Facts, Own, Version
from nbkit.rules.triggers.kinds import paused_kinds, triggers_of


def run(decide, *looks):
    """Return what fired in looks one after the other, and the last decision."""
    memory, fired, decision = None, [], None
    for facts in looks:
        decision = decide(memory, facts)
        memory = decision.memory
        if decision.firing:
            fired.append(decision.firing)
    return fired, decision


def arrivals(trigger, *looks):
    return run(
        lambda memory, facts: file_arrival.decide(trigger, memory, facts),
        *(Facts(now, 100, files=files) for now, files in looks),
    )


def test_new_files_fire_once():
    """Not those that were there at the deployment; one that came before the first look counts."""
    trigger = FileArrivalTrigger(url="in")
    old = {"old": 90}
    fired, _ = arrivals(trigger, (110, old), (120, old), (130, old | {"a": 125}), (140, old))
    assert [each.planned_at for each in fired] == [130]
    assert fired[0].type == "file_arrival"
    assert fired[0].info["file_arrival.location"] == "in"
    fired, _ = arrivals(trigger, (110, old | {"a": 105}), (120, old | {"a": 105}))
    assert len(fired) == 1


def test_a_changed_file_is_not_new_and_one_that_comes_again_is():
    """As on Databricks."""
    trigger = FileArrivalTrigger(url="in")
    a, later = {"a": 105}, {"a": 999}
    assert len(arrivals(trigger, (110, a), (2000, later))[0]) == 1
    assert len(arrivals(trigger, (110, a), (120, {}), (2000, later))[0]) == 2


def test_it_waits_until_nothing_comes_any_more():
    """`wait_after_last_change_seconds` begins anew with every file."""
    trigger = FileArrivalTrigger(url="in", wait_after_last_change_seconds=60)
    a, b = {"a": 101}, {"a": 101, "b": 102}
    looks = [(1000, a), (50_000, b), (61_000, b), (109_999, b), (110_000, b), (200_000, b)]
    fired, _ = arrivals(trigger, *looks)
    assert [each.planned_at for each in fired] == [110_000]


def test_there_is_time_between_two_firings():
    """`min_time_between_triggers_seconds`; what came meanwhile is not forgotten."""
    trigger = FileArrivalTrigger(url="in", min_time_between_triggers_seconds=60)
    a, b = {"a": 101}, {"a": 101, "b": 102}
    fired, _ = arrivals(trigger, (1000, a), (2000, b), (60_999, b), (61_000, b), (999_000, b))
    assert [each.planned_at for each in fired] == [1000, 61_000]


def test_too_many_files_are_told_of():
    """Nothing is forgotten of what was seen before."""
    trigger = FileArrivalTrigger(url="in")
    many = {str(number): 101 for number in range(10_001)}
    fired, decision = arrivals(trigger, (110, {}), (120, many))
    assert not fired
    assert "more than 10,000 files" in decision.reason


@of_examples(60)
@given(st.lists(st.sets(st.integers(0, 8)), min_size=1, max_size=20))
def test_every_arrival_fires_and_nothing_else(listings):
    """Against the plain difference of two listings."""
    trigger = FileArrivalTrigger(url="in")
    looks = [(1000 + n, dict.fromkeys(map(str, files), 0)) for n, files in enumerate(listings)]
    fired, _ = arrivals(trigger, *looks)
    wanted = [1001 + n for n, (before, after) in enumerate(pairwise(listings)) if after - before]
    assert [each.planned_at for each in fired] == wanted


def updates(trigger, *looks, own=None):
    return run(
        lambda memory, facts: table_update.decide(trigger, memory, facts),
        *(Facts(now, 100, versions=versions, own=own) for now, versions in looks),
    )


def v(number, at=0):
    return Version(number, at)


def test_any_table_or_all_of_them():
    """ANY is what counts where nothing is said."""
    names = ["c.s.a", "c.s.b"]
    looks = [
        (110, {"c.s.a": v(3), "c.s.b": v(0)}),
        (120, {"c.s.a": v(4, 115), "c.s.b": v(0)}),
        (130, {"c.s.a": v(5, 125), "c.s.b": v(0)}),
        (140, {"c.s.a": v(5, 125), "c.s.b": v(1, 135)}),
        (150, {"c.s.a": v(5, 125), "c.s.b": v(1, 135)}),
    ]
    fired, _ = updates(TableUpdateTrigger(table_names=names), *looks)
    assert [each.planned_at for each in fired] == [120, 130, 140]
    assert fired[0].info["table_update.updated_tables"] == ["c.s.a"]
    assert fired[0].info["table_update.c.s.a.version"] == 4
    assert fired[0].info["table_update.c.s.a.commit_timestamp"] == 115
    both = TableUpdateTrigger(table_names=names, condition="ALL_UPDATED")
    fired, _ = updates(both, *looks)
    assert [each.planned_at for each in fired] == [140]
    assert fired[0].info["table_update.updated_tables"] == names


def test_a_table_that_is_not_there_yet_counts_when_it_comes():
    """And until then one is told."""
    trigger = TableUpdateTrigger(table_names=["a"])
    _, decision = updates(trigger, (110, {"a": None}))
    assert decision.reason == "there is no Delta table a"
    fired, _ = updates(trigger, (110, {"a": None}), (120, {"a": v(0, 115)}))
    assert len(fired) == 1
    replaced, _ = updates(trigger, (110, {"a": v(7)}), (120, {"a": v(0, 115)}))
    assert len(replaced) == 1


def test_time_between_runs_counts_from_the_end_of_the_one_before():
    """While that goes on, nothing begins; what changed is not forgotten."""
    trigger = TableUpdateTrigger(table_names=["a"], min_time_between_triggers_seconds=60)
    looks = [(110, {"a": v(0)}), (1000, {"a": v(1, 900)}), (70_000, {"a": v(1, 900)})]
    assert not updates(trigger, *looks, own=Own(1))[0]
    assert not updates(trigger, *looks, own=Own(1, ended_at=10_001))[0]
    assert len(updates(trigger, *looks, own=Own(1, ended_at=10_000))[0]) == 1


def ends(trigger, *looks):
    return run(
        lambda memory, facts: job_completion.decide(trigger, memory, facts),
        *(Facts(now, 100, completions=completions) for now, completions in looks),
    )


def after(*names, **more):
    jobs = [{"workspace_id": "0", "job_id": name} for name in names]
    return JobCompletionTrigger(jobs=jobs, **more)


def done(run_id, result="SUCCESS", at=200, time=1):
    return Completion(run_id, time, result, at)


@pytest.mark.parametrize(
    ("status", "results"),
    [
        ("SUCCESS", {"SUCCESS", "SUCCESS_WITH_FAILURES"}),
        ("FAILED", {"FAILED", "TIMEDOUT", "UPSTREAM_FAILED"}),
        (
            None,
            {"SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "TIMEDOUT", "UPSTREAM_FAILED"}
            | {"CANCELED"},
        ),
    ],
)
def test_which_ends_count(status, results):
    """A skipped run has not ended: it was none."""
    every = ("SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "TIMEDOUT", "UPSTREAM_FAILED")
    for result in (*every, "CANCELED", "MAXIMUM_CONCURRENT_RUNS_REACHED"):
        fired, _ = ends(after("a", if_status=status), (110, {"a": (done(1, result),)}))
        assert bool(fired) == (result in results), result


def test_all_jobs_must_end_anew_and_the_latest_end_counts():
    """One that ended before the deployment is nothing new."""
    old, first, second = done(1, at=50), done(2), done(3)
    looks = [
        (110, {"a": (old,), "b": (old,)}),
        (300, {"a": (old, first), "b": (old,)}),
        (310, {"a": (old, first, second), "b": (old,)}),
        (320, {"a": (old, first, second), "b": (old, done(9))}),
        (330, {"a": (old, first, second), "b": (old, done(9), done(10))}),
    ]
    fired, _ = ends(after("a", "b"), *looks)
    assert [each.planned_at for each in fired] == [320]
    assert fired[0].info["job_completion.completed_jobs"] == [
        {"job_id": "a", "run_id": 3, "result_state": "SUCCESS"},
        {"job_id": "b", "run_id": 9, "result_state": "SUCCESS"},
    ]


def test_a_repaired_run_ends_again():
    """It failed, and then it did not."""
    failed, mended = done(1, "FAILED"), done(1, "SUCCESS", time=2)
    fired, _ = ends(
        after("a", if_status="SUCCESS"), (110, {"a": (failed,)}), (120, {"a": (failed, mended)})
    )
    assert len(fired) == 1
    _, decision = ends(after("gone"), (110, {}))
    assert decision.reason == "no job gone is deployed"


def goes_on(*looks):
    return run(continuous.decide, *looks)


def test_one_run_follows_the_other():
    """Never two at once."""
    looks = [
        Facts(1000, 0),
        Facts(2000, 0, active=True, own=Own(1)),
        Facts(3000, 0, own=Own(1, 2500, "SUCCESS")),
        Facts(3500, 0, own=Own(1, 2500, "SUCCESS")),
    ]
    fired, _ = goes_on(*looks)
    assert [each.planned_at for each in fired] == [1000, 3500]


def test_failures_wait_longer_and_longer_and_a_success_resets_that():
    """Without an end, up to a cap."""
    memory, now, waits = None, 1000, []
    results = ["FAILED"] * 9 + ["CANCELED", "FAILED", "SUCCESS", "FAILED"]
    for run_id, result in enumerate(results, 1):
        ended = now
        while True:
            decision = continuous.decide(memory, Facts(now, 0, own=Own(run_id, ended, result)))
            memory = decision.memory
            if decision.firing:
                break
            now += 1000
        waits.append((now - ended) // 1000)
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600, 1, 10, 1, 10]


CRON = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}


def job(**fields):
    return Job(name="job", **fields)


def test_triggers_keep_their_keys_and_paused_ones_are_none():
    """Timers may change without a new beginning; what is paused forgets."""
    arrive = {"url": "in"}
    one = triggers_of(job(trigger={"file_arrival": arrive}))
    slower = triggers_of(
        job(trigger={"file_arrival": arrive | {"min_time_between_triggers_seconds": 60}})
    )
    assert [each.key for each in one] == [each.key for each in slower]
    assert len(one[0].key) <= 40
    assert triggers_of(job(schedule={**CRON, "pause_status": "PAUSED"})) == ()
    several = [
        {"schedule": CRON},
        {"schedule": CRON},
        {"periodic": {"interval": 1, "unit": "DAYS"}},
    ]
    assert [each.kind for each in triggers_of(job(triggers=several))] == ["schedule", "periodic"]
    half = [{"schedule": CRON, "pause_status": "PAUSED"}, {"continuous": {}}]
    assert paused_kinds(job(triggers=half)) == ("schedule",)
    assert [each.kind for each in triggers_of(job(triggers=half))] == ["continuous"]


def test_what_can_never_fire_is_named():
    """Unless it is paused."""
    condition = {"sql_query_id": "1", "warehouse_id": "2"}
    wrong = never_fires(job(schedule={**CRON, "sql_condition": condition}))
    assert [each.loc for each in wrong] == [("schedule", "sql_condition")]
    model = {"model": {"condition": "MODEL_CREATED"}}
    assert [each.loc for each in never_fires(job(trigger=model))] == [("trigger", "model")]
    assert list(never_fires(job(trigger={**model, "pause_status": "PAUSED"}))) == []
