"""The attempt of a job that this kernel serves: none while a person works in it."""

from __future__ import annotations

import typing
from contextlib import contextmanager

if typing.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbkit.wire import Context

_current: Context | None = None
_passed: dict[str, str] = {}


def serve(context: Context | None) -> None:
    """Make `context` the attempt that this kernel serves; None for a person's own kernel."""
    global _current  # noqa: PLW0603 - a kernel is one process with one attempt in its life
    _current = context


def current() -> Context | None:
    """Return the attempt that this kernel serves, or None where no job runs it."""
    return _current


def parameters() -> dict[str, str]:
    """Return the job and task parameters of the attempt, and what `%run` passes above them."""
    return {**(_current["parameters"] if _current else {}), **_passed}


@contextmanager
def passing(given: Mapping[str, str]) -> Iterator[None]:
    """Add parameters for as long as a notebook runs inside this one."""
    before = dict(_passed)
    _passed.update(given)
    try:
        yield
    finally:
        _passed.clear()
        _passed.update(before)
