"""Which secrets a parameter may hold: those that an author wrote into it, at their very places.

A reference to a secret stays as it is written until a kernel puts in the value, so that no value
is ever on record. What the kernel may replace is told by place: text that looks like a reference
and came out of data (a task value, an input, an argument) is data and stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbkit.graph.references import Literal
from nbkit.rules.references import as_text, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.rules.references import Scope

    Places = tuple[tuple[int, int], ...]
    """Where references to secrets begin and end in a text."""

_SECRET = re.compile(r"\{\{\s*secrets/[^/}\s]+/[^/}\s]+\s*\}\}")


def secret_places(text: str, scope: Scope) -> Places:
    """Return where the secrets of an author's text are in what it stands for.

    Raises:
        NoValueError: a reference in the text has no value.
    """
    if "{{" not in text:
        return ()
    found: list[tuple[int, int]] = []
    done = 0
    for piece, value in pieces(text, scope):
        shown = as_text(value)
        if isinstance(piece, Literal):
            here: Places = tuple(each.span() for each in _SECRET.finditer(shown))
        elif piece.path[:2] == ("job", "parameters"):  # its own author may have named secrets
            here = scope.state.secrets.get(".".join(piece.path[2:]), ())
        else:
            here = ()
        found += [(done + start, done + end) for start, end in here]
        done += len(shown)
    return tuple(found)


def named(places: Mapping[str, Places]) -> dict[str, Places]:
    """Return the places of those parameters that have any."""
    return {name: found for name, found in places.items() if found}
