"""What is declared about changes, without Spark: versions, rules of flows, SQL of 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.dialect.tokens import tokens
from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Replaces
from nbkit.pipelines.declare.sql_changes import read_changes
from nbkit.pipelines.declare.sql_flows import flow_clause, read_insert
from nbkit.pipelines.refresh import snapshot_versions
from nbkit.pipelines.refresh.cdc_shapes import Shape, Shapes
from nbkit.pipelines.refresh.snapshot_versions import Applied

VERSIONS = (
    st.integers()
    | st.text()
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas()
    | st.binary()
    | st.booleans()
)


@given(VERSIONS, st.none() | VERSIONS)
def test_a_version_comes_back_as_what_it_was(version, before):
    """Its type too, whatever that is."""
    kept = Applied(version, 3, before)
    found = snapshot_versions.read(snapshot_versions.text(kept))
    assert found == kept
    assert (type(found.version), type(found.before)) == (type(version), type(before))


@pytest.mark.parametrize(
    ("last", "following"),
    [(2, 1), (2, 2), (date(2026, 1, 2), date(2026, 1, 1)), ("b", "a"), (1, "2"), (1, float("nan"))],
)
def test_versions_grow(last, following):
    """An older one, one again, or one that cannot be compared ends the refresh."""
    with pytest.raises(UsageError, match=r"which is not greater|again"):
        Applied(last, 1).followed_by(following)
    with pytest.raises(UsageError, match="cannot be a list"):
        Applied().followed_by([1])


def test_numpy_and_pandas_versions_are_pythons():
    """They are kept, and come back, as Python has them."""
    import numpy as np
    import pandas as pd

    assert Applied().followed_by(np.int64(3)).version == 3
    assert type(Applied().followed_by(np.int64(3)).version) is int
    found = Applied().followed_by(pd.Timestamp("2026-01-01 10:00")).version
    assert type(found) is datetime
    assert Applied(Decimal("1.5"), 1).followed_by(Decimal("1.6")).before == Decimal("1.5")
    assert Applied(timedelta(1), 1).followed_by(timedelta(2)).number == 2


def test_the_table_says_which_snapshot_it_follows():
    """The file is written before the commit: only a noted number says that it was made."""
    kept = Applied("b", 2, "a")
    assert kept.as_of(2) == kept
    assert kept.as_of(1) == Applied("a", 1)
    assert Applied("a", 1).as_of(None) == Applied()
    assert Applied().as_of(None) == Applied()


def test_shapes_are_those_of_the_time():
    """Each flow's rules go for its own changes; a column that came later was null before."""
    shapes = Shapes()
    first = shapes.number_of(Shape("f", ("name", "city")))
    other = shapes.number_of(Shape("g", ("name", "city"), nulls=("name", "city")))
    assert shapes.givers("name") == ([first], [other])
    later = shapes.number_of(Shape("f", ("name", "new")))
    assert shapes.number_of(Shape("f", ("name", "new"))) == later
    assert shapes.givers("new") == ([first, later], [])
    assert shapes.givers("CITY") == ([first], [other])
    assert Shapes.read(shapes.text()) == shapes
    assert not shapes.truncate
    with pytest.raises(UsageError, match="full refresh"):
        shapes.number_of(Shape("f", ("name",), keys=("id",)))


def read(text):
    found = tokens(text)
    insert = read_insert(found, text)
    return text[insert.start :], [token.text for token in insert.target], insert


@pytest.mark.parametrize(
    ("text", "query", "target", "once", "replaces"),
    [
        ("INSERT INTO a.b BY NAME SELECT 1", "SELECT 1", ["a", ".", "b"], False, None),
        ("INSERT ONCE INTO t BY NAME TABLE s", "TABLE s", ["t"], True, None),
        ("INSERT INTO ONCE t BY NAME TABLE s", "TABLE s", ["t"], True, None),
        ("INSERT BY NAME SELECT 1", "SELECT 1", [], False, None),
        (
            "REPLACE WHERE a IS DISTINCT FROM 'BY NAME' AND (b IN (SELECT 1)) BY NAME SELECT 1",
            "SELECT 1",
            [],
            False,
            Replaces("a IS DISTINCT FROM 'BY NAME' AND (b IN (SELECT 1))"),
        ),
        (
            "INSERT INTO t BY NAME REPLACE WHERE d >= current_date() WITH x AS (TABLE y) TABLE x",
            "WITH x AS (TABLE y) TABLE x",
            ["t"],
            False,
            Replaces("d >= current_date()"),
        ),
        (
            "REPLACE USING (a, `b c`) SEQUENCE BY `at me` BY NAME SELECT 1",
            "SELECT 1",
            [],
            False,
            Replaces(using=("a", "`b c`"), sequence_by="`at me`"),
        ),
    ],
)
def test_inserts(text, query, target, once, replaces):
    """By name, once, or in the place of other rows."""
    found = read(text)
    assert found[:2] == (query, target)
    assert (found[2].once, found[2].replaces) == (once, replaces)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t SELECT 1",
        "INSERT INTO t BY NAME",
        "INSERT ONCE INTO t BY NAME REPLACE WHERE a SELECT 1",
        "REPLACE WHERE BY NAME SELECT 1",
        "REPLACE USING a SEQUENCE BY b BY NAME SELECT 1",
        "REPLACE USING (a) BY NAME SELECT 1",
    ],
)
def test_inserts_that_say_too_little(text):
    """A sentence, and no traceback."""
    with pytest.raises(UsageError):
        read(text)


def test_a_flow_clause_is_none_of_the_query():
    """A query may have a column that is called flow."""
    assert flow_clause(tokens("CREATE STREAMING TABLE t AS SELECT flow insert FROM s")) is None
    assert flow_clause(tokens("CREATE STREAMING TABLE t FLOW REPLACE WHERE a BY NAME TABLE s")) == 4


def test_snapshots_in_sql():
    """A query of the rows and one of their version; or a table."""
    text = "FROM SNAPSHOT (SELECT * FROM s) WITH VERSION (SELECT max(v) FROM s) KEYS (a)"
    changes = read_changes(tokens(text), text, lambda query: lambda: query)
    assert (changes.source.rows(), changes.source.version()) == (
        "SELECT * FROM s",
        "SELECT max(v) FROM s",
    )
    assert (changes.snapshots, changes.keys, changes.scd_type) == (True, ("a",), 1)
    text = "FROM SNAPSHOT live.s KEYS (a) STORED AS SCD TYPE 2"
    assert read_changes(tokens(text), text, str).source == "live.s"
    for more in ("SEQUENCE BY b", "IGNORE NULL UPDATES", "APPLY AS DELETE WHEN b"):
        with pytest.raises(UsageError, match=f"FROM SNAPSHOT has no {more[:6]}"):
            read_changes(tokens(f"{text} {more}"), f"{text} {more}", str)


def test_null_updates_on_some_columns():
    """As a list, or all others; what nbkit does not know is refused."""
    text = "FROM s KEYS (a) IGNORE NULL UPDATES ON (b, c) SEQUENCE BY d"
    assert read_changes(tokens(text), text, str).null_columns == ("b", "c")
    text = "FROM s KEYS (a) IGNORE NULL UPDATES ON * EXCEPT (b) SEQUENCE BY d"
    assert read_changes(tokens(text), text, str).except_null_columns == ("b",)
    text = "FROM s KEYS (a) SEQUENCE BY d SYSTEM SEQUENCE BY e"
    with pytest.raises(UsageError, match="does not know SYSTEM SEQUENCE BY"):
        read_changes(tokens(text), text, str)
