"""Names of datasets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from nbkit.errors import DefinitionError
from nbkit.pipelines.declare.spec import Spec
from nbkit.pipelines.resolve.names import Naming, naming_of, of_two_levels, parts_of, quoted
from nbkit.spark.catalogs import ANY, DEFAULT, catalog_conf


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Orders", "shop.orders"),
        ("`my.orders`", "shop.my.orders"),
        ("LIVE.orders", "shop.orders"),
        ("silver.Orders", "silver.orders"),
        ("`silver`.`orders`", "silver.orders"),
        ("MAIN.silver.orders", "silver.orders"),
        ("spark_catalog.silver.orders", "silver.orders"),
        ("other.silver.orders", None),
        ("", None),
        ("a..b", None),
    ],
)
def test_a_name_stands_for_one_key(name, key):
    """LIVE and the pipeline's own catalog add nothing; another catalog is none of ours."""
    assert Naming("shop", "main", {"main": ""}).key(name) == key


def test_catalogs_have_schemas_of_their_own():
    """As for notebooks, a pipeline's tables stand where three-level names lead."""
    naming = Naming(
        "shop", "Dev", {"dev": "nbkit_dev__", "main": "nbkit_main__", "hive_metastore": ""}
    )
    names = ("orders", "silver.orders", "main.silver.orders", "hive_metastore.a.b", "LIVE.orders")
    assert [naming.key(name) for name in names] == [
        *("nbkit_dev__shop.orders", "nbkit_dev__silver.orders", "nbkit_main__silver.orders", "a.b"),
        "nbkit_dev__shop.orders",
    ]
    there = "spark_catalog.nbkit_dev__silver.orders"
    assert naming.outside("silver.orders", {there}.__contains__) == there
    assert naming.outside("silver.orders", set().__contains__) is None
    assert naming.outside("json.`/a/b.json`", lambda _: True) is None
    live = "spark_catalog.nbkit_dev__shop.orders"
    assert naming.outside("live.orders", set().__contains__) == live
    assert naming.written("nbkit_dev__silver.orders") == "Dev.silver.orders".lower()
    assert naming.written("silver.orders") == "hive_metastore.silver.orders"


def test_the_projects_default_catalog_is_a_pipelines_too():
    """Unless it names one; the session's own is meant by its name then, also with two levels."""
    conf = catalog_conf(["main", "hive_metastore"]) | {DEFAULT: "main"}
    naming = naming_of(Spec("p", Path()), Session(conf))
    assert naming.key("orders") == "nbkit_main__default.orders"
    own = naming_of(Spec("p", Path(), catalog="hive_metastore"), Session(conf))
    assert own.key("silver.orders") == "silver.orders"
    assert own.outside("silver.orders", lambda _: True) == "spark_catalog.silver.orders"
    assert own.written("silver.orders") == "silver.orders"
    assert naming_of(Spec("p", Path()), Session({})).outside("a.b", lambda _: True) is None


def test_backticks_hold_a_part_together():
    """Two backticks within are one."""
    assert parts_of("`a.b`.`c``d`") == ("a.b", "c`d")
    assert quoted("a b.c") == "spark_catalog.`a b`.c"
    assert of_two_levels("a b.c") == "`a b`.c"


class Session:
    """What of a session tells of catalogs."""

    def __init__(self, conf):
        self.kept = conf
        self.conf = self
        self._jsparkSession = self._jconf = self

    def getAll(self):  # noqa: N802 - Java's
        pairs = [f"{name} -> {value}" for name, value in self.kept.items()]
        return SimpleNamespace(mkString=lambda mark: mark.join(pairs))

    def get(self, key, default):
        return self.kept.get(key, default)

    def set(self, key, value):
        self.kept[key] = value

    def sessionState(self):  # noqa: N802 - PySpark's
        return self

    catalog = sessionState

    def listDatabases(self):  # noqa: N802 - PySpark's
        return self

    def mkString(self, mark):  # noqa: N802 - PySpark's
        return mark.join(["default", "nbkit_old__s"])


def test_a_pipeline_makes_the_catalogs_that_it_names():
    """With one note for each that is new; those that are there have none."""
    spark = Session({**catalog_conf(["main", "hive_metastore"]), ANY: "true"})
    notes = []
    names = ["orders", "lab.gold.totals", "main.a.b", "old.s.t", "spark_catalog.a.b"]
    naming = naming_of(Spec("p", Path(), catalog="Dev"), spark, names, notes)
    said = [each.message for each in notes]
    assert said == ["makes the catalog dev", "makes the catalog lab"]
    assert naming.key("orders") == "nbkit_dev__default.orders"
    assert naming.key("LAB.gold.totals") == "nbkit_lab__gold.totals"
    assert naming.key("old.s.t") == "nbkit_old__s.t"
    assert naming.key("nope.s.t") is None
    naming_of(Spec("p", Path(), catalog="dev"), spark, names, notes)
    assert len(notes) == 2


def test_a_pipeline_cannot_have_a_catalog_that_the_project_does_not_allow():
    """The message says which it can."""
    spark = Session(catalog_conf(["main"]))
    with pytest.raises(DefinitionError, match="no catalog mian here; nearest: main"):
        naming_of(Spec("p", Path(), catalog="mian"), spark)
