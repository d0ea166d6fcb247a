"""`nbkit.widgets()`: the inputs of a notebook below the cell that asks for them."""

from __future__ import annotations

from nbkit.toolkit import person, widget_bar
from nbkit.toolkit.dbutils import dbutils


def widgets(*, rerun: bool | None = None) -> None:
    """Show the notebook's inputs below this cell, or say what a change of one does.

    In a job, and wherever else nobody can click, this does nothing.

    Args:
        rerun: whether to run the cells that read an input again when it changes; what they show
            then stands below the inputs. None leaves it as it is; at first it is what `rerun`
            says in section `[widgets]` of `nbkit.toml`, and that is false by default.
    """
    if not person.is_there():
        return
    if rerun is not None:
        widget_bar.rerun(rerun)
    dbutils.widgets._draw(here=rerun is None)  # noqa: SLF001 - one thing in two places of the author's
