"""What is different in a kernel without a person: nothing waits for one, and leaving is told.

Only a job's kernels are changed; in a person's own everything is as Jupyter has it.
"""

from __future__ import annotations

import os
import subprocess
import typing
import warnings

from IPython.core.autocall import ZMQExitAutocall
from IPython.utils.text import LSString, SList

from nbkit.toolkit.commands import run_command, shell_command

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


_NOBODY = {
    **dict.fromkeys(("EDITOR", "VISUAL", "GIT_EDITOR", "BROWSER"), "false"),
    **dict.fromkeys(("PAGER", "GIT_PAGER", "MANPAGER"), "cat"),
    "GIT_TERMINAL_PROMPT": "0",
    "PIP_NO_INPUT": "1",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""What tells programs that they are alone: they fail, or go on, where they would ask."""


class _Leave(ZMQExitAutocall):  # type: ignore[misc]
    """`exit` and `quit` as in a Python program: the argument is the exit status."""

    def __call__(self, status: object = None, *, keep_kernel: object = None) -> typing.NoReturn:
        """End the notebook: well without an argument or with 0, else as a failure."""
        del keep_kernel  # the kernel ends with the notebook, whoever it is kept for
        raise SystemExit(status)


def leave_alone(shell: InteractiveShell) -> None:
    """Prepare a kernel for a notebook that nobody sits before; doing it again changes nothing."""
    if isinstance(shell.exiter, _Leave):
        return
    shell.exiter = _Leave(shell)
    shell.push({"exit": shell.exiter, "quit": shell.exiter}, interactive=False)
    _give_no_terminal(shell)
    os.environ.update(_NOBODY)  # what the job itself sets comes after it
    # IPython's advice for a person who typed `sys.exit()`.
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")


def _give_no_terminal(shell: typing.Any) -> None:
    """Let `!command` find nothing to read; IPython's own gives it a terminal to ask at."""

    def system(command: str) -> None:
        """Run a shell command and keep its status as `_exit_code`."""
        if command.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        status = run_command(shell_command(shell.var_expand(command, depth=1)))
        shell.user_ns["_exit_code"] = status
        if status and shell.system_raise_on_error:
            raise subprocess.CalledProcessError(status, command)

    def getoutput(command: str, split: bool = True, depth: int = 0) -> typing.Any:
        """Run a shell command and return what it prints, as `answer = !command` does."""
        if command.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        said: list[str] = []
        expanded = shell.var_expand(command, depth=depth + 1)
        status = run_command(shell_command(expanded), said.append)
        if shell.system_raise_on_error:
            shell.user_ns["_exit_code"] = status
            if status:
                raise subprocess.CalledProcessError(status, command)
        text = "".join(said)
        return SList(text.splitlines()) if split else LSString(text)

    shell.system = shell.system_piped = system
    shell.getoutput = getoutput
