"""Near misses: the valid name that somebody probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FEW = 8


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that looks most like `name`; None if nothing comes near."""
    lowered: dict[str, str] = {}
    for candidate in names:
        lowered.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(name.lower(), lowered, n=1)
    return lowered[found[0]] if found else None


def meant(name: str, names: Iterable[str]) -> str:
    """Return what to add to a message about a wrong name: the nearest, if one comes near."""
    near = nearest(name, names)
    return f"; nearest: {near}" if near else ""


def hint(name: str, names: Iterable[str], shown: Callable[[str], str] = str) -> str:
    """Return what to add to a message about a wrong name: the nearest, or the few there are.

    Args:
        name: the wrong one.
        names: those that there are.
        shown: how one of them is shown.
    """
    known = list(names)
    near = nearest(name, known)
    if near:
        return f"; nearest: {shown(near)}"
    return f"; known: {', '.join(map(shown, known))}" if 0 < len(known) <= _FEW else ""
