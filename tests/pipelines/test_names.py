"""Names of datasets."""

from __future__ import annotations

import pytest

from nbkit.pipelines.resolve.names import Naming, parts_of, quoted


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
    naming = Naming("shop", "Dev", {"dev": "dev__", "main": "main__", "hive_metastore": ""})
    names = ("orders", "silver.orders", "main.silver.orders", "hive_metastore.a.b", "LIVE.orders")
    assert [naming.key(name) for name in names] == [
        *("dev__shop.orders", "dev__silver.orders", "main__silver.orders", "a.b"),
        "dev__shop.orders",
    ]
    assert naming.outside("silver.orders", {"dev__silver.orders"}.__contains__) == (
        "dev__silver.orders"
    )
    assert naming.outside("silver.orders", set().__contains__) is None
    assert naming.outside("json.`/a/b.json`", {"dev__json.`/a/b.json`"}.__contains__) is None
    assert naming.outside("live.orders", set().__contains__) == "dev__shop.orders"


def test_backticks_hold_a_part_together():
    """Two backticks within are one."""
    assert parts_of("`a.b`.`c``d`") == ("a.b", "c`d")
    assert quoted("a b.c") == "`a b`.c"
