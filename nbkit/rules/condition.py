"""If/else: how two operands compare.

EQUAL_TO and NOT_EQUAL compare text (`12.0` is not `12`), the four orderings compare numbers
(`12.0` is at least `12`). An operand is text, a number or a boolean; any other task value, and
text that is no number in an ordering, fails the condition.
"""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from nbkit.errors import Failure
from nbkit.rules.references import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.events import JsonValue

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ORDERINGS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


def compare(left: JsonValue, op: str, right: JsonValue) -> bool | Failure:
    """Return the outcome of a condition, or why it has none."""
    for side, operand in (("left", left), ("right", right)):
        if not isinstance(operand, str | int | float | bool):
            return _failed(
                f"The {side} operand is {as_text(operand)[:200]}; "
                "only text, numbers and booleans can be compared."
            )
    if op == "EQUAL_TO":
        return as_text(left) == as_text(right)
    if op == "NOT_EQUAL":
        return as_text(left) != as_text(right)
    if op not in _ORDERINGS:
        return _failed(f"There is no operator {op}.")
    numbers = []
    for side, operand in (("left", left), ("right", right)):
        text = as_text(operand).strip()
        if not _NUMBER.fullmatch(text):
            return _failed(f"{op} compares numbers; the {side} operand is {text[:200]!r}.")
        numbers.append(Decimal(text))
    return _ORDERINGS[op](*numbers)


def _failed(message: str) -> Failure:
    return Failure(cause="condition_error", message=message)
