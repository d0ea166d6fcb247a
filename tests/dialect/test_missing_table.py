"""What is said of a table that is not there: the nearest that are, and of two catalogs."""

from __future__ import annotations

import pytest

from nbkit.dialect.missing_table import Here, Table, tail

THERE = [
    Table("", "bronze", "t1"),
    Table("", "default", "Plain"),
    Table("", "", "temporary"),
    Table("main", "silver", "orders"),
    Table("main", "silver", "my orders"),
    Table("dev", "silver", "customers"),
    Table("prod", "silver", "customers"),
    Table("main", "größe", "länge"),
]
ORDERS = "main.silver.orders"
TWO = 'with `[spark] default_catalog = "main"` in nbkit.toml, '
AS = ", as it does on Databricks"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (
            ["main", "bronze", "t1"],
            f", but bronze.t1 in another catalog: {TWO}bronze.t1 means main.bronze.t1{AS}",
        ),
        (
            ["SILVER", "Orders"],
            f", but {ORDERS} in another catalog: {TWO}silver.orders means {ORDERS}{AS}",
        ),
        (["hive_metastore", "silver", "orders"], ", but main.silver.orders in another catalog"),
        (
            ["main", "silver", "customers"],
            ", but dev.silver.customers, prod.silver.customers in another catalog",
        ),
        (["main", "silver", "ordrs"], "; nearest: main.silver.orders"),
        (["silver", "oders"], "; nearest: main.silver.orders"),
        (["orders"], "; nearest: main.silver.orders"),
        (["my orders"], "; nearest: main.silver.`my orders`"),
        (["plian"], "; nearest: default.Plain"),
        (["temporray"], "; nearest: temporary"),
        (["bronze.t1x"], "; nearest: bronze.t1"),
        (["main.silver.order"], "; nearest: main.silver.orders"),
        (["lange"], "; nearest: main.größe.länge"),
        (["t1"], "; nearest: bronze.t1"),
    ],
)
def test_what_is_said(missing, said):
    """Whatever the name has: levels, case, back-ticks around the whole, letters of any language."""
    assert tail(missing, Here(), THERE) == said


@pytest.mark.parametrize(
    "missing",
    [["bronze", "t1"], ["Main", "silver", "orders"], ["delta", "/a/b"], ["a", "b", "c", "d"], [""]],
)
def test_of_what_is_there_nothing_is_said(missing):
    """Something else is wrong with it; nor of a path, nor of what is no name."""
    assert tail(missing, Here(), THERE) == ""


def test_with_another_catalog_in_use_names_say_theirs():
    """Two parts are of the catalog in use; the session's own has a name then."""
    here = Here("main", "silver")
    assert tail(["ordrs"], here, THERE) == "; nearest: main.silver.orders"
    assert (
        tail(["bronze", "t1"], here, THERE) == ", but hive_metastore.bronze.t1 in another catalog"
    )
    assert tail(["t2"], Here("main", "x", "spark_catalog"), THERE[:1]) == (
        "; known: spark_catalog.bronze.t1"
    )


def test_where_nothing_comes_near_only_few_are_named():
    """As `near.hint` has it."""
    assert tail(["xyz"], Here(), THERE[:2]) == "; known: default.Plain, bronze.t1"
    assert tail(["xyz"], Here(), [Table("", "s", f"table{n}") for n in range(20)]) == ""
    assert tail(["xyz"], Here(), []) == ""
