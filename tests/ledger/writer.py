"""A node that claims one run whenever it can and writes numbered events; told what was taken.

    writer.py URL HOME RUN_ID LOG

Each line of the log is on disk after the ledger said that the event is on record.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path

from nbkit.errors import NbkitError
from nbkit.events import Noted
from nbkit.ledger.store import Ledger


def main(url: str, home: Path, run_id: int, log: Path) -> None:
    number = 0
    with log.open("a") as acknowledged, closing(Ledger(url, home=home, lease_seconds=1)) as ledger:
        while True:
            try:
                ledger.claim(run_id)
                fence = ledger._held[run_id].fence
                while True:
                    number += 1
                    texts = [f"{fence} {os.getpid()} {number}.{part}" for part in range(2)]
                    ledger.append_many(run_id, [Noted(0, text) for text in texts])
                    acknowledged.writelines(f"{text}\n" for text in texts)
                    acknowledged.flush()
                    time.sleep(0.005)
            except NbkitError:
                time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
