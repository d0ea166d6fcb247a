"""SQL text of several statements, one by one."""

from __future__ import annotations

import re
import typing

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$|;""", re.DOTALL
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SCRIPT = re.compile(r"BEGIN\b", re.IGNORECASE)


def statements(text: str) -> Iterator[str]:
    """Yield the statements between semicolons; a SQL script, `BEGIN … END`, is one of them."""
    if _SCRIPT.match(_COMMENT.sub("", text).strip()):
        yield text.strip().rstrip(";")
        return
    start = 0
    for piece in _PIECES.finditer(text):
        if piece[0] == ";":
            yield from _if_any(text[start : piece.start()])
            start = piece.end()
    yield from _if_any(text[start:])


def _if_any(text: str) -> Iterator[str]:
    if _COMMENT.sub("", text).strip():
        yield text.strip()
