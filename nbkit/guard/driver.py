"""A step that loses the Spark driver may try again: with a new one."""

from __future__ import annotations

from nbkit.errors import SetupError
from nbkit.toolkit.session import session
from nbkit.toolkit.tracebacks import driver_lost


def is_lost(error: BaseException) -> bool:
    """Say whether an error means that the driver of the notebook's session is gone."""
    return session.attached and driver_lost(error)


def let_go() -> None:
    """Drop the lost session, temporary views included: the next use of Spark gets a new one.

    A driver lost for good is told to the runner by the error that ends the notebook, not here.
    """
    session.lose(SetupError("The Spark driver went away during a step."))
