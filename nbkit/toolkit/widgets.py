"""`dbutils.widgets`: a notebook's parameters, as plain values."""

from __future__ import annotations

import typing
from dataclasses import dataclass

from nbkit.graph.near import nearest
from nbkit.toolkit import attempt
from nbkit.toolkit.utility import Utility

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

Kind = typing.Literal["text", "dropdown", "combobox", "multiselect"]


class InputWidgetNotDefined(Exception):  # noqa: N818 - Databricks' name
    """The notebook asks for a widget that it has not created."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One input of a notebook: what it is, not what it says now."""

    kind: Kind
    name: str
    default: str
    label: str = ""
    choices: tuple[str, ...] = ()


class Widgets(Utility):
    """Parameters of the notebook, as `dbutils.widgets`; a job's parameters win over defaults."""

    _name = "dbutils.widgets"

    def __init__(self) -> None:
        self._defined: dict[str, Widget] = {}

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:
        """Create a free text input."""
        self._define("text", name, defaultValue, label)

    def dropdown(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Create an input that takes one of `choices`."""
        self._define("dropdown", name, defaultValue, label, choices)

    def combobox(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Create an input that offers `choices` and takes any text."""
        self._define("combobox", name, defaultValue, label, choices)

    def multiselect(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Create an input that takes several of `choices`; it reads as them joined by commas."""
        self._define("multiselect", name, defaultValue, label, choices)

    def get(self, name: str) -> str:
        """Return the value of an input."""
        values = self.getAll()
        if name not in values:
            near = nearest(name, list(values))
            hint = f"; did you mean {near!r}?" if near else ""
            raise InputWidgetNotDefined(f"No input widget named {name} is defined{hint}")
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """Return the value of an input, or `defaultValue` where there is no such input."""
        if defaultValue is not None:
            return self.getAll().get(name, defaultValue)
        return self.get(name)

    def getAll(self) -> dict[str, str]:
        """Return every input's value by its name."""
        defaults = {name: widget.default for name, widget in self._defined.items()}
        return defaults | attempt.parameters()

    def remove(self, name: str) -> None:
        """Remove an input."""
        if name not in self._defined:
            self.get(name)  # says what is wrong with the name
        self._defined.pop(name, None)

    def removeAll(self) -> None:
        """Remove every input."""
        self._defined.clear()

    def _define(
        self,
        kind: Kind,
        name: str,
        default: str,
        label: str | None,
        choices: Sequence[str] = (),
    ) -> None:
        for what, value in (("name", name), ("default value", default), ("label", label or "")):
            if not isinstance(value, str):
                raise TypeError(f"the {what} of widget {name!r} must be a string, not {value!r}")
        for choice in choices:
            if isinstance(choices, str) or not isinstance(choice, str):
                raise TypeError(f"the choices of widget {name!r} must be a list of strings")
        if kind == "dropdown" and default not in choices:
            raise ValueError(_not_a_choice(name, default, choices))
        if kind == "multiselect":
            for part in default.split(",") if default else ():
                if part not in choices:
                    raise ValueError(_not_a_choice(name, part, choices))
        # As on Databricks, creating a widget again leaves the first one alone.
        self._defined.setdefault(name, Widget(kind, name, default, label or "", tuple(choices)))


def _not_a_choice(name: str, default: str, choices: Sequence[str]) -> str:
    near = nearest(default, list(choices))
    hint = f"; did you mean {near!r}?" if near else ""
    return f"the default value {default!r} of widget {name!r} is not among its choices{hint}"
