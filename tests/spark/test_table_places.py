"""Tables with places of their own, as a trigger sees them: with a driver, and after it."""

from __future__ import annotations

import pytest

from nbkit.app.facts import outside
from nbkit.app.storage import session_name
from nbkit.errors import UsageError
from nbkit.graph.validation import read_job
from nbkit.ledger.deployed import DeployedJob
from nbkit.rules.triggers.kinds import triggers_of
from nbkit.settings import Settings
from nbkit.spark import table_places
from nbkit.spark.table_places import kept, looked_up

NAMES = ["own", "inside", "away.t", "a_view", "nowhere", "`od.d`"]


@pytest.mark.parametrize(
    ("written", "meant", "in_main"),
    [
        ("T", "default.t", "nbkit_main__default.t"),
        ("silver.Orders", "silver.orders", "nbkit_main__silver.orders"),
        ("workspace.silver.orders", "silver.orders", "silver.orders"),
        ("`main`.silver.orders", "nbkit_main__silver.orders", "nbkit_main__silver.orders"),
    ],
)
def test_names_are_those_of_the_metastore(written, meant, in_main):
    """In lower case, with the schema that a catalog's schema really is, by default or as said."""
    assert session_name(written, Settings()) == meant
    begins = Settings.model_validate({"spark": {"default_catalog": "Main"}})
    assert session_name(written, begins) == in_main


@pytest.mark.parametrize("written", ["", "a.b.c.d"])
def test_what_is_no_name_is_refused(written):
    """In a sentence."""
    with pytest.raises(UsageError, match="no name of a table"):
        session_name(written, Settings())


def test_a_catalog_that_fails_for_one_table_tells_of_the_others():
    """What it does not say stays as it was."""

    class Catalog:
        def tableExists(self, schema, table):  # noqa: N802 - Java's name
            if table == "bad":
                raise RuntimeError(schema)
            return False

        def sharedState(self):  # noqa: N802
            return self

        externalCatalog = sharedState  # noqa: N815

    assert looked_up(Catalog(), ["s.bad", "s.none"]) == {"s.none": ""}


def test_a_place_that_cannot_be_kept_is_known_all_the_same(tmp_path, monkeypatch):
    """A full disk, or a project of somebody else's: the look goes on, and so does the service."""
    settings = Settings.model_validate({"root": tmp_path})
    (settings.state_directory / "table-places.json").mkdir(parents=True)
    said = {"s.a": "/away/a", "s.b": "/in/s.db/b"}
    monkeypatch.setattr(table_places, "_asked", lambda *_: said)
    expected = {"s.a": "/in/s.db/a", "s.b": "/in/s.db/b"}
    assert table_places.refreshed(expected, settings) == {"s.a": "/away/a"}


def versions(settings):
    trigger = {"table_update": {"table_names": NAMES}}
    document = {"name": "n", "tasks": [], "trigger": trigger}
    (found,) = triggers_of(read_job(document)[0])
    seen = outside(found, DeployedJob(1, "n", document), settings)["versions"]
    return {name: version and version.number for name, version in seen.items()}


@pytest.mark.e2e
def test_tables_at_places_of_their_own_are_seen(project, client, tmp_path):
    """External ones, and those of a schema that has a place; without a driver as it said last."""
    own, away = tmp_path / "own place", tmp_path / "away"
    session = client(
        f"""
        spark.sql("CREATE TABLE own (x INT) USING delta LOCATION '{own}'")
        spark.sql("CREATE TABLE inside (x INT) USING delta")
        spark.sql("CREATE SCHEMA away LOCATION '{away}'")
        spark.sql("CREATE TABLE away.t (x INT) USING delta")
        spark.sql("CREATE VIEW a_view AS SELECT 1 AS x")
        print("made", flush=True)
        sys.stdin.readline()
        spark.sql("INSERT INTO own VALUES (1)")
        spark.sql("DROP TABLE away.t")
        print("changed", flush=True)
        sys.stdin.readline()
        """
    )
    assert session.line() == "made"
    first = {"own": 0, "inside": 0, "away.t": 0}
    assert versions(project) == dict.fromkeys(NAMES) | first
    assert set(kept(project)) == {"default.own", "away.t"}
    driver = project.state_directory / "driver.json"
    hidden = driver.rename(driver.with_suffix(".away"))
    try:
        session.tell()
        assert session.line() == "changed"
        assert versions(project)["own"] == 1
        assert set(kept(project)) == {"default.own", "away.t"}
    finally:
        hidden.rename(driver)
    assert versions(project) == dict.fromkeys(NAMES) | {"own": 1, "inside": 0}
    assert set(kept(project)) == {"default.own"}
    session.tell()
    session.result()
