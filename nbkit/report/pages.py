"""Where pages go: beside what they show, or where that cannot be written, into a folder of ours."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def written(page: Path, write: Callable[[Path], None]) -> Path:
    """Write a page and return where it is now.

    Args:
        page: where it belongs.
        write: writes it; its links start at the folder that it goes to.

    Raises:
        OSError: it cannot be written there, nor into the folder for temporary files.
    """
    try:
        write(page)
    except OSError:  # a project that one may only read, or that has no room left
        page = Path(tempfile.mkdtemp(prefix="nbkit-page-")) / page.name
        write(page)
    return page
