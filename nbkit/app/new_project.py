"""Writes a small project that runs and passes its tests as it stands."""

from __future__ import annotations

import json
from pathlib import Path

from nbkit.errors import UsageError

_STARTER = Path(__file__).with_name("starter")
_SUFFIX = ".template"


def write_project(directory: Path) -> list[Path]:
    """Write the files of a new project, and return them relative to its folder.

    Args:
        directory: made if it is not there; what is in it stays.

    Raises:
        UsageError: a file of the project is there already, and nothing was written.
    """
    directory = directory.resolve()
    files = _files(directory.name)
    taken = [str(path) for path in files if (directory / path).exists()]
    if taken:
        raise UsageError(f"{directory} has {', '.join(taken)} already; nothing was written")
    try:
        for path, text in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{directory} cannot be written: {error.strerror}") from None
    return list(files)


def _files(name: str) -> dict[Path, str]:
    """Return the text of each file, the project's name filled in."""
    found: dict[Path, str] = {}
    for template in sorted(_STARTER.rglob(f"*{_SUFFIX}")):
        path = template.relative_to(_STARTER).with_suffix("")
        called = json.dumps(name, ensure_ascii=False)[1:-1] if path.suffix == ".json" else name
        found[path] = template.read_text(encoding="utf-8").replace("$name", called)
    return found
