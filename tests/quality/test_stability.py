"""The stability index and what runs are compared with: no Spark, many samples."""

from __future__ import annotations

import random

import pytest

from nbkit.quality.stability import Baseline, compared, few, verdict

EVEN = {f"{bin_}": 100 for bin_ in range(10)}


def sample(rows, weights, seed):
    chosen = random.Random(seed).choices(range(len(weights)), weights, k=rows)
    return {str(bin_): chosen.count(bin_) for bin_ in set(chosen)}


@pytest.mark.parametrize("rows", [1, 5, 30, 100, 300])
def test_few_rows_of_one_distribution_hold(rows):
    """At most one in a hundred of them is told to be others."""
    known = Baseline((), (EVEN,))
    alarms = sum(not verdict(sample(rows, [1] * 10, n), known, 0.2, 5, 100)[0] for n in range(1000))
    assert alarms <= 10


@pytest.mark.parametrize(("rows", "at_most"), [(30, 0.2), (100, 0.2), (1000, 0.1)])
def test_other_rows_do_not_hold(rows, at_most):
    """All in one bin, which nothing but drift makes."""
    known = Baseline((), (EVEN,))
    for bin_ in ("0", "9", "new"):
        ok, told, kept = verdict({bin_: rows}, known, at_most, 5, 100)
        assert not ok, told
        assert kept is known


def test_what_does_not_hold_is_not_compared_with():
    """A hundred bad runs later, the bad is as bad, and the good as good."""
    known = Baseline((), (EVEN,))
    bad = {"9": 1000}
    for _ in range(100):
        ok, _, known = verdict(bad, known, 0.2, 5, 100)
        assert not ok
    assert verdict(EVEN, known, 0.2, 5, 100)[0]


def test_few_rows_and_none_are_not_compared_with():
    known = Baseline((), (EVEN,))
    ok, told, kept = verdict({"3": 9}, known, 0.2, 5, 100)
    assert kept is known
    assert "of so few rows (9 rows)" in told
    assert verdict({}, known, 0.2, 5, 100) == (True, "no rows to compare", known)
    assert ok


def test_the_last_runs_that_held_are_kept():
    known = Baseline((), (EVEN,))
    for run in range(7):
        ok, told, known = verdict({**EVEN, "0": 100 + run}, known, 0.2, 5, 100)
        assert ok
    assert [run["0"] for run in known.runs] == [106, 105, 104, 103, 102]
    assert "the last 5 runs" in told
    assert Baseline.read(known.written()) == known
    assert Baseline.read('{"edges": [1], "shares": {"0": 1}}') == Baseline()


def test_values_are_their_own_bins():
    """The most frequent, of the run that makes them; all others are one."""
    counts = {"=a": 5, "=b": 5, "=c": 1, "null": 7}
    assert few(counts, None, 2) == {"null": 7, "=a": 5, "other": 6}
    assert few({"=b": 3, "=x": 1}, {"=a": 1, "other": 2}, 2) == {"other": 4}


def test_one_bin_is_always_as_full():
    assert compared({"0": 5}, {"0": 100}) == (0.0, 0.0)
