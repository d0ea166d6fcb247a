"""Text that may hold what is no Unicode: bytes of file names, halves of characters."""

from __future__ import annotations

from typing import Any


def readable(text: str) -> str:
    r"""Return text in which what is no Unicode stands as a visible escape, such as `\xe9`."""
    if not any("\ud800" <= each <= "\udfff" for each in text):
        return text
    try:  # bytes of a file's name or of a command line
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # halves of characters
        return text.encode("utf-8", "backslashreplace").decode()


def readable_throughout(value: Any) -> Any:
    """Return a document whose texts, names of fields too, are all readable."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {
            readable_throughout(name): readable_throughout(inner) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [readable_throughout(inner) for inner in value]
    return value
