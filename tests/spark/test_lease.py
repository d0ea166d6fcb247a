"""A lease is an open socket: whatever ends it ends what it had, and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from processes import until

from nbkit.errors import SetupError
from nbkit.settings import Settings
from nbkit.spark import discovery
from nbkit.spark.control import status
from nbkit.spark.lease import hold

pytestmark = pytest.mark.e2e

COUNT_JOBS = """
    print(len(spark.sparkContext._jsc.sc().statusTracker().getActiveJobIds()))
    print(spark._jsparkSession.sessionState().streamingQueryManager() is not None)
    java = spark._jvm.org.apache.spark.sql.classic.SparkSession
    print(spark._jsparkSession.sharedState().activeStreamingQueries().size())
"""


@pytest.fixture
def own(tmp_path):
    """A project with a driver of its own, for tests that kill it."""
    return Settings.model_validate({"root": tmp_path})


def alive(pid: int) -> bool:
    """Whether a process runs (one that is dead and not yet reaped does not).

    While its last threads die, which keep its sockets open, it counts as running.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" or threads > 1


def family(state) -> list[psutil.Process]:
    """The driver's processes: itself, its JVM, and the JVM's Python workers."""
    driver = psutil.Process(state["pid"])
    return [driver, *driver.children(recursive=True)]


def busy(settings: Settings) -> bool:
    """Whether the driver's JVM has Python workers: a job with Python in it runs."""
    return len(psutil.Process(status(settings)["jvm_pid"]).children(recursive=True)) > 1


def await_end(processes) -> None:
    until(lambda: not any(alive(process.pid) for process in processes))


def test_a_killed_client_leaves_no_jobs_and_no_streams(client, project):
    """After kill -9 of a client, its jobs and streams end; other sessions go on."""
    victim = client("""
        import threading
        from pyspark.sql.functions import udf
        slow = udf(lambda n: __import__("time").sleep(1000) or n, "long")
        rate = spark.readStream.format("rate").load().writeStream.format("noop").start()
        job = lambda: spark.range(2).select(slow("id")).collect()
        threading.Thread(target=job, daemon=True).start()
        rdd = lambda: spark.sparkContext.parallelize([1]).map(
            lambda n: __import__("time").sleep(1000)).collect()
        threading.Thread(target=rdd, daemon=True).start()
        while len(spark.sparkContext.statusTracker().getActiveJobsIds()) < 2:
            pass
        print("running", flush=True)
        sys.stdin.read()
    """)
    assert victim.line() == "running"
    victim.process.kill()
    until(lambda: status(project)["leases"] == 1)
    assert client(COUNT_JOBS).result().split() == ["0", "True", "0"]


def test_an_interrupted_cell_interrupts_its_jobs(client, project):
    """A KeyboardInterrupt ends the jobs in Spark too, and the session can be used again."""
    interrupted = client("""
        from pyspark.sql.functions import udf
        slow = udf(lambda n: __import__("time").sleep(1000) or n, "long")
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as ipykernel does
        print("running", flush=True)
        try:
            spark.range(2).select(slow("id")).collect()
        except KeyboardInterrupt:
            import time
            while spark.sparkContext.statusTracker().getActiveJobsIds():
                time.sleep(0.1)
            print(spark.range(4).count())
    """)
    assert interrupted.line() == "running"
    until(lambda: busy(project))
    interrupted.process.send_signal(signal.SIGINT)
    assert interrupted.result() == "4"


def test_two_clients_at_once_start_one_driver(own):
    """Whoever comes second waits for the first one's driver and uses it."""
    with ThreadPoolExecutor(2) as threads:
        holds = list(threads.map(lambda _: hold(own, wait=False), range(2)))
    states = [held.ready() for held in holds]
    processes = family(states[0])
    assert states[0]["pid"] == states[1]["pid"]
    holds[0].close()
    assert not holds[1].lost
    holds[1].close()
    await_end(processes)
    assert discovery.read(own) is None


def test_killing_the_jvm_ends_the_driver_and_tells_its_clients(own, client):
    """Clients get an error that `lost` knows; the next attach says so; then a new driver."""
    user = client(
        """
        from nbkit.errors import DriverLostError
        print("attached", flush=True)
        sys.stdin.readline()
        try:
            spark.range(1).count()
        except Exception as error:
            print(lost(error))
        try:
            attach(settings)
        except DriverLostError as error:
            print(type(error).__name__)
        print(attach(settings).range(3).count())
    """,
        own,
    )
    assert user.line() == "attached"
    state = status(own)
    processes = family(state)
    folder = Path(discovery.read(own).socket).parent
    os.kill(state["jvm_pid"], signal.SIGKILL)
    await_end(processes)
    user.tell()
    assert user.result().split() == ["True", "DriverLostError", "3"]
    assert not folder.exists()
    until(lambda: discovery.read(own) is None)


def test_killing_the_driver_ends_the_jvm(own):
    """Nothing survives its owner, and a new driver cleans up and starts."""
    with hold(own) as held:
        processes = family(held.ready())
        folder = Path(discovery.read(own).socket).parent
        os.kill(processes[0].pid, signal.SIGKILL)
        await_end(processes)
        assert held.lost
    assert discovery.find(own) is None
    with hold(own) as held:
        processes = family(held.ready())
        assert not folder.exists()
    await_end(processes)


def test_a_new_driver_sweeps_what_killed_ones_left(own, tmp_path, monkeypatch):
    """Abandoned private folders go, also of projects that never come back; live ones stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, new, live = (discovery.private_folder() for _ in range(3))
    listener = socket.socket(socket.AF_UNIX)
    for folder in (dead, new, live):
        bound = listener if folder is live else socket.socket(socket.AF_UNIX)
        bound.bind(str(discovery.socket_in(folder)))
        if folder is not new:
            os.utime(discovery.socket_in(folder), (0, 0))
    listener.listen()
    discovery.sweep(own)
    assert [folder.exists() for folder in (dead, new, live)] == [False, True, True]
    listener.close()


def test_killing_the_only_client_while_spark_starts_leaves_nothing(own):
    """A driver whose starter is killed at once ends as well."""
    code = "import sys; from nbkit.settings import Settings; from nbkit.spark.lease import hold;"
    code += "h = hold(Settings.model_validate_json(sys.argv[1]), wait=False);"
    code += "print('held', flush=True); h.ready(); sys.stdin.read()"
    starter = subprocess.Popen(
        [sys.executable, "-c", code, own.model_dump_json()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert starter.stdout.readline() == b"held\n"
    pid = discovery.read(own).pid
    starter.kill()
    starter.communicate()
    until(lambda: not alive(pid))
    assert discovery.read(own) is None


def test_spark_that_cannot_start_is_one_clear_error(own):
    """The reason reaches every client, and no process stays."""
    impossible = own.model_copy(deep=True)
    impossible.spark.memory = "1k"
    with pytest.raises(SetupError, match="ended while starting") as caught:
        hold(impossible)
    assert "driver.log" in caught.value.advice
    until(lambda: discovery.find(own) is None)


def test_without_a_driver_a_hold_that_may_not_start_one_fails(own):
    """`nbkit driver status` and its like never start anything."""
    with pytest.raises(SetupError, match="No Spark driver"):
        hold(own, start=False)
    assert not own.state_directory.exists()
    assert status(own) == {"state": "stopped"}
