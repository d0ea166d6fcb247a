"""Whether a process is there, and patience until it is not."""

from __future__ import annotations

import time
from pathlib import Path


def running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def soon(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False
