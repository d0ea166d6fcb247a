"""Rules in a file: what they become, and every problem at once. No Spark."""

from __future__ import annotations

import pytest

from nbkit import quality
from nbkit.errors import DefinitionError
from nbkit.quality.ready_made import READY_MADE

GOOD = """
rules:
  - name: positive
    predicate: distance > 0
    action: drop
    threshold: 1%
    tags: [flights, silver]
  - {check: not_null, columns: [a, b], nulls: fail}
  - {check: between, column: day, low: 2013-01-01, nulls: pass, tags: silver}
  - {check: unique, columns: id, action: fail, active: false}
  - {check: row_count, low: 1, tags: [gold]}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "rules.yml"
        path.write_text(text)
        return path

    return write


def test_rules_become_checks(file):
    """Predicates and ready-made ones, with their tags; those that are not active are left out."""
    good = GOOD.replace(", nulls: fail", "")
    positive, both, day, rows = quality.read_rules(file(good))
    assert (positive.predicate, positive.action, positive.threshold) == (
        "distance > 0",
        "drop",
        0.01,
    )
    assert both == quality.not_null("a", "b")
    assert day.predicate == "`day` >= date'2013-01-01'"
    assert rows.rule == "count(1) is at least 1"
    chosen = quality.read_rules(file(good), tags=["silver"])
    assert [each.name for each in chosen] == ["positive", "day_in_range"]


def test_every_problem_has_its_place(file):
    text = """
    rules:
      - {name: a, predicate: x > 0, action: dorp, nulls: maybe}
      - {name: a, predicat: x > 0}
      - 5
      - {check: betwen, column: x}
      - {check: freshness, column: x, within: soon}
      - {name: b, predicate: x, active: perhaps}
      - {name: b, predicate: y, threshold: 5}
      - {name: c, predicate: y}
      - {name: c, predicate: z}
    """
    with pytest.raises(DefinitionError) as raised:
        quality.read_rules(file(text))
    told = [str(problem) for problem in raised.value.problems]
    assert told[0] == "rules[0].action: 'dorp' is not an action; nearest: drop"
    assert told[1].startswith("rules[0].nulls:")
    assert told[2] == "rules[1].predicat: is nothing that expect takes; nearest: predicate"
    assert told[3] == "rules[1].predicate: is missing; expect needs it"
    assert told[4] == "rules[2]: int is no rule"
    assert told[5].startswith("rules[3].check: 'betwen' is no ready-made check; nearest: between")
    assert told[6].startswith("rules[4]: 'soon' is no length of time")
    assert told[7].startswith("rules[5].active:")
    assert told[8].startswith("rules[6].threshold: 5 is not between 0 and 1")
    assert told[9] == "rules[8].name: 'c' is the name of rules[7] too"


@pytest.mark.parametrize(
    ("text", "problem"),
    [("rules: {}", "is no list of rules"), ("a: [", "is no YAML"), ("", "is no list of rules")],
)
def test_a_file_of_something_else_is_told_so(file, text, problem):
    with pytest.raises(DefinitionError, match=problem):
        quality.read_rules(file(text))


def test_a_missing_file_is_told_so(tmp_path):
    with pytest.raises(DefinitionError, match="cannot be read: No such file"):
        quality.read_rules(tmp_path / "none.yml")


def test_all_ready_made_ones_can_be_kept():
    """What the package offers to make and what a file can name are the same."""
    makers = {name for name in quality.__all__ if name[0].islower()}
    others = {
        "aborted_by",
        "check",
        "read_rules",
        "split",
        "stream",
        "suggest",
        "table_rules",
        "write",
    }
    assert {*READY_MADE} == makers - others
