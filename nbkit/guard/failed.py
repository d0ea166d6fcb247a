"""`nbkit.fail`: end the notebook as a failure, in the author's words."""

from __future__ import annotations

from typing import NoReturn


class Failed(Exception):  # noqa: N818 - reads as the notebook's outcome: "Failed: no rows"
    """The author said that this cannot go on; no step tries again after it."""


def fail(message: object) -> NoReturn:
    """End the notebook here, as a failure; `dbutils.notebook.exit` is its opposite.

    Args:
        message: why, for a person.

    Raises:
        Failed: always. It is an ordinary exception: a step may record it and go on.
    """
    raise Failed(str(message))
