"""The list of ready-made checks: a function with `@ready_made` is in it, and that is all it takes.

What `nbkit.quality` exports, what a file or a table of rules may name under `check`, and what the
documentation lists are read from here. Each such function takes the columns or figures that it is
about, then `action` and `name` (and `threshold` and `nulls` where rows are counted), and returns
an `Expectation` on rows or a check of the whole table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.quality.expectation import Expectation
    from nbkit.quality.table_checks import TableCheck

_Made = TypeVar("_Made", bound="Callable[..., Expectation | TableCheck]")

READY_MADE: dict[str, Callable[..., Expectation | TableCheck]] = {}
"""By name."""


def ready_made(make: _Made) -> _Made:
    """List a function that makes a check."""
    READY_MADE[make.__name__] = make
    return make
