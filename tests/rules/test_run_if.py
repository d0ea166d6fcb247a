from __future__ import annotations

import pytest

from nbkit.rules.run_if import Parent, judge

S, F, C, E, U, D = "succeeded", "failed", "canceled", "excluded", "unmatched", "disabled"
RUNS = None

TABLE = [
    ("ALL_SUCCESS", (S,), RUNS),
    ("ALL_SUCCESS", (S, S), RUNS),
    ("ALL_SUCCESS", (S, E), RUNS),
    ("ALL_SUCCESS", (S, F), "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", (C, F), "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", (S, C), "UPSTREAM_CANCELED"),
    ("ALL_SUCCESS", (S, U), "EXCLUDED"),
    ("ALL_SUCCESS", (F, U), "UPSTREAM_FAILED"),
    ("ALL_SUCCESS", (S, D), "DISABLED"),
    ("ALL_SUCCESS", (F, D), "DISABLED"),
    ("AT_LEAST_ONE_SUCCESS", (S, F), RUNS),
    ("AT_LEAST_ONE_SUCCESS", (E, F), RUNS),
    ("AT_LEAST_ONE_SUCCESS", (S, D), RUNS),
    ("AT_LEAST_ONE_SUCCESS", (U, F), "UPSTREAM_FAILED"),
    ("AT_LEAST_ONE_SUCCESS", (F, D), "UPSTREAM_FAILED"),
    ("AT_LEAST_ONE_SUCCESS", (F, F), "UPSTREAM_FAILED"),
    ("AT_LEAST_ONE_SUCCESS", (C,), "UPSTREAM_CANCELED"),
    ("AT_LEAST_ONE_SUCCESS", (U, D), "EXCLUDED"),
    ("AT_LEAST_ONE_SUCCESS", (D, D), "DISABLED"),
    ("NONE_FAILED", (S, S), RUNS),
    ("NONE_FAILED", (S, E), RUNS),
    ("NONE_FAILED", (S, D), RUNS),
    ("NONE_FAILED", (E, D), RUNS),
    ("NONE_FAILED", (S, U), RUNS),
    ("NONE_FAILED", (S, F), "UPSTREAM_FAILED"),
    ("NONE_FAILED", (S, C), "UPSTREAM_CANCELED"),
    ("NONE_FAILED", (D, D), "DISABLED"),
    ("ALL_DONE", (S, F), RUNS),
    ("ALL_DONE", (C, C), RUNS),
    ("ALL_DONE", (E, F), RUNS),
    ("ALL_DONE", (D, D), RUNS),
    ("AT_LEAST_ONE_FAILED", (S, F), RUNS),
    ("AT_LEAST_ONE_FAILED", (S, C), RUNS),
    ("AT_LEAST_ONE_FAILED", (D, F), RUNS),
    ("AT_LEAST_ONE_FAILED", (S, S), "EXCLUDED"),
    ("AT_LEAST_ONE_FAILED", (S, D), "EXCLUDED"),
    ("AT_LEAST_ONE_FAILED", (S, E), "EXCLUDED"),
    ("ALL_FAILED", (F, F), RUNS),
    ("ALL_FAILED", (F, C), RUNS),
    ("ALL_FAILED", (F, S), "EXCLUDED"),
    ("ALL_FAILED", (F, E), "EXCLUDED"),
    ("ALL_FAILED", (F, D), "EXCLUDED"),
]
RULES = [
    "ALL_SUCCESS",
    "AT_LEAST_ONE_SUCCESS",
    "NONE_FAILED",
    "ALL_DONE",
    "AT_LEAST_ONE_FAILED",
    "ALL_FAILED",
]


def parents(*standings):
    return [Parent(f"p{place}", each, each) for place, each in enumerate(standings)]


@pytest.mark.parametrize(("rule", "standings", "result"), TABLE)
def test_table(rule, standings, result):
    """A rule decides by what the parents count as; unmet, it names the result."""
    found = judge(rule, parents(*standings))
    assert (found.runs, found.result) == (result is None, result)


@pytest.mark.parametrize(("rule", "standings", "result"), TABLE)
def test_the_order_of_parents_does_not_matter(rule, standings, result):
    """A rule asks for a set of parents: their order changes nothing."""
    assert judge(rule, parents(*reversed(standings))).result == result


GRID = """
                      SS SF SC SE SU SD FF FC FE FU FD CC CE CU CD EE EU ED UU UD DD
ALL_SUCCESS           .  f  c  .  e  d  f  f  f  f  d  c  c  c  d  e  e  d  e  d  d
AT_LEAST_ONE_SUCCESS  .  .  .  .  .  .  f  f  .  f  f  c  .  c  c  e  e  .  e  e  d
NONE_FAILED           .  f  c  .  .  .  f  f  f  f  f  c  c  c  c  e  e  .  e  .  d
ALL_DONE              .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  e  e  .  e  .  .
AT_LEAST_ONE_FAILED   e  .  .  e  e  e  .  .  .  .  .  .  .  .  .  e  e  e  e  e  e
ALL_FAILED            e  e  e  e  e  e  .  .  e  e  e  .  e  e  e  e  e  e  e  e  e
"""
"""Every rule for every pair of parents: `.` runs, else the first letter of why not."""


def cells():
    head, *rows = (line.split() for line in GRID.strip().splitlines())
    letters = {"S": S, "F": F, "C": C, "E": E, "U": U, "D": D}
    for rule, *row in rows:
        for pair, cell in zip(head, row, strict=True):
            yield rule, tuple(letters[letter] for letter in pair), cell


@pytest.mark.parametrize(("rule", "standings", "cell"), list(cells()))
def test_grid(rule, standings, cell):
    """Nothing about two parents is left to chance."""
    names = {"f": "UPSTREAM_FAILED", "c": "UPSTREAM_CANCELED", "e": "EXCLUDED", "d": "DISABLED"}
    assert judge(rule, parents(*standings)).result == names.get(cell)


@pytest.mark.parametrize("rule", RULES)
def test_without_parents_a_task_runs(rule):
    """There is nothing to ask for where there are no parents."""
    assert judge(rule, []).runs


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("standings", [(E,), (E, E), (U,), (U, E)])
def test_all_excluded_excludes(rule, standings):
    """If all its parents are excluded, a task is excluded whatever its rule."""
    assert judge(rule, parents(*standings)).result == "EXCLUDED"


def test_the_reason_names_parent_and_rule(kit):
    """Who reads why a task did not run learns which parent and which rule."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load"),
            kit.notebook("alarm", "load", run_if="NONE_FAILED"),
            kit.condition("gate", left="1", right="2"),
            kit.notebook("serve", "gate=true"),
        ],
        {"load": kit.FAILED},
    )
    tasks = run.run().tasks
    assert tasks["clean"].reason == (
        "'load' failed; run_if ALL_SUCCESS asks for every parent to succeed."
    )
    assert tasks["alarm"].reason == "'load' failed; run_if NONE_FAILED asks for no parent to fail."
    assert tasks["serve"].reason == "'gate' was false, and this task needs true."


def test_a_failure_far_up_counts_as_failed(kit):
    """A parent that did not run because of a failure counts as failed for its children."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load"),
            kit.notebook("alarm", "clean", run_if="AT_LEAST_ONE_FAILED"),
        ],
        {"load": kit.FAILED},
    )
    run.run()
    assert run.results == {"load": "FAILED", "clean": "UPSTREAM_FAILED", "alarm": "SUCCESS"}


def test_both_ways_of_an_if_else_meet_again(kit):
    """After an If/else the way not taken is excluded, and a join after both ways runs."""
    run = kit.Simulation(
        [
            kit.condition("gate"),
            kit.notebook("yes", "gate=true"),
            kit.notebook("no", "gate=false"),
            kit.notebook("after_no", "no"),
            kit.notebook("join", "yes", "after_no"),
        ]
    )
    assert run.run().result == "SUCCESS"
    assert run.results == {
        "gate": "SUCCESS",
        "yes": "SUCCESS",
        "no": "EXCLUDED",
        "after_no": "EXCLUDED",
        "join": "SUCCESS",
    }


def test_disabled_tasks_take_their_turn(kit):
    """A disabled task never runs; what follows it under ALL_DONE waits for what came before."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.notebook("clean", "load", disabled=True),
            kit.notebook("serve", "clean"),
            kit.notebook("tidy", "clean", run_if="ALL_DONE"),
        ]
    )
    assert run.run().result == "SUCCESS"
    assert run.ran == ["load", "tidy"]
    assert run.results["clean"] == run.results["serve"] == "DISABLED"
