"""The ledger: what an append costs, now and before leases; runs at once; lists of very many runs.

    benchmarks/ledger.py [--runs N] [--before COMMIT] [--postgresql URL]

Prints what it measured, in SQLite and in PostgreSQL: a server of its own where Debian's package is
installed, or the empty database at the URL. Both versions of the ledger are processes of their
own that append in turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import io
import os
import sqlite3
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from nbkit.events import Noted, RunFinished, RunStarted
from nbkit.ledger.codec import encode
from nbkit.ledger.store import Ledger
from nbkit.ledger.tables import events, leases, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

APPENDS = 2000
AT_ONCE = 20
TURNS = 20
BEFORE_LEASES = "b114008^"
HERE = Path(__file__).parents[1]

WRITER = """
import sys, time
from nbkit.events import Noted
from nbkit.ledger.store import Ledger
ledger = Ledger(sys.argv[1])
run = ledger.begin("job", 1, "{}", "job.json")
for line in sys.stdin:
    began = time.perf_counter()
    for number in range(int(line)):
        ledger.append(run, Noted(number, "note"))
    print((time.perf_counter() - began) / int(line), flush=True)
"""


class Writer:
    """A process that appends with the code of one version."""

    def __init__(self, code: Path, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, url],
            env={**os.environ, "PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def append(self, times: int) -> float:
        """Return the seconds of one append, out of many."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def against_before(folder: Path, commit: str) -> None:
    """Print what an append costs, and what it cost at a commit, measured in turns."""
    packed = subprocess.run(
        ["git", "archive", commit, "nbkit"], cwd=HERE, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder / "before", filter="data")
    with ExitStack() as stack:
        writers = []
        for name, code in (("now", HERE), ("before", folder / "before")):
            writer = Writer(code, f"sqlite:///{folder}/{name}.db")
            stack.callback(writer.process.wait)
            stack.callback(writer.process.kill)
            writer.append(200)
            writers.append(writer)
        turns = [[writer.append(APPENDS // TURNS) for writer in writers] for _ in range(TURNS)]
    now, before = (statistics.median(each) * 1e6 for each in zip(*turns, strict=True))
    ratio = statistics.median(new / old for new, old in turns)
    print(f"  an append now and before leases: {now:.0f} and {before:.0f} us; {ratio:.2f} of it")


def postgresql(given: str) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database, if there is one to be had."""
    if given:
        yield given
        return
    sys.path.insert(0, str(HERE / "tests"))
    from postgresql import Server, programs

    if programs() is None:
        print("postgresql is not installed")
        return
    server = Server()
    server.start()
    yield server.database()
    server.remove()


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
        over = {"owner": "", "host": "h", "machine": "m", "lock": "", "state": "over", "fence": 1}
        leased = [{**over, "run_id": each, "job_id": each % 50} for each in ids]
        connection.execute(insert(leases), leased)


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
    began = time.perf_counter()
    program = Path(sys.executable).with_name("nbkit")
    env = {**os.environ, "NBKIT_RUN_LEDGER": url}
    subprocess.run([program, "runs"], env=env, cwd=HERE, stdout=subprocess.DEVNULL, check=True)
    print(f"  `nbkit runs`, its own start included: {time.perf_counter() - began:.2f} s")


def measure(url: str, folder: Path, many: int, floor: float) -> None:
    """Print all that is measured of a ledger."""
    with closing(Ledger(url, home=folder)) as ledger:
        one = appended(ledger, APPENDS)
        print(f"  an append: {one * 1e6:.0f} us, {one / floor:.1f} of SQLite's bare insert")
        print(f"  {AT_ONCE} runs at once: {at_once(url, folder):.0f} events/s")
        fill(ledger, many)
    print(f"  lists of {many:,} runs:")
    listed(url)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--before", default=BEFORE_LEASES)
    parser.add_argument("--postgresql", default="")
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = bare(folder)
        print("sqlite")
        against_before(folder, given.before)
        measure(f"sqlite:///{folder}/ledger.db", folder, given.runs, floor)
        for url in postgresql(given.postgresql):
            print("postgresql")
            measure(url, folder, given.runs, floor)


if __name__ == "__main__":
    main()
