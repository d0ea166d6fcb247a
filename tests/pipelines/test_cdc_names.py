"""Which columns AUTO CDC is about: names in any case, lists and their opposites, in tables."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Changes, Flow, Place
from nbkit.pipelines.resolve.cdc_columns import (
    check_stored,
    check_together,
    filled,
    kept,
    name_of,
    names_of,
    next_snapshot,
    plain_version,
    read_snapshot,
    tracked,
)

SOURCE = SimpleNamespace(columns=["ID", "odd `name`", "größe", "a.b", "op"])
ALL = SOURCE.columns


def changes(**how):
    return Changes("feed", ("id",), "at", **how)


@pytest.mark.parametrize(
    ("given", "name"),
    [("id", "id"), ("`a.b`", "a.b"), ("`a``b`", "a`b"), ("a.b", "a.b"), ("größe", "größe")],
)
def test_a_name_as_it_is_written(given, name):
    """With back-ticks, or as it stands."""
    assert name_of(given) == name


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["id"], ["ID"]),
        (["`odd ``name```"], ["odd `name`"]),
        (["odd `name`"], ["odd `name`"]),
        (["GRÖSSE", "größe"], None),
        (["GRÖßE"], ["größe"]),
        (["a.b"], ["a.b"]),
        ([], []),
    ],
)
def test_names_as_the_source_spells_them(given, found):
    """In any case; one that is not there is refused with the nearest."""
    if found is None:
        with pytest.raises(UsageError, match="the changes have no column GRÖSSE"):
            names_of(SOURCE, given)
    else:
        assert names_of(SOURCE, given) == found


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, ALL),
        ({"columns": ("op", "id")}, ["op", "ID"]),
        ({"columns": ()}, []),
        ({"except_columns": ("OP", "`a.b`")}, ["ID", "odd `name`", "größe"]),
        ({"except_columns": ()}, ALL),
    ],
)
def test_the_columns_of_a_table(how, wanted):
    """Those that are listed, in that order; or all but those."""
    assert kept(SOURCE, changes(**how)) == wanted


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, ALL[1:]),
        ({"history": ("OP",)}, ["op"]),
        ({"history": ()}, []),
        ({"except_history": ("OP", "größe")}, ["odd `name`", "a.b"]),
        ({"except_history": ()}, ALL[1:]),
    ],
)
def test_the_columns_with_a_history(how, wanted):
    """A key has none; a list that is empty is not the same as none."""
    assert tracked(ALL, changes(**how)) == wanted


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, []),
        ({"null_columns": ("op",)}, []),
        ({"ignore_nulls": True}, ALL[1:]),
        ({"ignore_nulls": True, "null_columns": ("OP", "id")}, ["op"]),
        ({"ignore_nulls": True, "null_columns": ()}, []),
        ({"ignore_nulls": True, "except_null_columns": ("OP", "a.b")}, ["odd `name`", "größe"]),
    ],
)
def test_the_columns_that_a_null_leaves(how, wanted):
    """Never a key: a null there is its value."""
    assert filled(ALL, changes(**how)) == wanted


def flow(name, **how):
    keys = how.pop("keys", ("id",))
    return Flow(name, "t", Place("a.py", 1), changes=Changes("feed", keys, "at", **how))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, None),
        ({"keys": ("ID",)}, None),
        ({"keys": ("`id`",)}, None),
        ({"keys": ("id", "k")}, "flows one and other of t have different keys"),
        ({"scd_type": 2}, "keep it as SCD type 1 and 2"),
        ({"snapshots": True}, "follows the snapshots of one flow"),
        ({"history": ("a",)}, "track the history of different columns"),
        ({"except_history": ()}, "track the history of different columns"),
        ({"columns": ("id",)}, None),
    ],
)
def test_flows_that_share_a_table(how, message):
    """They have its keys, its type and its history in common, and may bring other columns."""
    flows = [flow("one"), Flow("plain", "t", Place("a.py", 2)), flow("other", **how)]
    if message is None:
        check_together("t", flows)
    else:
        with pytest.raises(UsageError, match=message):
            check_together("t", flows)


@pytest.mark.parametrize(
    ("columns", "come", "scd_type", "fits"),
    [
        (["id"], ["id"], 1, True),
        (["id", "__START_AT", "__END_AT"], ["id"], 2, True),
        (["id", "__START_AT", "__END_AT"], ["id"], 1, False),
        (["id", "__START_AT", "__END_AT"], ["id", "__START_AT", "__END_AT"], 1, True),
        (["id", "__START_AT"], ["id"], 2, False),
        (["id"], ["id"], 2, False),
    ],
)
def test_a_table_is_of_one_type(columns, come, scd_type, fits):
    """Made for one, it does not take the other; the columns may be the changes' own."""
    table = SimpleNamespace(columns=columns)
    if fits:
        check_stored(table, changes(scd_type=scd_type), come)
    else:
        with pytest.raises(UsageError, match=f"was made for SCD type {3 - scd_type}"):
            check_stored(table, changes(scd_type=scd_type), come)


ROWS = SimpleNamespace(schema=())


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (None, None),
        ((None, 1), None),
        ((ROWS, 1), (ROWS, 1)),
        ((ROWS, 0), (ROWS, 0)),
        ((ROWS, "2024"), (ROWS, "2024")),
        ((ROWS, np.int64(3)), (ROWS, 3)),
    ],
)
def test_the_next_snapshot(found, wanted):
    """None, or none yet, is none; a version of 0 is a version."""
    assert next_snapshot(lambda _: found, None) == wanted


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("rows", "not str"),
        ((1, 2, 3), "not tuple"),
        (([1], 2), "not list"),
        ((ROWS, None), "whose version is None"),
    ],
)
def test_what_is_no_snapshot(found, message):
    """Says what the function returned instead."""
    with pytest.raises(UsageError, match=message):
        next_snapshot(lambda _: found, 5)


def test_a_function_without_a_first_snapshot():
    """There would be nothing to resolve."""
    with pytest.raises(UsageError, match="nothing to begin with"):
        read_snapshot(None, lambda _: None)


@pytest.mark.parametrize(
    ("version", "plain"),
    [
        (np.int32(7), 7),
        (np.datetime64("2024-01-01T00:00:00", "us"), dt.datetime(2024, 1, 1)),  # noqa: DTZ001
        (pd.Timestamp("2024-01-01"), dt.datetime(2024, 1, 1)),  # noqa: DTZ001
        (np.str_("a"), "a"),
        (2**70, 2**70),
        (dt.date(2024, 1, 1), dt.date(2024, 1, 1)),
    ],
)
def test_versions_as_pythons_own(version, plain):
    """Whatever library they are from."""
    found = plain_version(version)
    assert (found, type(found)) == (plain, type(plain))
