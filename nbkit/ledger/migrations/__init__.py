"""Take a ledger of an older nbkit along: a step for each version of the tables.

A step is a module `version_N` with a function `upgrade`, written with Alembic's operations. The
number is kept in the ledger itself (`nbkit_schema`), where every nbkit looks for it first, and
changes in the same transaction as the tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sqlalchemy import select, text, update

from nbkit.ledger.tables import SCHEMA_VERSION, schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

_EVERYBODY = 7_213_077_455
"""Whoever changes tables of a ledger holds this lock of PostgreSQL."""


def bring_up_to_date(connection: Connection) -> None:
    """Lead the tables to today's version, unless another process does so first."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _EVERYBODY})
    # SQLite begins a transaction at the first change, and tables are to change in one
    connection.execute(update(schema).values(version=schema.c.version))
    version = connection.scalar(select(schema.c.version)) or SCHEMA_VERSION
    if version >= SCHEMA_VERSION:
        return
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for number in range(version + 1, SCHEMA_VERSION + 1):
        import_module(f"{__name__}.version_{number}").upgrade(operations)
    connection.execute(update(schema).values(version=SCHEMA_VERSION))
