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

FRONT = Path(__file__).parent / "front"


class Live(anywidget.AnyWidget):
    """A model that draws itself in a slot.

    Attributes:
        slot: identity of the slot.
    """

    slot = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: typing.Any) -> None:
        super().__init__(slot=uuid.uuid4().hex, **traits)

    def around(self, html: str) -> str:
        """Return the HTML of an output that shows this model, and `html` where it cannot."""
        # JupyterLab takes keys for commands on cells unless it is told not to.
        return (
            f'<nbkit-live data-nbkit="{self.slot}" data-lm-suppress-shortcuts="true">'
            f"{html}</nbkit-live>"
        )


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
