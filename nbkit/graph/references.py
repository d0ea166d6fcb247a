"""Dynamic value references: `{{job.parameters.day}}` and the like, wherever text may hold them.

Substitution is literal, without expressions. What is malformed or belongs to no namespace that
we know stays as it is written; a wrong key in a known namespace is an error. Names with special
characters stand in back-ticks: ``{{tasks.`001_-_x`.values.n}}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = r"(?:`[^`]+`|[\w-]+)"
_PATH = re.compile(rf"\s*({_NAME}(?:\.{_NAME})*)\s*", re.ASCII)
_NAMES = re.compile(_NAME, re.ASCII)
_SECRET = re.compile(r"\s*secrets/")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stays as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a value.

    Attributes:
        text: as written, with its braces.
        path: the names between the dots, without back-ticks.
    """

    text: str
    path: tuple[str, ...]


Piece = Literal | Reference


def parse(text: str) -> list[Piece]:
    """Split text into literal pieces and references; joined, their texts are the text."""
    pieces: list[Piece] = []
    done = 0
    for braces in _BRACES.finditer(text):
        path = _PATH.fullmatch(braces[1])
        if path is None:
            continue
        if braces.start() > done:
            pieces.append(Literal(text[done : braces.start()]))
        names = tuple(name.strip("`") for name in _NAMES.findall(path[1]))
        pieces.append(Reference(braces[0], names))
        done = braces.end()
    if done < len(text):
        pieces.append(Literal(text[done:]))
    return pieces


def references(text: str) -> list[Reference]:
    """Return the references in a text."""
    if "{{" not in text:
        return []
    return [piece for piece in parse(text) if isinstance(piece, Reference)]


def malformed(text: str) -> list[str]:
    """Return what stands in double braces but is no reference; it stays as it is written."""
    if "{{" not in text:
        return []
    return [
        braces[0]
        for braces in _BRACES.finditer(text)
        if not _PATH.fullmatch(braces[1]) and not _SECRET.match(braces[1])
    ]
