"""Text that can be stored and sent: half a surrogate pair, which is no character, is escaped."""

from __future__ import annotations

from typing import Any


def storable(text: str) -> str:
    r"""Return a text that UTF-8 can have: a lone surrogate becomes its escape, such as `\ud83d`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def is_storable(value: Any) -> bool:
    """Say whether every text in JSON-like data is storable."""
    if isinstance(value, str):
        return value.isascii() or storable(value) is value
    if isinstance(value, dict):
        return all(is_storable(name) and is_storable(part) for name, part in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_storable, value))
    return True


def storable_data(value: Any) -> Any:
    """Return JSON-like data with every text made storable, names of fields too."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_data(name): storable_data(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable_data(part) for part in value]
    return value
