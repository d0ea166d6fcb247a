"""The tables of the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 3
"""Raised when the tables change, with a step in `nbkit.ledger.migrations` that leads to it; an
older nbkit then refuses the ledger, with a clear message."""

metadata = MetaData()

schema = Table(
    "nbkit_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=True),
    Column("job_name", Text, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("graph", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("root", Text, nullable=False, server_default=""),
    Index("runs_by_job", "job_name", "run_id"),
    Index("runs_by_job_id", "job_id", "run_id"),
    sqlite_autoincrement=True,  # an id is never given twice, even after the newest run is deleted
)

events = Table(
    "events",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.run_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Index("events_by_kind", "run_id", "kind"),
)

requests = Table(
    "requests",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.run_id"), primary_key=True),
    Column("request", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", String(64), primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.run_id"), nullable=False),
)

leases = Table(
    "leases",
    metadata,
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
"""Who drives which run; see `nbkit.ledger.lease`."""

Index(
    "leases_open",
    leases.c.job_id,
    sqlite_where=leases.c.state != "over",
    postgresql_where=leases.c.state != "over",
)

jobs = Table(
    "jobs",
    metadata,
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
"""Deployed jobs; see `nbkit.ledger.deployed`."""

watches = Table(
    "watches",
    metadata,
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("trigger", String(40), primary_key=True),
    Column("memory", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)
"""What each trigger of a deployed job has seen so far."""

firings = Table(
    "firings",
    metadata,
    Column("job_id", BigInteger, primary_key=True, autoincrement=False),
    Column("trigger", String(40), primary_key=True),
    Column("planned_at", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("run_id", Integer),
    Column("message", Text, nullable=False),
)
"""When triggers fired, and what came of it."""
