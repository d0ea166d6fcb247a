"""The user's cache of what is downloaded or built once: jars, class data, metastore template."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable


def cache_directory() -> Path:
    """Return the cache folder: NBKIT_CACHE, or the platform's place for such."""
    chosen = os.environ.get("NBKIT_CACHE")
    return Path(chosen).absolute() if chosen else user_cache_path("nbkit")


def once(target: Path, build: Callable[[Path], None]) -> Path:
    """Return `target`, built by `build(empty folder)` if it does not exist yet.

    A folder is either whole or absent: it is built beside its place and renamed. Of several
    processes at once, one builds and the others wait.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(target.name + ".lock")):
        if target.exists():
            return target
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            build(scratch)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target
