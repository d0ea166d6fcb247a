"""Expectations and what counts say about them: pure."""

from __future__ import annotations

import pytest

from nbkit.errors import DefinitionError
from nbkit.quality.expectation import Expectation, checked, share
from nbkit.quality.outcome import ExpectationFailedError, outcome_of, sampled, total


@pytest.mark.parametrize(
    ("written", "meant"),
    [(0, 0.0), (1, 1.0), (0.01, 0.01), ("1%", 0.01), ("at most 1 %", 0.01), ("0.5", 0.5)],
)
def test_a_threshold_may_be_written_as_people_do(written, meant):
    assert share(written) == pytest.approx(meant)
    assert Expectation("a", "x", threshold=written).threshold == share(written)


@pytest.mark.parametrize("written", [-0.1, 1.5, "1 %%", "few", "200%", True, float("nan")])
def test_a_threshold_is_a_share(written):
    """5 is not 5 %: it is asked back."""
    with pytest.raises(ValueError, match=r"share of rows|between 0 and 1"):
        share(written)


def test_every_wrong_field_is_told_at_once():
    with pytest.raises(DefinitionError) as raised:
        Expectation("", " ", action="dorp", nulls="maybe", threshold=2)
    assert [problem.pointer for problem in raised.value.problems] == [
        "name",
        "predicate",
        "action",
        "nulls",
        "threshold",
    ]
    assert "nearest: drop" in str(raised.value)


def test_names_are_unique_and_expectations_are_expectations():
    with pytest.raises(DefinitionError, match="2 expectations are called 'a'"):
        checked([Expectation("a", "x"), Expectation("a", "y")])
    with pytest.raises(DefinitionError, match=r"\[1\]: str is not an expectation"):
        checked([Expectation("a", "x"), "y > 0"])


def test_null_fails_unless_it_is_said_to_pass():
    assert Expectation("a", "x > 0").failing == "(not coalesce((x > 0\n), false))"
    assert Expectation("a", "x > 0", nulls="pass").failing == "(not coalesce((x > 0\n), true))"


COUNTS = {"rows": 200, "kept": 190, "quarantined": 6, "failed_0": 2, "failed_1": 10}


def outcome(**second):
    given = [
        Expectation("a", "x > 0", "fail", threshold=0.01),
        Expectation("b", "y > 0", **{"action": "drop", **second}),
    ]
    return outcome_of("silver", given, COUNTS)


def test_an_expectation_holds_up_to_its_threshold():
    """2 of 200 are 1 %, which is what may fail; 10 of 200 are more than none."""
    made = outcome()
    assert [result.ok for result in made.results] == [True, False]
    assert (made.dropped, made["b"].dropped, made["a"].dropped) == (4, 10, 0)
    assert [result.name for result in made.failures] == ["b"]
    assert not made.ok
    with pytest.raises(KeyError):
        made["c"]


def test_only_fail_stops():
    outcome().raise_for_failures()
    outcome(action="warn").raise_for_failures()
    with pytest.raises(ExpectationFailedError) as raised:
        sampled(outcome(action="fail"), {"b": [{"y": 0}]}).raise_for_failures("nothing was written")
    assert str(raised.value).splitlines() == [
        "silver: 1 expectation failed; nothing was written",
        "  b: 10 of 200 rows fail `y > 0`",
        '    {"y": 0}',
    ]


def test_no_rows_fail_nothing():
    empty = dict.fromkeys(COUNTS, 0)
    assert outcome_of("silver", [Expectation("a", "x"), Expectation("b", "y")], empty).ok


def test_outcomes_of_batches_add_up():
    both = outcome().plus(sampled(outcome(), {"a": [{"x": 0}]}))
    assert (both.rows, both.kept, both.quarantined, both["a"].failed) == (400, 380, 12, 4)
    assert both["a"].sample == ({"x": 0},)


def test_batches_add_up():
    assert total([{"rows": 1, "kept": 1}, {"rows": 2, "kept": 0}]) == {"rows": 3, "kept": 1}
