"""Tell the runner what happens in the kernel, past everything that a notebook can redirect.

Each message is one line, added to a file in one piece: from any thread or forked child, with its
outputs captured or cleared, and though the kernel is killed the moment after.
"""

from __future__ import annotations

import json
import math
import numbers
import os
import typing

from nbkit import serving as attempt
from nbkit.toolkit.redaction import clean_message

if typing.TYPE_CHECKING:
    from nbkit import wire


def say(message: wire.Message) -> None:
    """Send `message` to the runner; silent where no job runs the notebook.

    Raises:
        OSError: it cannot be written, such as to a full disk.
    """
    context = attempt.current()
    if context is None or "messages" not in context:
        return
    text = json.dumps(_plain(clean_message(message)), allow_nan=False)
    line = f"\n{text}\n".encode()  # a line of its own, whatever stands before it
    file = os.open(context["messages"], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        if os.write(file, line) < len(line):
            raise OSError(f"no space left for what the runner is told: {context['messages']}")
    finally:
        os.close(file)


def _plain(value: typing.Any) -> typing.Any:
    """Return data as JSON has it: what it has no word for becomes text."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    return str(value)
