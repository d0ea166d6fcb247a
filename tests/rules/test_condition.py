from __future__ import annotations

import pytest

from nbkit.errors import Failure
from nbkit.rules.condition import compare

FAILS = "fails"


@pytest.mark.parametrize(
    ("left", "op", "right", "outcome"),
    [
        ("12.0", "EQUAL_TO", "12", False),
        ("12", "EQUAL_TO", "12", True),
        (12, "EQUAL_TO", "12", True),
        (12.0, "EQUAL_TO", "12.0", True),
        (True, "EQUAL_TO", "true", True),
        (False, "EQUAL_TO", "false", True),
        (True, "EQUAL_TO", "True", False),
        ("a", "NOT_EQUAL", "b", True),
        ("12.0", "NOT_EQUAL", "12", True),
        ("12.0", "GREATER_THAN_OR_EQUAL", "12", True),
        ("10.0", "GREATER_THAN_OR_EQUAL", "12", False),
        ("9", "GREATER_THAN", "10", False),
        (10, "GREATER_THAN", 9, True),
        ("-1e3", "LESS_THAN", "0", True),
        (" 1 ", "LESS_THAN_OR_EQUAL", "1", True),
        ("9007199254740993", "GREATER_THAN", "9007199254740992", True),
        ("many", "GREATER_THAN", "1", FAILS),
        ("1", "LESS_THAN", "", FAILS),
        (True, "LESS_THAN", "1", FAILS),
        ("NaN", "LESS_THAN", "1", FAILS),
        ("1_000", "GREATER_THAN", "1", FAILS),
        ([1], "EQUAL_TO", "[1]", FAILS),
        ("1", "NOT_EQUAL", {"a": 1}, FAILS),
        (None, "EQUAL_TO", "null", FAILS),
    ],
)
def test_table(left, op, right, outcome):
    """Equality compares text, orderings compare numbers, and other types fail."""
    found = compare(left, op, right)
    assert (FAILS if isinstance(found, Failure) else found) == outcome


def test_a_failed_condition_fails_its_task(kit):
    """An If/else that cannot be decided fails, says why, and is not retried."""
    run = kit.Simulation(
        [
            {**kit.condition("gate", left="many", op="GREATER_THAN"), "max_retries": 3},
            kit.notebook("yes", "gate=true"),
            kit.notebook("no", "gate=false"),
        ]
    )
    state = run.run()
    gate = state.tasks["gate"]
    assert run.results == {"gate": "FAILED", "yes": "UPSTREAM_FAILED", "no": "UPSTREAM_FAILED"}
    assert gate.message == "GREATER_THAN compares numbers; the left operand is 'many'."
    assert gate.last.failure.cause == "condition_error"
    assert gate.code == "INVALID_RUN_CONFIGURATION"


def test_operands_are_resolved(kit):
    """An If/else over a task value sees the value with its type."""
    run = kit.Simulation(
        [
            kit.notebook("load"),
            kit.condition("gate", "load", left="{{tasks.load.values.ok}}", right="true"),
        ],
        {"load": kit.Ending(values={"ok": True})},
    )
    gate = run.run().tasks["gate"]
    assert gate.outcome is True
    assert gate.operands == ("true", "EQUAL_TO", "true")
