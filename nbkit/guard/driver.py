"""A step that loses the Spark driver may try again: with a new one."""

from __future__ import annotations

import sys

from nbkit.errors import SetupError
from nbkit.toolkit.session import session


def is_lost(error: BaseException) -> bool:
    """Say whether an error means that the driver of the notebook's session is gone."""
    if "py4j" not in sys.modules or not session.attached:
        return False
    from nbkit.spark import lease

    return lease.lost(error)


def let_go() -> None:
    """Drop the lost session, temporary views included: the next use of Spark gets a new one.

    A driver lost for good is told to the runner by the error that ends the notebook, not here.
    """
    session.lose(SetupError("The Spark driver went away during a step."))
