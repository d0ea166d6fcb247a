"""What a process reads of its environment once, when it starts: a fork of it cannot follow later.

A kernel whose notebook wants another value of one of these is started instead of forked.
"""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

from nbkit.whole_file import umask

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = frozenset({"GLIBC_TUNABLES", "HOME", "IPYTHONDIR", "LANG", "LANGUAGE", "OPENSSL_CONF"})
_FAMILIES = (
    "PYTHON",  # the interpreter: PYTHONHASHSEED, PYTHONPATH, PYTHONUTF8 …
    *("LD_", "DYLD_", "MALLOC_"),  # the loader and the allocator of the system
    "LC_",  # the locale
    *("BLIS_", "GOMP_", "GOTO_", "KMP_", "MKL_", "NUMEXPR_", "OMP_", "OPENBLAS_", "VECLIB_"),
    *("ARROW_", "MPL", "NPY_", "PANDAS_"),  # libraries that are imported ahead
)


def is_read_once(name: str) -> bool:
    """Say whether a process looks at an environment variable only when it starts."""
    return name in _NAMES or name.startswith(_FAMILIES)


def read_once(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of an environment that are read once."""
    return {name: value for name, value in environment.items() if is_read_once(name)}


def must_start(wanted: Mapping[str, str], forked_from: Mapping[str, str]) -> bool:
    """Say whether a process with this environment cannot be a fork of one with that."""
    return read_once(wanted) != read_once(forked_from)


def follow_environment() -> None:
    """Do what Python does at its start for variables that can be followed: TZ, TMPDIR."""
    if hasattr(time, "tzset"):
        time.tzset()
    tempfile.tempdir = None


def limits() -> list[object]:
    """Return what else a fork has of its parent: the mode of new files, and limits of use."""
    if os.name != "posix":
        return []
    import resource

    names = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))
    return [umask(), *(resource.getrlimit(getattr(resource, name)) for name in names)]
