"""What a kernel's process prints past Jupyter: no secret of it reaches the file that it goes to.

ipykernel keeps a copy of the descriptors that the process was started with, and repeats there
what native code and child processes print; its own log goes there too. Who started the kernel
looks at the end of it when the kernel has died.
"""

from __future__ import annotations

import os
import sys
import threading
import typing
from codecs import getincrementaldecoder

from nbkit.hidden import Flow

if typing.TYPE_CHECKING:
    from nbkit.hidden import Redactor

_CHUNK = 1 << 16


def clean(redactor: Redactor) -> None:
    """Lead both descriptors of this process through a redactor."""
    for first, stream in ((1, sys.stdout), (2, sys.stderr)):
        copy = getattr(stream, "_original_stdstream_copy", None)
        # Without a copy, ipykernel has left the first descriptor as it was.
        _lead(copy if isinstance(copy, int) else first, redactor)


def _lead(descriptor: int, redactor: Redactor) -> None:
    try:
        real = os.dup(descriptor)
    except OSError:  # it is closed: nothing can be printed there
        return
    end, begin = os.pipe()
    os.dup2(begin, descriptor)
    os.close(begin)
    threading.Thread(target=_pass_on, args=[end, real, redactor], daemon=True).start()


def _pass_on(end: int, real: int, redactor: Redactor) -> None:
    decoder = getincrementaldecoder("utf-8")("backslashreplace")
    flow = Flow(redactor)
    while chunk := os.read(end, _CHUNK):
        if text := flow.next(decoder.decode(chunk)):
            _write(real, text)


def _write(real: int, text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    while data:
        data = data[os.write(real, data) :]
