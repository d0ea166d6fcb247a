"""The project's file of secrets, as the service changes it: for its owner's eyes only.

Notebooks read the same file (`nbkit.toolkit.secret_store`). A person's comments stay where they
are, as far as the change can be made around them.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.settings import Settings

    Tables = dict[str, dict[str, str]]

_FILE_NAME = "secrets.toml"
_HEADER = re.compile(r"\s*\[\s*(\"(?:[^\"\\]|\\.)*\"|[\w-]+)\s*\]\s*(?:#.*)?$")
_ENTRY = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|[\w-]+)\s*=")


def read(settings: Settings) -> Tables:
    """Return all secrets, by scope and key.

    Raises:
        UsageError: others can read the file, or it is not what it should be.
    """
    file = _file(settings)
    return _tables(_text(file), file)


@contextmanager
def changing(settings: Settings) -> Iterator[Tables]:
    """Yield all secrets; as they are changed, so is the file.

    Raises:
        UsageError: the file cannot be used; nothing was changed.
    """
    from nbkit.spark.discovery import make_state_directory

    make_state_directory(settings)
    file = _file(settings)
    with FileLock(f"{file}.lock", mode=0o600):
        before = _text(file)
        old = _tables(before, file)
        tables = {scope: dict(table) for scope, table in old.items()}
        yield tables
        if tables != old or not file.exists():
            _write(file, _edited(before, old, tables))


def _file(settings: Settings) -> Path:
    return settings.state_directory / _FILE_NAME


def _text(file: Path) -> str:
    try:
        mode = file.stat().st_mode
    except OSError:
        return ""
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise UsageError(f"Others can read {file}: run `chmod 600 {file}`")
    return file.read_text(encoding="utf-8")


def _tables(text: str, file: Path) -> Tables:
    try:
        found = tomllib.loads(text)
    except ValueError:  # its own message may quote a secret
        raise UsageError(f"{file} is not TOML") from None
    for scope, table in found.items():
        values = table.values() if isinstance(table, dict) else [None]
        if not all(isinstance(value, str) for value in values):
            raise UsageError(f"{file}: [{scope}] must be a table of texts")
    return found


def _edited(text: str, old: Tables, new: Tables) -> str:
    """Return the file's text with what changed; written anew if its lines do not allow that."""
    lines = text.splitlines()
    for scope in old.keys() - new.keys():
        start, end = _section(lines, scope)
        del lines[start:end]
    for scope, table in new.items():
        if scope not in old:
            lines += [f"[{_quoted(scope)}]"]
        before = old.get(scope, {})
        for key in before.keys() - table.keys():
            _set(lines, scope, key, None)
        for key, value in table.items():
            if before.get(key) != value:
                _set(lines, scope, key, value)
    made = "".join(f"{line}\n" for line in lines)
    with suppress(ValueError):
        if tomllib.loads(made) == new:
            return made
    return "".join(
        f"[{_quoted(scope)}]\n"
        + "".join(f"{_quoted(key)} = {_quoted(value)}\n" for key, value in table.items())
        for scope, table in new.items()
    )


def _section(lines: list[str], scope: str) -> tuple[int, int]:
    """Return where the lines of a scope begin and end."""
    heads = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    for at, after in zip(heads, [*heads[1:], len(lines)], strict=True):
        found = _HEADER.match(lines[at])
        if found and _plain(found[1]) == scope:
            return at, after
    return len(lines), len(lines)


def _set(lines: list[str], scope: str, key: str, value: str | None) -> None:
    start, end = _section(lines, scope)
    entry = [] if value is None else [f"{_quoted(key)} = {_quoted(value)}"]
    for at in range(start + 1, end):
        found = _ENTRY.match(lines[at])
        if found and _plain(found[1]) == key:
            lines[at : at + 1] = entry
            return
    lines[start + 1 : start + 1] = entry


def _plain(name: str) -> str:
    if not name.startswith('"'):
        return name
    with suppress(ValueError):
        return str(json.loads(name))
    return name


def _quoted(text: str) -> str:
    """Return a text as TOML has it: JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(file: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".nbkit-", suffix=".tmp")  # 0600
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(file)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
