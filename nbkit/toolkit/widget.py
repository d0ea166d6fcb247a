"""One input of a notebook: what it is, not what it says now."""

from __future__ import annotations

import typing
from dataclasses import dataclass

Kind = typing.Literal["text", "dropdown", "combobox", "multiselect"]


@dataclass(frozen=True, slots=True)
class Widget:
    """One input of a notebook: what it is, not what it says now."""

    kind: Kind
    name: str
    default: str
    label: str = ""
    choices: tuple[str, ...] = ()

    def takes(self, value: str) -> bool:
        """Say whether `value` is one that this input can have."""
        return not self.stranger(value)

    def stranger(self, value: str) -> str | None:
        """Return the part of `value` that is not among the choices; None for none."""
        if self.kind in {"text", "combobox"}:
            return None
        parts = self.parts(value) if self.kind == "multiselect" else (value,)
        return next((part for part in parts if part not in self.choices), None)

    def parts(self, value: str) -> tuple[str, ...]:
        """Return the choices that the value of a multiselect stands for.

        A choice may hold a comma itself: the longest that fits is taken.
        """
        parts: list[str] = []
        pieces = value.split(",") if value else []
        while pieces:
            fits = (n for n in range(len(pieces), 1, -1) if ",".join(pieces[:n]) in self.choices)
            taken = next(fits, 1)
            parts.append(",".join(pieces[:taken]))
            pieces = pieces[taken:]
        return tuple(parts)
