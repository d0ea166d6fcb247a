"""A firing is on record once, with its run, however many see that it is time."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace

import pytest

from nbkit.ledger.deployed import DeployedJob
from nbkit.ledger.store import Ledger
from nbkit.rules.triggers.deciding import Firing, seen_so_far

CRON = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}
CHECK = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
SETTINGS = {"name": "hourly", "tasks": [CHECK], "schedule": CRON}


@pytest.fixture
def ledger(url):
    with closing(Ledger(url)) as opened:
        opened.jobs.deploy([DeployedJob(7, "hourly", SETTINGS)])
        yield opened


def at(planned_at, *, exact=True):
    return Firing(planned_at, "periodic", {"time": planned_at}, exact=exact)


def the_watch(ledger):
    ((job_id, trigger),) = ledger.watches.revisions()
    return ledger.watches.get(job_id, trigger)


def test_it_is_one_step_with_the_memory_and_the_run(ledger):
    """The run waits for whoever takes it, under a token that names the planned time."""
    job, watch = ledger.jobs.get(7), the_watch(ledger)
    assert seen_so_far(watch.memory, 0) == (None, job.updated_at)
    run_id = ledger.fire(job, watch, {"last": 5}, at(5), pages="http://here/runs/")
    assert the_watch(ledger).memory == {"last": 5}
    assert ledger.read(run_id)[0].pages == "http://here/runs/"
    fired = ledger.watches.last_firing(7, watch.trigger)
    assert (fired.planned_at, fired.run_id) == (5, run_id)
    assert ledger.watches.last_firings() == {(7, watch.trigger): fired}
    assert ledger.run_of(7, f"{watch.trigger}:5") == run_id
    assert ledger.read(run_id)[0].trigger_info == {"time": 5}
    assert [taken.run_id for taken in ledger.take_planned(5)] == [run_id]


def test_what_was_decided_from_old_news_does_nothing(ledger):
    """Another one was quicker, or the job is not what it was."""
    job, watch = ledger.jobs.get(7), the_watch(ledger)
    assert ledger.remember(job, watch, {"last": 1})
    assert ledger.fire(job, watch, {"last": 5}, at(5)) is None
    watch = the_watch(ledger)
    ledger.jobs.change(7, lambda had: had | {"description": "new"}, editor="")
    assert ledger.fire(job, watch, {"last": 5}, at(5)) is None
    assert not ledger.remember(job, watch, {"last": 5})
    assert the_watch(ledger).memory == {"last": 1}
    ledger.jobs.remove(7)
    assert ledger.fire(job, watch, {"last": 5}, at(5)) is None
    assert ledger.runs() == []


def test_a_planned_time_fires_once_and_what_just_happened_again(ledger):
    """A clock that was set back shows the same time twice; two files may come in one moment."""
    job = ledger.jobs.get(7)
    first = ledger.fire(job, the_watch(ledger), {"last": 5}, at(5))
    assert ledger.fire(job, the_watch(ledger), {"last": 4}, at(5)) is None
    assert the_watch(ledger).memory == {"last": 4}
    second = ledger.fire(job, the_watch(ledger), {"last": 5}, at(5, exact=False))
    assert first != second
    assert ledger.watches.last_firing(7, the_watch(ledger).trigger).planned_at == 6


def test_what_is_paused_forgets_and_what_stays_does_not(ledger):
    """Times of a pause are not made up for; a new description changes nothing."""
    job, watch = ledger.jobs.get(7), the_watch(ledger)
    ledger.remember(job, watch, {"last": 1})
    ledger.jobs.change(7, lambda had: had | {"description": "new"}, editor="")
    assert the_watch(ledger).memory == {"last": 1}
    pause = {"schedule": CRON | {"pause_status": "PAUSED"}}
    ledger.jobs.change(7, lambda had: had | pause, editor="")
    assert ledger.watches.revisions() == {}
    resumed = ledger.jobs.change(7, lambda had: had | {"schedule": CRON}, editor="")
    assert seen_so_far(the_watch(ledger).memory, 0) == (None, resumed.updated_at)


def test_of_many_that_see_it_one_fires(url, ledger):
    """Each is a service of its own, and all see the same at the same time."""
    others = [Ledger(url) for _ in range(4)]
    runs = []

    def fire(mine, job, watch, planned_at, barrier):
        barrier.wait()
        runs.append(mine.fire(job, watch, {"last": planned_at}, at(planned_at)))

    for planned_at in range(100, 110):
        barrier = threading.Barrier(4)
        seen = [(each, each.jobs.get(7), the_watch(each)) for each in others]
        threads = [
            threading.Thread(target=fire, args=(*each, planned_at, barrier)) for each in seen
        ]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    [each.close() for each in others]
    assert len([run for run in runs if run is not None]) == 10
    assert len(ledger.runs()) == 10


def test_a_job_whose_runs_are_lost_does_not_count_as_going_on(ledger):
    """Only what lives, or will be taken, does."""
    assert not ledger.watches.is_active(7)
    run_id = ledger.fire(ledger.jobs.get(7), the_watch(ledger), {"last": 5}, at(5))
    assert ledger.watches.is_active(7)
    assert ledger.watches.end_of(run_id) is None
    other = replace(ledger.jobs.get(7), job_id=8)
    ledger.jobs.deploy([other])
    assert not ledger.watches.is_active(8)
