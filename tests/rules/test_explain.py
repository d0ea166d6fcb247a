from __future__ import annotations

import json

import pytest

from nbkit.events import RunStarted
from nbkit.rules.explain import explain


@pytest.fixture
def steps(kit):
    def explained(tasks, only=None, **job):
        event = RunStarted(kit.START, 7, 1, "job", {"day": "1"}, only=only, parallel=1)
        return explain(kit.graph_of(tasks, **job), event)

    return explained


def told(steps):
    return [(step.round, step.unit.task_key, step.action) for step in steps]


def test_order_and_values(kit, steps):
    """Tasks come in the order in which they would run, what may run together in one round."""
    found = steps(
        [
            kit.notebook("load"),
            kit.notebook("a", "load", base_parameters={"n": "{{tasks.load.values.n}}"}),
            kit.notebook("b", "load", disabled=True),
            kit.notebook("c", "a"),
        ]
    )
    assert told(found) == [(1, "load", "run"), (2, "b", "skip"), (2, "a", "run"), (3, "c", "run")]
    assert found[2].parameters == {"n": "«tasks.load.values.n»", "day": "1"}
    assert found[2].after == ("load",)
    assert found[1].note == "The job definition disables it."


def test_a_known_condition(kit, steps):
    """An If/else over known values is decided, and the way not taken is skipped."""
    found = steps(
        [
            kit.condition("gate", left="{{job.parameters.day}}"),
            kit.notebook("yes", "gate=true"),
            kit.notebook("no", "gate=false"),
        ]
    )
    assert told(found) == [(1, "gate", "decide"), (1, "no", "skip"), (1, "yes", "run")]
    assert found[0].outcome is True


@pytest.mark.parametrize("op", ["EQUAL_TO", "GREATER_THAN"])
def test_an_unknown_condition(kit, steps, op):
    """An If/else over a task value is not known: both ways are shown."""
    found = steps(
        [
            kit.notebook("load"),
            kit.condition("gate", "load", left="{{tasks.load.values.n}}", op=op),
            kit.notebook("yes", "gate=true"),
            kit.notebook("no", "gate=false"),
        ]
    )
    assert [step.action for step in found] == ["run", "decide", "run", "run"]
    assert found[1].outcome is None
    assert found[1].block["condition_task"]["left"] == "«tasks.load.values.n»"


def test_for_each(kit, steps):
    """A For each over known inputs shows each iteration with its input."""
    one = kit.notebook("one", base_parameters={"x": "{{input}}"})
    found = steps([kit.for_each("each", inputs='["a", "b"]', task=one)])
    assert told(found) == [(1, "each", "loop"), (1, "each", "run"), (2, "each", "run")]
    assert found[0].inputs == ("a", "b")
    assert [step.parameters["x"] for step in found[1:]] == ["a", "b"]
    assert found[1].kind == "notebook_task"


@pytest.mark.parametrize(
    ("text", "shown"), [("{{input}}", "«input»"), ("{{input.city}}", "«input.city»")]
)
def test_unknown_inputs(kit, steps, text, shown):
    """A For each over a task value is shown once."""
    found = steps(
        [
            kit.notebook("load"),
            kit.for_each(
                "each",
                "load",
                inputs="{{tasks.load.values.list}}",
                task=kit.notebook("one", base_parameters={"x": text}),
            ),
        ]
    )
    assert [step.action for step in found] == ["run", "loop", "run"]
    assert found[1].inputs is None
    assert found[2].parameters["x"] == shown


def test_what_cannot_work_is_told(kit, steps):
    """A reference that will have no value shows as a failure, and what follows from it."""
    found = steps(
        [
            kit.notebook("load", disabled=True),
            kit.notebook("a", base_parameters={"n": "{{tasks.load.values.n}}"}),
            kit.notebook("b", "a"),
        ]
    )
    assert [(step.unit.task_key, step.action) for step in found] == [
        ("load", "skip"),
        ("a", "fail"),
        ("b", "skip"),
    ]
    assert "did not run" in found[1].note


def test_only(kit, steps):
    """With `--only`, just the selected tasks are shown, without parents left out."""
    found = steps([kit.notebook("load"), kit.notebook("a", "load")], only=("a",))
    assert [(step.unit.task_key, step.after) for step in found] == [("a", ())]


def test_retries_and_timeouts_do_not_show(kit, steps):
    """Explaining takes every task to succeed, at once."""
    tasks = [kit.notebook("load", max_retries=3, timeout_seconds=1)]
    assert told(steps(tasks, timeout_seconds=1)) == [(1, "load", "run")]


def test_rules_are_told_before_anything_runs(kit, steps):
    """A task says which outcome and which `run_if` it waits for; the usual rule goes unsaid."""
    found = steps(
        [
            kit.notebook("load"),
            kit.condition("gate", "load", left="{{tasks.load.values.n}}"),
            kit.notebook("yes", "gate=true", "load", run_if="NONE_FAILED"),
            kit.notebook("alarm", "load", run_if="ALL_FAILED"),
        ]
    )
    rules = {step.unit.task_key: step.rule for step in found}
    assert rules == {
        "load": "",
        "gate": "",
        "yes": "gate is true; run_if NONE_FAILED: no parent to fail",
        "alarm": "run_if ALL_FAILED: every parent to fail",
    }
    (alarm,) = (step for step in found if step.unit.task_key == "alarm")
    assert alarm.note == "'load' succeeded; run_if ALL_FAILED asks for every parent to fail."


@pytest.mark.parametrize("mark", ["«x»", "«tasks.load.values.n»"])
def test_a_persons_own_marks_are_text(kit, steps, mark):
    """What is not known is so by its kind, however a known text looks."""
    one = kit.notebook("one", base_parameters={"x": "{{input}}"})
    found = steps(
        [
            kit.condition("gate", left=mark, right=mark),
            kit.notebook("yes", "gate=true"),
            kit.notebook("no", "gate=false"),
            kit.for_each("each", inputs=json.dumps([mark, "b"]), task=one),
        ]
    )
    actions = {(step.unit.task_key, step.unit.iteration): step for step in found}
    assert actions["gate", None].outcome is True
    assert actions["no", None].action == "skip"
    assert actions["each", None].inputs == (mark, "b")
    assert actions["each", 0].parameters["x"] == mark


@pytest.mark.parametrize("left", ["a {{tasks.load.values.n}} b", "{{tasks.load.values.n}}"])
def test_what_is_made_of_the_unknown_is_unknown(kit, steps, left):
    """Within other text too, and as the only input of a For each."""
    one = kit.notebook("one", base_parameters={"x": "{{input}}"})
    found = steps(
        [
            kit.notebook("load"),
            kit.condition("gate", "load", left=left, right=left),
            kit.for_each("each", "load", inputs=f"[{left}]", task=one),
        ]
    )
    actions = {(step.unit.task_key, step.unit.iteration): step for step in found}
    assert actions["gate", None].outcome is None
    assert actions["each", None].inputs is None
