"""Names of datasets."""

from __future__ import annotations

import pytest

from nbkit.pipelines.names import Naming, parts_of, quoted


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Orders", "shop.orders"),
        ("`my.orders`", "shop.my.orders"),
        ("LIVE.orders", "shop.orders"),
        ("silver.Orders", "silver.orders"),
        ("`silver`.`orders`", "silver.orders"),
        ("main.silver.orders", "silver.orders"),
        ("spark_catalog.silver.orders", "silver.orders"),
        ("other.silver.orders", None),
        ("", None),
        ("a..b", None),
    ],
)
def test_a_name_stands_for_one_key(name, key):
    """LIVE and the pipeline's own catalog add nothing; another catalog is none of ours."""
    assert Naming("shop", "main").key(name) == key


def test_backticks_hold_a_part_together():
    """Two backticks within are one."""
    assert parts_of("`a.b`.`c``d`") == ("a.b", "c`d")
    assert quoted("a b.c") == "`a b`.c"
