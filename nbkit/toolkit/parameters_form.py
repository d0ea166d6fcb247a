"""The form of `nbkit.parameters()`: one Jupyter widget for each parameter."""

from __future__ import annotations

import ast
import typing
from html import escape

import ipywidgets

from nbkit.toolkit.live import Slot, StandingOutput

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.toolkit.declared_parameters import Parameter

_STYLE = {"description_width": "12em"}
_TYPED = {
    "bool": ipywidgets.Checkbox,
    "int": ipywidgets.IntText,
    "float": ipywidgets.FloatText,
    "str": ipywidgets.Text,
}


def show(
    declared: list[Parameter],
    values: Mapping[str, typing.Any],
    names: dict[str, typing.Any],
    described: Callable[[], tuple[str, str]],
) -> None:
    """Show the form below the cell that runs now.

    Args:
        declared: what the notebook declares.
        values: what each is now.
        names: the notebook's; a change sets one.
        described: tells the values as HTML and as text.
    """
    rows = [_row(parameter, values[parameter.name], names) for parameter in declared]
    slot = Slot(child=ipywidgets.VBox(rows))
    StandingOutput(slot, described).show()


def _row(
    parameter: Parameter, value: typing.Any, names: dict[str, typing.Any]
) -> ipywidgets.Widget:
    control, read = _control(parameter, value)
    note = ipywidgets.HTML(escape(parameter.help))

    def changed(change: Mapping[str, typing.Any]) -> None:
        try:
            names[parameter.name] = read(change["new"])
        except (ValueError, SyntaxError):
            wrong = f"{change['new']} is no Python value, such as 'text', 3 or [1, 2]"
            note.value = f'<span role="alert"><b>not set:</b> {escape(wrong)}</span>'
        else:
            note.value = escape(parameter.help)

    control.observe(changed, "value")
    return ipywidgets.HBox([control, note])


def _control(
    parameter: Parameter, value: typing.Any
) -> tuple[ipywidgets.Widget, Callable[[typing.Any], typing.Any]]:
    """Return the control for a parameter of this value, and what reads a value out of it."""
    if parameter.kind == "float" and type(value) is int:
        value = float(value)
    shared = {"description": parameter.name, "style": _STYLE, "tooltip": parameter.help}
    if parameter.kind == "choice" and value in parameter.choices:
        options = list(parameter.choices)
        return ipywidgets.Dropdown(options=options, value=value, **shared), lambda given: given
    if parameter.kind in _TYPED and type(value).__name__ == parameter.kind:
        late = {} if parameter.kind == "bool" else {"continuous_update": False}
        return _TYPED[parameter.kind](value=value, **late, **shared), lambda given: given
    text = ipywidgets.Text(value=repr(value), continuous_update=False, **shared)
    return text, ast.literal_eval
