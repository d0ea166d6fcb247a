"""Whether a person works in this notebook, so that there is somebody to click on things."""

from __future__ import annotations

import sys

from nbkit import serving as attempt


def is_there() -> bool:
    """Say whether a person looks at the notebook through a front end of Jupyter.

    No job runs it, and its front end said with the cell that it can ask somebody for input
    (`allow_stdin` of the Jupyter protocol): JupyterLab does, `jupyter execute`, nbconvert and
    papermill do not. A message of a widget comes from a person too.
    """
    if attempt.current() is not None or "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    asked = kernel.get_parent() if kernel is not None else {}
    if asked.get("header", {}).get("msg_type") == "comm_msg":
        return True
    return bool(asked.get("content", {}).get("allow_stdin"))
