"""Names and texts as SQL writes them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_]\w*")


def quoted_part(part: str) -> str:
    """Return one name, or one part of it, as SQL text."""
    return part if _PLAIN.fullmatch(part) else "`" + part.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return text as a literal of SQL.

    Spark fills in `${name}` before it reads a statement, in texts as well: a value that happens
    to say that is no template.
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{")
    return f"'{escaped}'"
