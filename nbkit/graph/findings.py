"""Findings: problems while they are still tied to a place in the document."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from nbkit.errors import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

Loc = tuple[str | int, ...]
"""The way from the job's settings to a value: field names and list positions."""

_PLAIN = re.compile(r"[\w-]+", re.ASCII)
_SHOWN = 60


class Finding(NamedTuple):
    """Something wrong at one place of the document."""

    loc: Loc
    message: str
    severity: Severity = "error"


def pointer(loc: Loc) -> str:
    """Return a place as people read it: `tasks[2].depends_on[0].task_key`."""
    written = ""
    for step in loc:
        if isinstance(step, int):
            written += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            written += f".{step}"
        else:
            written += f"[{json.dumps(step, ensure_ascii=False)}]"
    return written.removeprefix(".")


def shown(value: object) -> str:
    """Return a value as a message may name it: short, as JSON spells it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def new_beside(found: Iterable[Finding], known: Iterable[Finding]) -> list[Finding]:
    """Return the findings that do not merely follow from a known one at or above their place."""
    broken = {finding.loc for finding in known}
    return [
        finding
        for finding in found
        if not any(finding.loc[:length] in broken for length in range(1, len(finding.loc) + 1))
    ]


def as_problems(found: Iterable[Finding]) -> tuple[Problem, ...]:
    """Return findings as problems, the job's own first, then task by task."""

    def place(finding: Finding) -> list[tuple[int, int, str]]:
        return [
            (1, step, "") if isinstance(step, int) else (int(step == "tasks"), 0, step)
            for step in finding.loc
        ]

    return tuple(
        dict.fromkeys(
            Problem(pointer(finding.loc), finding.message, finding.severity)
            for finding in sorted(found, key=place)
        )
    )
