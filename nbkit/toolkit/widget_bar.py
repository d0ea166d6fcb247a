"""The inputs of a notebook as a bar of Jupyter widgets, for the person who works in it."""

from __future__ import annotations

import typing
from html import escape

import ipywidgets
from IPython.core.getipython import get_ipython

from nbkit.toolkit.live import Slot, StandingOutput
from nbkit.toolkit.reading import reads

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.toolkit.widget import Widget

_rerun: bool | None = None


def rerun(wanted: bool) -> None:
    """Say whether a change of an input runs the cells again that read it."""
    global _rerun  # noqa: PLW0603 - one notebook, one answer
    _rerun = wanted


def _reruns() -> bool:
    if _rerun is None:
        from nbkit.settings import Settings

        rerun(Settings.of().widgets.rerun)
    return bool(_rerun)


class Bar:
    """One row of inputs, and below it what cells show that a change has run again.

    It stands in the output of the cell that first created an input, and in that one again each
    time it is run; in another only when it is asked for.

    Args:
        choose: is told the name of an input and the value that a person gave it.
    """

    def __init__(self, choose: Callable[[str, str], None]) -> None:
        self._choose = choose
        self._drawn: dict[str, tuple[Widget, ipywidgets.Widget]] = {}
        self._row = ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        self._output = ipywidgets.Output()
        slot = Slot(child=ipywidgets.VBox([self._row, self._output]))
        self._home = ""
        self._shown_in = -1
        self._place = StandingOutput(slot, self._described)
        self._values: Mapping[str, str] = {}

    def draw(self, widgets: Mapping[str, Widget], values: Mapping[str, str]) -> None:
        """Make the bar one of these inputs; those that are as they were keep their place."""
        drawn = {}
        for name, widget in widgets.items():
            known = self._drawn.pop(name, None)
            if known is None or known[0] != widget:
                if known is not None:
                    known[1].close()
                known = (widget, self._control(widget, values[name]))
            drawn[name] = known
        for _, left in self._drawn.values():
            left.close()
        self._drawn = drawn
        self._row.children = [control for _, control in drawn.values()]
        self._values = values

    def show(self, *, here: bool = False) -> None:
        """Show the bar below the cell that runs now, if that is its place."""
        now = reads.now
        key = now.key if now else ""
        done = self._shown_in == reads.runs and key == self._home
        if done or not (here or key == self._home or not self._place.shown):
            return
        self._home, self._shown_in = key, reads.runs
        self._place.show()

    def _described(self) -> tuple[str, str]:
        """Return names and values as HTML and as text."""
        named = [
            (widget.label or name, self._values.get(name, ""))
            for name, (widget, _) in self._drawn.items()
        ]
        html = " · ".join(f"{escape(name)}: <b>{escape(value)}</b>" for name, value in named)
        text = ", ".join(f"{name}={value!r}" for name, value in named)
        return f"<small>widgets</small> {html}", f"widgets: {text}"

    def _control(self, widget: Widget, value: str) -> ipywidgets.Widget:
        control = _control(widget, value)

        def changed(change: Mapping[str, typing.Any]) -> None:
            given = change["new"]
            self._choose(widget.name, given if isinstance(given, str) else ",".join(given))
            self._again(widget.name)

        control.observe(changed, "value")
        return control

    def _again(self, name: str) -> None:
        """Run the cells that read an input again, up to the first that fails."""
        shell = get_ipython()
        if shell is None or not _reruns():
            return
        with self._output:
            self._output.clear_output(wait=True)
            for cell in reads.readers(name):
                with reads.again(cell):
                    if not shell.run_cell(cell.source, store_history=False).success:
                        return


def _control(widget: Widget, value: str) -> ipywidgets.Widget:
    """Return the widget of Jupyter for an input."""
    shared = {"description": widget.label or widget.name, "tooltip": widget.name}
    style = {"description_width": "initial"}
    if widget.kind == "text":
        return ipywidgets.Text(value, continuous_update=False, style=style, **shared)
    options = list(widget.choices)
    if widget.kind == "dropdown":
        return ipywidgets.Dropdown(options=options, value=value, style=style, **shared)
    if widget.kind == "combobox":
        given = {"options": options, "value": value, "continuous_update": False}
        return ipywidgets.Combobox(style=style, **given, **shared)
    rows = max(2, min(5, len(options)))
    chosen = widget.parts(value)
    return ipywidgets.SelectMultiple(
        options=options, value=chosen, rows=rows, style=style, **shared
    )
