"""Text that may hold what is no Unicode: bytes of file names, halves of characters."""

from __future__ import annotations

from typing import Any


def readable(text: str) -> str:
    r"""Return text in which what is no Unicode stands as a visible escape, such as `\xe9`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text
    try:  # bytes of a file's name or of a command line
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # halves of characters
        return text.encode("utf-8", "backslashreplace").decode()


def is_readable(value: Any) -> bool:
    """Say whether every text of a document is readable as it is."""
    if isinstance(value, str):
        return value.isascii() or readable(value) is value
    if isinstance(value, dict):
        return all(is_readable(name) and is_readable(inner) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_readable, value))
    return True


def readable_throughout(value: Any) -> Any:
    """Return a document whose texts, names of fields too, are all readable."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {
            readable_throughout(name): readable_throughout(inner) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [readable_throughout(inner) for inner in value]
    return value
