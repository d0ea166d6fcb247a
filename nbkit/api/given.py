"""What Python hands over where jobs have texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def texts(parameters: Mapping[str, object] | None) -> dict[str, str]:
    """Return parameters with each value as text, as jobs have them.

    Raises:
        UsageError: a name is no text.
    """
    from nbkit.rules.references import as_text

    for name in parameters or {}:
        if not isinstance(name, str):
            raise UsageError(f"a parameter's name is text, not {name!r}")
    return {name: as_text(value) for name, value in (parameters or {}).items()}
