"""What changed between two output notebooks, cell by cell, without the noise of running.

Cells are matched by nbdime. What every run changes is taken out first: metadata, cell ids,
execution counts, and in outputs the times, durations, addresses and ids.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbkit.report.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbformat import NotebookNode

_MADE_BY_RUNS = frozenset({"papermill-error-cell-tag", "nbkit-header"})
"""Tags of cells that are about the run and not of the notebook."""

LONGEST_OUTPUT = 20_000
"""Characters of an output that are compared: enough for tables, not for dumps."""

_NOISE = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"),
     "«time»"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "«time»"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "«id»"),
    (re.compile(r"\b0x[0-9a-f]{6,16}\b", re.IGNORECASE), "«address»"),
    (re.compile(r"\b\d+(?:\.\d+)?(?: ?(?:ns|µs|us|ms|s|min)| seconds?| minutes?)\b"),
     "«duration»"),
    (re.compile(r"\b(In|Out) ?\[\d+\]"), r"\1[·]"),
    (re.compile(r"\bipykernel_\d+\b"), "ipykernel_·"),
    (re.compile(r"\bruns/\d+/"), "runs/·/"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that is not the same in both notebooks.

    Attributes:
        change: what happened to it.
        kind: `code` or `markdown`.
        number: its place in the notebook that has it, from 1; the later one if both do.
        source, outputs: lines of a unified diff, or the whole with `+` or `-`; empty if equal.
    """

    change: Literal["added", "removed", "changed"]
    kind: str
    number: int
    source: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell without noise; `number` is its place in its notebook, from 1."""

    kind: str
    source: str
    outputs: str
    number: int


def notebook_changes(before: NotebookNode, after: NotebookNode) -> tuple[CellChange, ...]:
    """Return what changed from one output notebook to another, in the order of the later one."""
    old, new = _cells(before), _cells(after)
    found: list[CellChange] = []
    for left, right in _matched(old, new):
        if left is None or right is None:
            cell = left or right
            assert cell is not None
            sign = "-" if right is None else "+"
            change: Literal["added", "removed"] = "removed" if right is None else "added"
            found.append(
                CellChange(
                    change,
                    cell.kind,
                    cell.number,
                    _signed(sign, cell.source),
                    _signed(sign, cell.outputs),
                )
            )
        elif (left.source, left.outputs) != (right.source, right.outputs):
            found.append(
                CellChange(
                    "changed",
                    right.kind,
                    right.number,
                    _lines(left.source, right.source),
                    _lines(left.outputs, right.outputs),
                )
            )
    return tuple(found)


def _cells(notebook: NotebookNode) -> list[_Cell]:
    return [
        _Cell(
            cell.cell_type,
            str(cell.source),
            "\n".join(_output(output) for output in _joined(cell.get("outputs", ()))),
            number,
        )
        for number, cell in enumerate(notebook.cells, 1)
        if not _MADE_BY_RUNS & set(cell.metadata.get("tags", ()))
    ]


def _matched(
    old: Sequence[_Cell], new: Sequence[_Cell]
) -> Iterator[tuple[_Cell | None, _Cell | None]]:
    """Yield the pairs of cells that nbdime takes for the same one; None for no partner."""
    from nbdime.diffing.notebooks import diff_notebooks  # type: ignore[import-untyped]

    changes = diff_notebooks(_skeleton(old), _skeleton(new))
    steps: list[Any] = next((step.diff for step in changes if step.key == "cells"), [])
    at = to = 0
    for step in steps:
        while at < step.key:
            yield old[at], new[to]
            at, to = at + 1, to + 1
        if step.op == "addrange":
            for _ in step.valuelist:
                yield None, new[to]
                to += 1
        elif step.op == "removerange":
            for _ in range(step.length):
                yield old[at], None
                at += 1
        else:
            yield old[at], new[to]
            at, to = at + 1, to + 1
    while at < len(old):
        yield old[at], new[to]
        at, to = at + 1, to + 1


def _skeleton(cells: Sequence[_Cell]) -> NotebookNode:
    """Return the cells as a notebook that holds what cells are matched by: their sources."""
    from nbformat import from_dict

    code: dict[str, Any] = {"execution_count": None, "outputs": []}
    made: list[dict[str, Any]] = [
        {
            "cell_type": cell.kind,
            "metadata": {},
            "source": cell.source,
            **(code if cell.kind == "code" else {}),
        }
        for cell in cells
    ]
    return from_dict({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made})


def _joined(outputs: Sequence[Any]) -> Iterator[Any]:
    """Yield outputs, pieces of one stream as one: where they were cut is chance."""
    pieces: list[Any] = []
    for output in outputs:
        last = pieces[-1] if pieces else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            pieces[-1] = {**last, "text": last["text"] + output.text}
        else:
            pieces.append(dict(output))
    yield from pieces


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return _quiet(output["text"])
    if output["output_type"] == "error":
        return _quiet(f"{output['ename']}: {output['evalue']}")
    data = output.get("data", {})
    shown = [name for name in sorted(data) if name.startswith(("image/", "application/"))]
    pictures = [f"[{name} {_digest(data[name])}]" for name in shown if "jupyter" not in name]
    text = _quiet(str(data.get("text/plain", ""))) if not pictures else ""
    if not pictures and "text/html" in data:
        text = _quiet(re.sub(r"<[^>]*>", " ", re.sub(r"</tr>", "\n", str(data["text/html"]))))
    return "\n".join([*pictures, *([text] if text else [])])


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _quiet(text: str) -> str:
    """Return a text without what differs from run to run."""
    text = plain(text[:LONGEST_OUTPUT])
    for pattern, instead in _NOISE:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _signed(sign: str, text: str) -> tuple[str, ...]:
    return tuple(f"{sign}{line}" for line in text.splitlines())


def _lines(before: str, after: str) -> tuple[str, ...]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return tuple(found)[2:]
