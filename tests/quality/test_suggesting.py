"""What somebody would propose for a column, and how sure that is. Pure."""

from __future__ import annotations

import pytest

from nbkit import quality
from nbkit.quality.profile import Profile
from nbkit.quality.rules import read_rules
from nbkit.quality.suggesting import Suggestion, Suggestions, proposed


def column(name, kind="integer", *, rows=1_000, low=None, high=None, **more):
    given = {"values": rows, "distinct": rows // 2, **more}
    return Profile(name, kind, rows, low=low, high=high, **given)


def without_null(found):
    return [(each.rule, each.sure) for each in found if each.rule["check"] != "not_null"]


@pytest.mark.parametrize(
    ("name", "low", "high", "bounds"),
    [
        *(("day", 1, 31, (1, 31)), ("month", 1, 1, (1, 12)), ("hour", 5, 23, (0, 23))),
        *(("year", 2013, 2013, (1900, 2100)), ("lat", -21.5, 72.3, (-90, 90))),
        *(("dep_hour", 0, 23, (0, 23)), ("DepHour", 0, 23, (0, 23)), ("minutes", 0, 59, (0, 59))),
        *(("distance", 17, 4983, (0, None)), ("day", 1, 500, (0, None)), ("x", 0, 7, (0, None))),
        *(("dep_delay", -43, 1301, None), ("day", -5, 31, None)),
    ],
)
def test_bounds_are_what_people_know(name, low, high, bounds):
    """Of days and months, of what is never negative; not what the numbers are today."""
    found = without_null(proposed(column(name, low=low, high=high)))
    if bounds is None:
        assert found == []
    else:
        [(rule, _)] = found
        assert (rule["low"], rule.get("high")) == bounds


@pytest.mark.parametrize(
    ("given", "check", "sure"),
    [
        (column("id", distinct=1_000), "unique", "sure"),
        (column("id", rows=100, distinct=100), "unique", "likely"),
        (column("name", "string", distinct=1_000), "unique", "a guess"),
        (column("x", low=1, high=1_000, distinct=1_000), "unique", "a guess"),
        (column("x", low=0, high=9_999, distinct=1_000), "between", "a guess"),
        (column("price", "double", low=0.5, high=9.0), "between", "likely"),
        (column("kind", "string", few={"a": 500, "b": 500}), "in_set", "likely"),
        (column("kind", "string", few={"a": 990, "b": 10}), "in_set", "a guess"),
        (column("flag", low=0, high=1, few={0: 400, 1: 600}), "in_set", "likely"),
    ],
)
def test_how_sure_it_is(given, check, sure):
    """By how many rows speak for it, and by the name."""
    [(rule, found)] = without_null(proposed(given))
    assert (rule["check"], found) == (check, sure)


@pytest.mark.parametrize(
    "given",
    [
        column("kind", "string", few={"a": 999, "b": 1}),
        column("kind", "string", few={"a": 1_000}),
        column("x", "double", low=0.0, high=1.0, odd=100),
        column("x", "string"),
        column("x", rows=5, low=0, high=9),
    ],
    ids=["a rare value", "one value", "often no number", "any text", "hardly a row"],
)
def test_what_says_nothing_is_not_proposed(given):
    assert without_null(proposed(given)) == []


def test_nulls():
    """None in all rows is one rule, a few are a guess, many are none."""
    assert [each.sure for each in proposed(column("x", "string"))] == ["sure"]
    assert [each.sure for each in proposed(column("x", "string", rows=99))] == ["a guess"]
    [few] = proposed(column("x", "string", values=990))
    assert (few.sure, few.rule["threshold"]) == ("a guess", 0.01)
    assert [*proposed(column("x", "string", values=900))] == []
    assert [*proposed(column("x", "string", rows=0))] == []


def test_as_code_and_as_a_file(tmp_path):
    """Both make the same checks, whatever the columns are called, and say how sure they are."""
    odd = 'it\'s "the", last\\name'
    rule = {"check": "in_set", "column": odd, "values": ["a\n", '"'], "nulls": "pass"}
    found = Suggestions(
        (Suggestion(rule, "likely", "2 values"), *proposed(column("day", low=1, high=9)))
    )
    names = {"quality": quality}
    exec(found.as_code(), names)
    (tmp_path / "rules.yml").write_text(found.as_yaml())
    assert tuple(names["checks"]) == found.checks == read_rules(tmp_path / "rules.yml")
    assert "# likely: 2 values" in found.as_code()
    assert "# sure: no NULL in 1,000 rows" in found.as_yaml()
    (tmp_path / "none.yml").write_text(Suggestions(()).as_yaml())
    assert read_rules(tmp_path / "none.yml") == ()
