"""Leases of runs, the folder of the project that a run was begun in, and quick lists of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Text, text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Change the tables of version 1."""
    root = Column("root", Text, nullable=False, server_default="")
    operations.add_column("runs", root)
    operations.create_index("runs_by_job", "runs", ["job_name", "run_id"])
    operations.create_table(
        "leases",
        Column("run_id", Integer, ForeignKey("runs.run_id"), primary_key=True, autoincrement=False),
        Column("fence", Integer, nullable=False),
        Column("owner", String(32), nullable=False),
        Column("host", Text, nullable=False),
        Column("machine", Text, nullable=False),
        Column("lock", Text, nullable=False),
        Column("expires_at", BigInteger),
        Column("job_id", BigInteger, nullable=False),
        Column("state", String(10), nullable=False),
        Column("planned_at", BigInteger),
    )
    operations.create_index(
        "leases_open",
        "leases",
        ["job_id"],
        sqlite_where=text("state != 'over'"),
        postgresql_where=text("state != 'over'"),
    )
