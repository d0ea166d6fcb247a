"""What Spark does, told to the pages that show a person's notebook: for a bar under the cell.

It is an update of an output that nowhere is: whoever keeps outputs passes it over, and nbkit's
extension of JupyterLab draws it for as long as the cell runs.
"""

from __future__ import annotations

import typing

from nbkit.spark import work_now

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

    from nbkit.wire import SparkWork

MIME = "application/vnd.nbkit.spark+json"
"""Names what is told to nbkit's extension of JupyterLab."""


def teller(shell: InteractiveShell) -> Callable[[SparkWork], None] | None:
    """Return what tells the pages of a shell; None for a shell that has none."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    asked: list[typing.Any] = [{}]

    def began(info: ExecutionInfo) -> None:
        if info.store_history:
            asked[0] = kernel.get_parent("shell")

    def tell(work: SparkWork) -> None:
        data = {MIME: {"text": work_now.in_words(work), "share": work_now.share(work)}}
        content = {"data": data, "metadata": {}, "transient": {"display_id": MIME}}
        # Not by `display`, which would take this thread's cell for the one that is meant.
        kernel.session.send(
            kernel.iopub_socket, "update_display_data", content, parent=asked[0], ident=b"display"
        )

    shell.events.register("pre_run_cell", began)
    return tell
