"""`condition_task`: an If/else, which the rules decide without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nbkit.graph.fields import Part, Text
from nbkit.graph.findings import Finding, shown
from nbkit.graph.kinds.kind import TaskKind
from nbkit.graph.references import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.kinds.kind import Block

ConditionOp = Literal[
    "EQUAL_TO",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
]
_AS_TEXT = ("EQUAL_TO", "NOT_EQUAL")


class ConditionTask(Part):
    """If/else: compare two operands. Its outcome opens or closes the ways that follow."""

    op: ConditionOp
    left: Text
    right: Text


def _wrong(condition: ConditionTask, loc: Loc) -> Iterator[Finding]:
    if condition.op in _AS_TEXT:
        return
    for side in ("left", "right"):
        operand = getattr(condition, side)
        if not references(operand) and not _is_number(operand):
            message = f"{condition.op} compares numbers, and {shown(operand)} is none"
            yield Finding((*loc, side), message, "warning")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _subject(block: Block) -> str:
    return f"{block.get('left', '')} {block.get('op', '')} {block.get('right', '')}"


CONDITION = TaskKind(
    name="condition_task",
    model=ConditionTask,
    label="if/else",
    runs="rules",
    subject=_subject,
    wrong=_wrong,
    meaningless=(
        *("max_retries", "min_retry_interval_millis", "retry_on_timeout"),
        *("email_notifications", "webhook_notifications", "notification_settings"),
        *("job_cluster_key", "existing_cluster_id", "new_cluster", "environment_key"),
    ),
)
