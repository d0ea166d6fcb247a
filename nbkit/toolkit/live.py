"""Live content in a saved output: plain HTML in the file, a widget in its place while one can be.

A widget's own output would be saved as a reference to a model that lives in the kernel, and read
"Error displaying widget" wherever there is none. So the output is HTML, and the model draws
itself in its place; see `front/live.js`.
"""

from __future__ import annotations

import functools
import typing
import uuid
from pathlib import Path

import anywidget
import ipywidgets
import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import display, update_display

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionResult

FRONT = Path(__file__).parent / "front"


class Live(anywidget.AnyWidget):
    """A model that draws itself in a slot.

    Attributes:
        slot: identity of the slot.
    """

    slot = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: typing.Any) -> None:
        super().__init__(slot=uuid.uuid4().hex, **traits)
        hear_every_page(self)

    def around(self, html: str) -> str:
        """Return the HTML of an output that shows this model, and `html` where it cannot."""
        # JupyterLab takes keys for commands on cells unless it is told not to.
        return (
            f'<nbkit-live data-nbkit="{self.slot}" data-lm-suppress-shortcuts="true">'
            f"{html}</nbkit-live>"
        )


def hear_every_page(widget: ipywidgets.Widget) -> None:
    """Let what a page says reach a widget by the subshell that the page chose.

    ipykernel prefers the one that heard the widget last, even when that has ended with its page.
    """
    widget.comm._reply_subshell_for = None  # noqa: SLF001 - there is no public way


def script(*names: str) -> str:
    """Return one ES module made of files in `front/`: a widget's module can import no other."""
    return "\n".join(_text(name) for name in ("live.js", *names))


@functools.cache
def _text(name: str) -> str:
    return (FRONT / name).read_text(encoding="utf-8")


class Slot(Live):
    """Shows another widget of Jupyter.

    Attributes:
        child: that widget.
    """

    _esm = script("slot.js")

    child = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)


class StandingOutput:
    """An output with a slot, whose saved HTML follows what happens in the slot.

    Args:
        slot: what is shown while it can be.
        describe: returns what is to be saved, as HTML and as text.
    """

    def __init__(self, slot: Slot, describe: Callable[[], tuple[str, str]]) -> None:
        self._slot = slot
        self._describe = describe
        self._saved: dict[str, str] | None = None

    @property
    def shown(self) -> bool:
        """Whether it was ever shown."""
        return self._saved is not None

    def show(self) -> None:
        """Show it below the cell that runs now."""
        shell = get_ipython()
        if self._saved is None and shell is not None:
            shell.events.register("post_run_cell", self._settle)
        self._saved = self._data()
        display(self._saved, raw=True, display_id=self._slot.slot)

    def _settle(self, result: ExecutionResult) -> None:
        """Renew what is saved: only after a cell, when nobody is typing in the slot."""
        data = self._data()
        by_hand = result.info is not None and result.info.store_history
        if by_hand and data != self._saved:
            self._saved = data
            update_display(data, raw=True, display_id=self._slot.slot)

    def _data(self) -> dict[str, str]:
        html, text = self._describe()
        return {"text/html": self._slot.around(html), "text/plain": text}
