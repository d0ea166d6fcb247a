"""Ledgers in every database that they can be in."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a ledger that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs/ledger.db"
    return request.getfixturevalue("postgresql").database()
