"""The statement that writes an event, for whoever drives its run."""

from __future__ import annotations

from sqlalchemy import Integer, String, bindparam, insert, select

from nbkit.ledger.tables import events, leases

_RUN = bindparam("run", type_=Integer)
_FENCE = bindparam("fence", type_=Integer)
APPEND = (
    insert(events)
    .from_select(
        ["run_id", "seq", "at", "kind", "body"],
        select(
            _RUN,
            bindparam("seq_", type_=Integer),
            bindparam("at_", type_=events.c.at.type),
            bindparam("kind_", type_=String),
            bindparam("body_", type_=events.c.body.type),
        )
        .select_from(leases)
        .where(leases.c.run_id == _RUN, leases.c.fence == _FENCE)
        .with_for_update(read=True),
    )
    .execution_options(preserve_rowcount=True)
)
"""Write an event, if the fence still is what its writer was given; until the transaction is over,
nobody else takes the run."""
