"""The ledger: what an append costs, runs at once, and the list of very many runs.

    benchmarks/ledger.py [--runs N] [--postgresql URL]

Prints what it measured; with a URL of an empty PostgreSQL database, the same there.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert

from nbkit.events import Noted, RunFinished, RunStarted
from nbkit.ledger.codec import encode
from nbkit.ledger.store import Ledger
from nbkit.ledger.tables import events, runs

APPENDS = 2000
AT_ONCE = 20


def appended(ledger: Ledger, times: int) -> float:
    """Return the seconds of one append, out of many."""
    run_id = ledger.begin("job", 1, "{}", "job.json")
    began = time.perf_counter()
    for number in range(times):
        ledger.append(run_id, Noted(number, "note"))
    return (time.perf_counter() - began) / times


def bare(folder: Path) -> float:
    """Return the seconds of one insert and commit by SQLite's own module, set up like a ledger."""
    with closing(sqlite3.connect(folder / "bare.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE t (run int, seq int, body text, PRIMARY KEY (run, seq))")
        began = time.perf_counter()
        for number in range(APPENDS):
            connection.execute("INSERT INTO t VALUES (1, ?, 'note')", (number,))
            connection.commit()
        return (time.perf_counter() - began) / APPENDS


def at_once(url: str, folder: Path) -> float:
    """Return how many events a second many runs write together, each by a ledger of its own."""

    def drive() -> None:
        with closing(Ledger(url, home=folder)) as ledger:
            appended(ledger, APPENDS // AT_ONCE)

    threads = [threading.Thread(target=drive) for _ in range(AT_ONCE)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return APPENDS / (time.perf_counter() - began)


def fill(ledger: Ledger, many: int) -> None:
    """Put runs on record, begun and ended."""
    first = ledger.begin("job", 1, "{}", "job.json") + 1
    ids = range(first, first + many)
    with ledger._writing() as connection:  # noqa: SLF001 - rows in bulk, past the pen
        connection.execute(
            insert(runs),
            [
                {
                    "run_id": each,
                    "job_name": f"job{each % 50}",
                    "job_id": each % 50,
                    "source": "job.json",
                    "graph": "{}",
                    "created_at": each,
                }
                for each in ids
            ],
        )
        rows = []
        for each in ids:
            started = RunStarted(each, each, each % 50, f"job{each % 50}")
            for seq, event in enumerate((started, RunFinished(each + 9, "SUCCESS", "SUCCESS")), 1):
                row = {"run_id": each, "seq": seq, "at": event.at, "kind": event.kind}
                rows.append({**row, "body": encode(event)})
        connection.execute(insert(events), rows)


def listed(url: str) -> None:
    """Print how long lists take, the opening of the ledger included."""
    for what, wanted in (
        ("the newest 20", {}),
        ("the newest 20 of one job", {"job_name": "job7"}),
        ("the newest 1,000", {"limit": 1000}),
    ):
        began = time.perf_counter()
        with closing(Ledger(url, reading=True)) as ledger:
            found = ledger.runs(**wanted)
            ledger.live_runs()
        print(f"  {what} ({len(found)}): {1000 * (time.perf_counter() - began):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--postgresql", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = bare(folder)
        for url in filter(None, (f"sqlite:///{folder}/ledger.db", given.postgresql)):
            with closing(Ledger(url, home=folder)) as ledger:
                one = appended(ledger, APPENDS)
                print(url.partition(":")[0])
                print(f"  an append: {one * 1e6:.0f} us, {one / floor:.1f} of SQLite's bare insert")
                print(f"  {AT_ONCE} runs at once: {at_once(url, folder):.0f} events/s")
                fill(ledger, given.runs)
            print(f"  lists of {given.runs:,} runs:")
            listed(url)


if __name__ == "__main__":
    main()
