"""`nbkit.parameters()`: the notebook's parameters, and a form for the person who gives them."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from html import escape

from nbkit import serving as attempt
from nbkit.parameters_cell import TAG
from nbkit.toolkit import injected, person
from nbkit.toolkit.declared_parameters import Parameter, declared, file_of, source_in
from nbkit.toolkit.reading import reads

if typing.TYPE_CHECKING:
    from collections.abc import Iterator


class Parameters(Mapping[str, typing.Any]):
    """The values that a notebook's parameters have now, by name; shows itself as a form."""

    def __init__(self, declared: list[Parameter], names: dict[str, typing.Any]) -> None:
        self._declared = {parameter.name: parameter for parameter in declared}
        self._names = names

    def __getitem__(self, name: str) -> typing.Any:
        return self._names.get(name, self._declared[name].default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"parameters: {values or 'none'}"

    def _ipython_display_(self) -> None:
        if person.is_there():
            from nbkit.toolkit.parameters_form import show

            declared = list(self._declared.values())
            show(declared, self, self._names, lambda: (self.as_html(), repr(self)))
        else:
            from IPython.display import display

            display({"text/html": self.as_html(), "text/plain": repr(self)}, raw=True)

    def as_html(self) -> str:
        """Return names, values and help as a table, for the saved notebook."""
        if not self._declared:
            return "<small>no parameters</small>"
        rows = "\n".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(repr(self[name]))}</td>'
            f'<td style="text-align:left">{escape(parameter.help)}</td></tr>'
            for name, parameter in self._declared.items()
        )
        return f'<table class="tex2jax_ignore mathjax_ignore"><tbody>\n{rows}\n</tbody></table>'


def parameters() -> Parameters:
    """Return the notebook's parameters; as the last line of a cell, a form to change them with.

    They are what the cell tagged `parameters` assigns: its types and `Literal[…]` choose the
    controls, its comments are the help. A change sets the variable of that name; cells that used
    it are run again by hand. In a job there is no form: the values are what the job gave.

    Raises:
        LookupError: a person asks, and no parameters cell was found.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    names: dict[str, typing.Any] = shell.user_ns if shell is not None else {}
    source = source_in(file_of(names), reads.sources())
    if source is not None:
        return Parameters(declared(source.removeprefix(injected.FIRST_LINE)), names)
    if person.is_there():
        raise LookupError(
            f"this notebook has no parameters cell: give the cell that assigns them the tag "
            f"{TAG!r} (property inspector, the gears at the top right) and save, or run it first"
        )
    given = [Parameter(name, "str", text) for name, text in attempt.parameters().items()]
    return Parameters(given, names)
