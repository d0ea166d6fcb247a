"""What is different in a kernel without a person: nothing waits for one, and leaving is told.

Only a job's kernels are changed; in a person's own everything is as Jupyter has it.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import typing
import warnings
from codecs import getincrementaldecoder

from IPython.core.autocall import ZMQExitAutocall

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_CHUNK = 1 << 16
_PATIENCE_SECONDS = 0.1
"""How long to wait for the last words of a command that has ended."""


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
    os.environ.setdefault("EDITOR", "false")  # what asks for a text, such as `git commit`, fails
    # IPython's advice for a person who typed `sys.exit()`.
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")


def _give_no_terminal(shell: typing.Any) -> None:
    """Let `!command` find nothing to read; IPython's own gives it a terminal to ask at."""

    def system(command: str) -> None:
        """Run a shell command and keep its status as `_exit_code`."""
        if command.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        status = run_command(shell.var_expand(command, depth=1))
        shell.user_ns["_exit_code"] = status
        if status and shell.system_raise_on_error:
            raise subprocess.CalledProcessError(status, command)

    shell.system = shell.system_piped = system


def run_command(command: str) -> int:
    """Run a shell command with nothing to read and no terminal, and print what it prints.

    It is over with the shell: a process that it leaves in the background is not waited for.

    Returns:
        Its exit status, or minus the number of the signal that ended it.
    """
    process = subprocess.Popen(
        [os.environ.get("SHELL") or "sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PYTHONUNBUFFERED": "1", **os.environ},  # else what it prints comes out of order
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            _print(process, process.stdout.fileno())
    except KeyboardInterrupt:
        process.kill()
        raise
    finally:
        status = process.wait()
    return status


def _print(process: subprocess.Popen[bytes], output: int) -> None:
    decoder = getincrementaldecoder("utf-8")("backslashreplace")
    over = False
    while True:
        if select.select([output], [], [], _PATIENCE_SECONDS)[0]:
            chunk = os.read(output, _CHUNK)
            sys.stdout.write(decoder.decode(chunk, final=not chunk).replace("\r\n", "\n"))
            sys.stdout.flush()
            if not chunk:
                return
        elif over:
            return
        over = process.poll() is not None
