"""`spark_python_task`: a Python file with its arguments, as one cell of a notebook.

So its output notebook shows the code, and an error where the author would see it.
"""

from __future__ import annotations

import tokenize
from typing import TYPE_CHECKING

from nbkit.tasks.in_kernel import Program, notebook_of
from nbkit.tasks.places import find_file, missing_file
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.tasks.work import Work

_AS_A_SCRIPT = """import sys

sys.argv = {argv!r}
__file__ = {file!r}
exit = quit = sys.exit"""


def script_program(work: Work, directory: Path) -> Program:
    """Return the file that the task names, as a notebook.

    Raises:
        TaskFailedError: there is no such file, or it is not text.
    """
    named = work.block["python_file"]
    path = find_file(directory, named)
    if path is None:
        raise TaskFailedError("notebook_unreadable", missing_file(directory, named))
    try:
        with tokenize.open(path) as file:
            code = file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read as Python: {error}"
        raise TaskFailedError("notebook_unreadable", message) from None
    arguments = work.block.get("parameters", [])
    start = _AS_A_SCRIPT.format(argv=[str(path), *arguments], file=str(path))
    return Program(notebook_of(f"`{path.name}`", start, code), path.parent, named)
