"""Deployed jobs, what their triggers have seen, when those fired; quick lists by a job's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, String, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Change the tables of version 2."""
    operations.create_index("runs_by_job_id", "runs", ["job_id", "run_id"])
    operations.create_table(
        "jobs",
        Column("job_id", BigInteger, primary_key=True, autoincrement=False),
        Column("name", Text, nullable=False),
        Column("settings", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("root", Text, nullable=False),
        Column("creator", Text, nullable=False),
        Column("editor", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
    )
    operations.create_table(
        "watches",
        Column("job_id", BigInteger, primary_key=True, autoincrement=False),
        Column("trigger", String(40), primary_key=True),
        Column("memory", Text, nullable=False),
        Column("revision", Integer, nullable=False),
    )
    operations.create_table(
        "firings",
        Column("job_id", BigInteger, primary_key=True, autoincrement=False),
        Column("trigger", String(40), primary_key=True),
        Column("planned_at", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("run_id", Integer),
        Column("message", Text, nullable=False),
    )
