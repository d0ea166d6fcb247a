"""Writing a file so that nobody ever reads half of it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

_PREFIX = ".nbkit-"


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that readers, and a crash at any moment, find the old or the new one.

    Raises:
        OSError: it cannot be written; the error names the file, and what was there is still there.
    """
    try:
        _replace(path, data)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~umask())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def umask() -> int:
    """Return what this process takes away from the mode of new files."""
    try:  # os.umask would change it for other threads for a moment
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    except (OSError, ValueError):
        pass
    return 0o022
