"""When a task runs, by how its parents ended: one table, of which `run_if` may name each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

Standing = Literal["succeeded", "failed", "canceled", "excluded", "unmatched", "disabled"]
"""What a parent that is over counts as."""

_GOOD = frozenset({"succeeded", "excluded"})
_FAILING = frozenset({"failed", "canceled"})


class Rule(NamedTuple):
    """One value of `run_if`.

    Attributes:
        asks: what for, in words, as in "every parent to succeed".
        met: tells whether the standings of the parents, of which there is one at least, meet it.
        handles: whether it asks for failures, so that without one the task is excluded.
        all_good: whether one disabled parent disables the task.
    """

    asks: str
    met: Callable[[AbstractSet[Standing]], bool]
    handles: bool = False
    all_good: bool = False


RUN_IF_RULES: dict[str, Rule] = {
    "ALL_SUCCESS": Rule("every parent to succeed", lambda found: found <= _GOOD, all_good=True),
    "ALL_DONE": Rule("every parent to be over", lambda _: True),
    "NONE_FAILED": Rule(
        "no parent to fail", lambda found: found != {"disabled"} and not found & _FAILING
    ),
    "AT_LEAST_ONE_SUCCESS": Rule("a parent that succeeded", lambda found: bool(found & _GOOD)),
    "ALL_FAILED": Rule("every parent to fail", lambda found: found <= _FAILING, handles=True),
    "AT_LEAST_ONE_FAILED": Rule(
        "a parent that failed", lambda found: bool(found & _FAILING), handles=True
    ),
}

if TYPE_CHECKING:
    RunIf = str
else:
    RunIf = Literal[tuple(RUN_IF_RULES)]
"""A value of `run_if`: a name in the table, and no other."""
