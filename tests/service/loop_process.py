"""The loop of the service, alone in a process: for tests that end it as they like.

Its arguments are a file and a number: its clock runs so many times faster than others, from the
moment that the file says, in milliseconds; whoever writes another one there sets the clock.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from nbkit.ledger import lease
from nbkit.service.loop import Loop
from nbkit.settings import Settings


class FastTime:
    """`time`, with a clock that a test sets."""

    def __init__(self, file: Path, faster: int) -> None:
        self.file = file
        self.faster = faster

    def time_ns(self) -> int:
        moment, began = self.file.read_text().split()
        return (int(moment) + int((time.time() - float(began)) * 1000 * self.faster)) * 1_000_000


def main() -> None:
    if len(sys.argv) > 2:
        lease.time = FastTime(Path(sys.argv[1]), int(sys.argv[2]))
    loop = Loop(Settings.of(), lambda line: print(line, file=sys.stderr, flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    print("up", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
