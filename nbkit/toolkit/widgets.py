"""`dbutils.widgets`: a notebook's parameters, as text that a job or a person gives."""

from __future__ import annotations

import typing

from nbkit import serving as attempt
from nbkit.near import hint
from nbkit.toolkit import injected, person
from nbkit.toolkit.reading import reads
from nbkit.toolkit.utility import Utility
from nbkit.toolkit.widget import Widget

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.toolkit.widget import Kind
    from nbkit.toolkit.widget_bar import Bar


class InputWidgetNotDefined(Exception):  # noqa: N818 - Databricks' name
    """The notebook asks for a widget that it has not created."""


class Widgets(Utility):
    """Parameters of the notebook, as `dbutils.widgets`; a job's parameters win over defaults."""

    _name = "dbutils.widgets"

    def __init__(self) -> None:
        self._defined: dict[str, Widget] = {}
        self._values: dict[str, str] = {}
        self._bar: Bar | None = None

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
        reads.note(name)
        values = self._all()
        if name not in values:
            said = f"No input widget named {name} is defined{hint(name, values)}"
            raise InputWidgetNotDefined(said)
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """Return the value of an input, or `defaultValue` where there is none; old for `get`."""
        if defaultValue is not None and name not in self._all():
            reads.note(name)
            return defaultValue
        return self.get(name)

    def getAll(self) -> dict[str, str]:
        """Return every input's value by its name."""
        values = self._all()
        for name in values:
            reads.note(name)
        return values

    def remove(self, name: str) -> None:
        """Remove an input."""
        if name not in self._defined:
            self.get(name)  # says what is wrong with the name
        self._defined.pop(name, None)
        self._values.pop(name, None)
        self._draw()

    def removeAll(self) -> None:
        """Remove every input."""
        self._defined.clear()
        self._values.clear()
        self._draw()

    def _all(self) -> dict[str, str]:
        return self._values | injected.parameters() | attempt.parameters()

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
        if not name:
            raise ValueError("the name of a widget must not be empty")
        for choice in choices:
            if isinstance(choices, str) or not isinstance(choice, str):
                raise TypeError(f"the choices of widget {name!r} must be a list of strings")
        widget = Widget(kind, name, default, label or "", tuple(dict.fromkeys(choices)))
        stranger = widget.stranger(default)
        if stranger is not None:
            raise ValueError(
                f"the default value {stranger!r} of widget {name!r} is not among its "
                f"choices{hint(stranger, choices)}"
            )
        self._defined[name] = widget
        # As on Databricks, creating a widget again leaves the value that it has.
        if name not in self._values or not widget.takes(self._values[name]):
            self._values[name] = default
        self._draw()

    def _choose(self, name: str, value: str) -> None:
        """Take the value that a person gives an input."""
        if name in self._values:
            self._values[name] = value

    def _draw(self, *, here: bool = False) -> None:
        """Keep the bar of inputs as it should be; `here` wants it below the cell that runs now."""
        if self._bar is None:
            if not self._defined or not person.is_there():
                return
            from nbkit.toolkit.widget_bar import Bar

            self._bar = Bar(self._choose)
        self._bar.draw(self._defined, self._values)
        if self._defined and person.is_there():
            self._bar.show(here=here)
