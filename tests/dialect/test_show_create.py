"""The statement that creates a Delta table, from what Delta's log says of it."""

from __future__ import annotations

from nbkit.dialect.show_create import ddl


def column(name, kind, *, nullable=True, **metadata):
    return {"name": name, "ddl": kind, "nullable": nullable, "metadata": metadata}


def test_all_that_a_table_can_be_created_with_is_told():
    """It is what an author would write, in Databricks' order."""
    identity = {"delta.identity.start": 1, "delta.identity.step": 2}
    columns = [
        column("id", "bigint", nullable=False, **identity),
        column("order day", "date", **{"delta.generationExpression": "CAST(at AS DATE)"}),
        column("at", "timestamp", CURRENT_DEFAULT="now()", comment="it's when"),
        column("lines", "array<struct<Item:string>>"),
    ]
    said = ddl(
        "main.gold.orders",
        columns,
        partitioned=["order day"],
        location="file:/lake",
        comment="all",
        properties={"delta.minReaderVersion": "1", "a": "b"},
    )
    assert (
        said
        == """CREATE TABLE main.gold.orders (
  id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 2),
  `order day` DATE GENERATED ALWAYS AS (CAST(at AS DATE)),
  at TIMESTAMP DEFAULT now() COMMENT 'it\\'s when',
  lines array<struct<Item:string>>)
USING delta
PARTITIONED BY (`order day`)
LOCATION 'file:/lake'
COMMENT 'all'
TBLPROPERTIES (
  'a' = 'b',
  'delta.minReaderVersion' = '1')
"""
    )


def test_a_plain_table_has_a_plain_statement():
    """What there is not, is not said."""
    said = ddl("t", [column("id", "int")], clustered=["id"])
    assert said == "CREATE TABLE t (\n  id INT)\nUSING delta\nCLUSTER BY (id)\n"
