"""A repository's own absolute path in a Databricks workspace, as this project has it.

`/Workspace/Users/me@example.com/shop/conf/a.yml` in the code of the project *shop* is `conf/a.yml`
here. Databricks keeps Git folders below a person's folder or `/Repos`, what is shared below
`/Workspace/Shared`, and what a bundle deploys below `.bundle/NAME/TARGET/files`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_REPOSITORY = re.compile(
    r"(?:/Workspace/(?:(?:Users|Repos)/[^/]+|Shared)|/Repos/[^/]+)"
    r"/(?:(?P<bundle>\.bundle/[^/]+/[^/]+/files)|[^/]+)(?=/|$)"
)
_stat = os.stat  # the real one: `nbkit.toolkit.python_files` wraps it


def split(path: str, project: Path) -> tuple[str, Path] | None:
    """Return the folder of a workspace that stands for a project, and a path's place in that.

    It is the folder of a repository, or one in it that is called as the project. What the path
    names is there, or the folder that it is in.

    Args:
        path: as the code has it.
        project: its folder here.

    Returns:
        None for a path that is none of a repository, or leads nowhere here.
    """
    found = _REPOSITORY.match(path)
    if found is None:
        return None
    ends = [found.end()]
    ends += [at.end() for at in re.finditer(r"/([^/]+)", path) if at[1] == project.name]
    for end in sorted(each for each in set(ends) if each >= found.end()):
        below = os.path.normpath(path[end:].lstrip("/") or ".")
        there = project / below
        if below == "." and not (found["bundle"] or path[:end].endswith(f"/{project.name}")):
            continue  # something else that lies beside repositories
        if not below.startswith("..") and (_is(there) or _is(there.parent)):
            return path[:end], there
    return None


def _is(path: Path) -> bool:
    try:
        _stat(path)
    except (OSError, ValueError):
        return False
    return True
