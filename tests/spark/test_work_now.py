"""What Spark does right now, as a person reads it: which facts give which words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nbkit.spark import work_now


def work(jobs=1, stages=(0, 1), tasks=(0, 1), *, starting=False):
    return {
        "kind": "spark_work",
        "starting": starting,
        "jobs": jobs,
        "stages_done": stages[0],
        "stages": stages[1],
        "tasks_done": tasks[0],
        "tasks": tasks[1],
    }


@pytest.mark.parametrize(
    ("facts", "words", "short", "share"),
    [
        (work_now.nothing(), "", "", None),
        (work_now.starting(), "starting Spark …", "starting Spark …", None),
        (work(stages=(0, 0), tasks=(0, 0)), *["Spark is about to begin"] * 2, None),
        (work(), "Spark: 0 of 1 task, 0 of 1 stage", "Spark: 0/1 tasks", 0),
        (
            work(1, (2, 5), (1234, 4000)),
            "Spark: 1,234 of 4,000 tasks, 2 of 5 stages",
            "Spark: 1234/4000 tasks",
            0.3085,
        ),
        (
            work(3, (0, 3), (9, 9)),
            "Spark: 9 of 9 tasks, 0 of 3 stages, 3 jobs",
            "Spark: 9/9 tasks",
            1,
        ),
    ],
)
def test_facts_in_words(facts, words, short, share):
    assert work_now.in_words(facts) == words
    assert work_now.in_short(facts) == short
    assert work_now.share(facts) == share
    assert work_now.is_something(facts) == bool(words)


def test_nothing_known_is_nothing_to_show():
    assert not work_now.is_something(None)


def test_several_at_once_are_added_up():
    """Those that start count only where none is further."""
    busy, busier = work(1, (0, 1), (3, 8)), work(2, (1, 3), (4, 10))
    start, none = work_now.starting(), work_now.nothing()
    assert work_now.together([busy, none, start, busier]) == work(3, (1, 4), (7, 18))
    assert work_now.together([none, start]) == start
    assert work_now.together([none]) == work_now.together([]) == none


def test_what_java_says_is_understood():
    assert work_now.told("") == work_now.nothing()
    assert work_now.told("2 1 3 40 200") == work(2, (1, 3), (40, 200))


def test_a_connect_session_tells_of_each_operation_until_it_is_done():
    """As `registerProgressHandler` calls it, several operations at a time."""
    handled = work_now.Handled()
    assert handled.look() == work_now.nothing()
    stage = SimpleNamespace(num_tasks=8, num_completed_tasks=3, done=False)
    over = SimpleNamespace(num_tasks=4, num_completed_tasks=4, done=True)
    handled([stage, over], 2, "a", False)
    assert handled.look() == work(1, (1, 2), (7, 12))
    handled(None, 0, "b", False)
    assert handled.look() == work(2, (1, 2), (7, 12))
    handled([over], 0, "a", True)
    assert handled.look() == work(1, (0, 0), (0, 0))
    handled(None, 0, "b", True)
    assert handled.look() == work_now.nothing()
