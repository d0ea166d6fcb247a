"""How much memory the driver's JVM may use for objects."""

from __future__ import annotations

import os
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup/memory.max")
_LEAST, _MOST = 1 << 30, 16 << 30
_PART = 4
_POWERS = {"k": 10, "m": 20, "g": 30, "t": 40}


def machine_bytes() -> int | None:
    """Return the memory of this machine or container; None where nothing tells."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    try:
        limit = _GROUP.read_text("ascii").strip()
    except OSError:
        return there
    return min(there, int(limit)) if limit.isdigit() else there


def heap(wanted: str, there: int | None = None) -> str:
    """Return the size of the heap, as the JVM spells it.

    Args:
        wanted: `memory` under `[spark]`; empty for a quarter of the machine, from 1 to 16 GB.
        there: bytes that the machine has; by default looked up.
    """
    if wanted:
        return wanted
    there = machine_bytes() if there is None else there
    size = min(_MOST, max(_LEAST, (there or _LEAST) // _PART))
    return f"{size >> 20}m"


def bytes_of(size: str) -> int:
    """Read a size as the JVM spells it, such as 4g or 512m; 0 when it is none."""
    digits, unit = size[:-1], size[-1:].lower()
    return int(digits) << _POWERS[unit] if digits.isdigit() and unit in _POWERS else 0
