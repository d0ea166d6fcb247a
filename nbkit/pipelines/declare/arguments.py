"""What people give to the functions that declare: texts, lists and mappings, looked at by type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.declare.registry import caller

if TYPE_CHECKING:
    from collections.abc import Sequence


def name_of(what: str, function: Any) -> str:
    """Return the name of a query function.

    Raises:
        UsageError: what stands below the decorator is no function.
    """
    if not callable(function):
        shown = type(function).__name__
        raise UsageError(f"{caller()}: @{what} stands above a function, not above {shown}")
    return str(getattr(function, "__name__", what))


def text(what: str, name: str, value: Any) -> str:
    """Return an argument that is text.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(value, str):
        raise UsageError(f"{caller()}: {name} of {what} is text, not {type(value).__name__}")
    return value


def columns(what: str, name: str, value: Sequence[str]) -> tuple[str, ...]:
    """Return an argument that is a list of names.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{caller()}: {name} of {what} is a list of column names")
    return tuple(value)


def pairs(what: str, name: str, value: Any) -> dict[str, Any]:
    """Return an argument that is a mapping, with its values as they are.

    Raises:
        UsageError: it is something else.
    """
    if value is None:
        return {}
    if not hasattr(value, "items"):
        raise UsageError(f"{caller()}: {name} of {what} is a dict, not {type(value).__name__}")
    return {str(key): inner for key, inner in value.items()}


def mapping(what: str, name: str, value: Any) -> dict[str, str]:
    """Return an argument that is a mapping, with its values as Spark spells them."""
    return {key: spelled(inner) for key, inner in pairs(what, name, value).items()}


def spelled(value: Any) -> str:
    """Return a value as Spark spells options and properties."""
    return str(value).lower() if isinstance(value, bool) else str(value)
