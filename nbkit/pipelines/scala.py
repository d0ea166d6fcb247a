"""Scala's collections and options, as Spark's Java objects hand them over, in Python."""

from __future__ import annotations

from typing import Any


def sequence(found: Any) -> list[Any]:
    """Return the elements of a Scala sequence."""
    return [found.apply(at) for at in range(found.size())]


def option(found: Any) -> Any:
    """Return what a Scala option holds; None for nothing."""
    return found.get() if found is not None and found.isDefined() else None


def scala_map(found: Any) -> dict[str, str]:
    """Return a Scala map of text."""
    pairs = sequence(found.toSeq())
    return {str(pair._1()): str(pair._2()) for pair in pairs}  # noqa: SLF001 - Scala's own name


def java_class(found: Any) -> str:
    """Return the simple name of an object's class."""
    return str(found.getClass().getSimpleName())
