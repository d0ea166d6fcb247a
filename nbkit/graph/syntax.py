"""What the readers of JSON and YAML have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.graph.findings import Finding, Loc

if TYPE_CHECKING:
    from collections.abc import Iterator


class SyntaxProblem(Exception):  # noqa: N818 - it becomes a Problem, and only there an error
    """The text cannot be read; the message says why and where."""


class Document(NamedTuple):
    """The plain data of a file.

    Attributes:
        value: what it holds.
        repeated: warnings of names given more than once in one object; the last one counts.
    """

    value: Any
    repeated: tuple[Finding, ...] = ()


def repetition(loc: Loc, name: str) -> Finding:
    """Return the warning that an object has a name more than once."""
    return Finding((*loc, name), f"{name} is given more than once; the last one counts", "warning")


def repeated_in(value: Any, repeated: dict[int, list[str]], loc: Loc = ()) -> Iterator[Finding]:
    """Find the places of objects, known by their ids, that have names more than once."""
    if not repeated:
        return
    if isinstance(value, dict):
        for name in repeated.get(id(value), ()):
            yield repetition(loc, name)
        for name, inner in value.items():
            yield from repeated_in(inner, repeated, (*loc, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from repeated_in(inner, repeated, (*loc, position))
