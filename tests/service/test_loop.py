"""Triggers that fire: once, whatever ends the service, and however the clock is set."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from postgresql import Server, programs
from proving import rounds

from nbkit import api
from nbkit.events import RunStarted
from nbkit.ledger.store import Ledger
from nbkit.service.loop import Loop
from nbkit.settings import Settings

pytestmark = pytest.mark.slow

LOOP = Path(__file__).with_name("loop_process.py")
CHECK = {"task_key": "check", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
EACH_MINUTE = {"quartz_cron_expression": "0 * * * * ?", "timezone_id": "UTC"}
MINUTE = 60_000
FASTER = 10
LONGEST_SECONDS = 120
PAGES = "http://here/nbkit/runs/"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "nbkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def serving(shop):
    """Loops in processes of their own; those that are left end with the test."""
    started = []

    def begin(*arguments):
        process = subprocess.Popen(
            [sys.executable, LOOP, *map(str, arguments)],
            cwd=shop,
            stdout=subprocess.PIPE,
            stderr=(shop / "said").open("ab"),
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def looping(shop):
    """A loop in a thread, and what it says."""
    made = []

    def begin(settings=None):
        said = []
        loop = Loop(settings or Settings.of(shop), said.append, pages=lambda: PAGES)
        loop.start()
        made.append(loop)
        return said

    yield begin
    for loop in made:
        loop.stop()


def deploy(shop, name="job", **fields):
    path = shop / f"{name}.json"
    path.write_text(json.dumps({"name": name, "tasks": [CHECK], **fields}))
    return api.deploy(path).jobs[0]


def wait_until(condition, seconds=LONGEST_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def results(name=None):
    return [run["state"].get("result_state") for run in api.runs(job_name=name, limit=1000)]


def set_clock(file, moment):
    made = file.with_suffix(".new")
    made.write_text(f"{moment} {time.time()}")
    made.replace(file)


def time_on(file):
    moment, began = file.read_text().split()
    return int(moment) + int((time.time() - float(began)) * 1000 * FASTER)


def missed(message):
    """Return the times that a late firing says were missed."""
    found = re.match(r"The planned times from (.+) UTC to (.+) UTC were missed", message)
    if not found:
        return range(0)
    ends = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in found.groups()]
    first, last = (int(each.timestamp()) * 1000 for each in ends)
    return range(first, last + MINUTE, MINUTE)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("jumps", [False, True], ids=["steady clock", "clock that jumps"])
def test_killed_at_any_moment_no_time_fires_twice_and_none_is_forgotten(shop, serving, jumps):
    """Two services on one ledger; one or both are killed, and begun again, round after round.

    A time is not forgotten if it fired, or if a later one said that it was missed.
    """
    chance = random.Random(20261129)
    job = deploy(shop, max_concurrent_runs=1000, schedule=EACH_MINUTE)
    clock = shop / "clock"
    begun_at = latest = job.updated_at
    set_clock(clock, begun_at)
    services = [serving(clock, FASTER), serving(clock, FASTER)]
    for _ in range(rounds(3, 50)):
        time.sleep(chance.uniform(0, 2.5))
        for place in chance.sample([0, 1], chance.choice([1, 2])):
            services[place].kill()
            services[place].wait()
        if jumps:
            ahead = chance.choice([-20, -3, 3, 90])
            latest = max(latest, time_on(clock))
            set_clock(clock, max(begun_at, time_on(clock) + ahead * MINUTE))
        services = [each if each.poll() is None else serving(clock, FASTER) for each in services]
    set_clock(clock, max(latest, time_on(clock)))
    seen = len(results())
    wait_until(lambda: len(results()) > seen + len(services))  # each may be firing just now
    ended_at = time_on(clock)
    api.pause("job")
    wait_until(lambda: all(results()))
    for each in services:
        each.send_signal(signal.SIGTERM)
        assert each.wait(LONGEST_SECONDS) == 0
    with closing(Ledger(Settings.of(shop).ledger_url, reading=True)) as ledger:
        fired = [ledger.read(run["run_id"])[0] for run in reversed(api.runs(limit=1000))]
        starts = [
            sum(isinstance(event, RunStarted) for event in ledger.read(run["run_id"]))
            for run in api.runs(limit=1000)
        ]
    planned = [event.trigger_info["time"] for event in fired]
    assert set(results()) == {"SUCCESS"}
    assert set(starts) == {1}
    assert len(planned) == len(set(planned))
    assert all(time % MINUTE == 0 for time in planned)
    first = begun_at // MINUTE * MINUTE + MINUTE
    told = {moment for event in fired for moment in missed(event.message)}
    assert set(range(first, ended_at - 10 * MINUTE, MINUTE)) <= told.union(planned)
    if jumps:
        return
    assert planned == sorted(planned)
    before = first - MINUTE
    for event, moment in zip(fired, planned, strict=True):
        assert moment == before + MINUTE or "were missed while nothing ran" in event.message
        before = moment


@pytest.mark.e2e
def test_a_run_outlives_the_service_and_the_next_one_knows_it(shop, serving):
    """Killed or stopped, it ends no run; nor does the next one begin the run again."""
    (shop / "in").mkdir()
    wait = "import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.1)"
    cell = {"cell_type": "code", "source": wait, "metadata": {}, "outputs": [], "id": "a"}
    notebook = {"cells": [cell | {"execution_count": None}], "metadata": {}}
    (shop / "wait.ipynb").write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
    task = {"task_key": "wait", "notebook_task": {"notebook_path": "wait"}}
    deploy(shop, tasks=[task], trigger={"file_arrival": {"url": "in"}})
    service = serving()
    (shop / "in" / "a").touch()
    wait_until(lambda: [run["status"]["state"] for run in api.runs()] == ["RUNNING"])
    service.kill()
    service.wait()
    other = serving()
    time.sleep(2)
    other.send_signal(signal.SIGTERM)
    assert other.wait(LONGEST_SECONDS) == 0
    (shop / "go").touch()
    wait_until(lambda: results() == ["SUCCESS"])


def test_what_may_not_begin_yet_waits_in_the_ledger(shop, looping):
    """A job that takes longer than its period: each run waits, is seen to, and none is lost."""
    (shop / "in").mkdir()
    job = deploy(shop, trigger={"file_arrival": {"url": "in"}}, max_concurrent_runs=1)
    with closing(Ledger(Settings.of(shop).ledger_url)) as ledger:
        going = ledger.begin("job", job.job_id, "{}", "deployed:0")
        assert ledger.take_turn(going, 1)
        said = looping()
        for name in "ab":
            (shop / "in" / name).touch()
            wait_until(lambda name=name: len(api.runs()) == "ab".index(name) + 2)
        wait_until(lambda: sum("waits." in line for line in said) == 2)
        assert not any("begins" in line for line in said)
        assert [run["status"]["state"] for run in api.runs()][:2] == ["QUEUED", "QUEUED"]
        ledger.append(going, RunStarted(1, going, job.job_id, "job"))
    wait_until(lambda: results()[:2] == ["SUCCESS", "SUCCESS"])
    assert any("Another run of this job is going on" in line for line in said)


def test_a_ledger_that_is_away_is_waited_for(shop, looping):
    """It says so, and what happened meanwhile is seen when it is back."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt install postgresql")
    server = Server()
    try:
        server.start()
        url = server.database()
        (shop / "nbkit.toml").write_text(f'[run]\nledger = "{url}"\n')
        (shop / "in").mkdir()
        deploy(shop, trigger={"file_arrival": {"url": "in"}})
        said = looping()
        server.stop()
        wait_until(lambda: any("waits, and loses nothing" in line for line in said))
        (shop / "in" / "a").touch()
        server.start()
        wait_until(lambda: any("answers again" in line for line in said))
        wait_until(lambda: results() == ["SUCCESS"])
        assert sum("waits, and loses nothing" in line for line in said) == 1
    finally:
        server.remove()


def test_what_is_wrong_with_one_job_is_said_once_and_holds_up_no_other(shop, looping):
    """A folder that is not there, a notebook that is gone, another job's trigger goes on."""
    (shop / "in").mkdir()
    (shop / "gone.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    task = {"task_key": "a", "notebook_task": {"notebook_path": "gone"}}
    deploy(shop, "first", trigger={"file_arrival": {"url": "nowhere"}})
    deploy(shop, "second", tasks=[task], trigger={"file_arrival": {"url": "in"}})
    deploy(
        shop,
        "third",
        trigger={"job_completion": {"jobs": [{"workspace_id": "0", "job_id": "second"}]}},
    )
    (shop / "gone.ipynb").unlink()
    (shop / "second.json").unlink()
    said = looping()
    wait_until(lambda: any("there is no folder nowhere" in line for line in said))
    (shop / "in" / "a").touch()
    wait_until(lambda: results("second") == ["FAILED"] and results("third") == ["SUCCESS"])
    assert sum("there is no folder nowhere" in line for line in said) == 1
    (failed,) = api.runs(job_name="second")
    assert "There is no notebook" in failed["state"]["state_message"]


def test_tables_are_watched_by_the_names_in_their_logs(shop, looping):
    """Without Spark; a table that does not exist yet is waited for."""
    trigger = {"table_update": {"table_names": ["silver.orders"]}}
    check = {
        "left": "{{job.trigger.table_update.silver.orders.version}}",
        "op": "EQUAL_TO",
        "right": "1",
    }
    deploy(shop, tasks=[{"task_key": "a", "condition_task": check}], trigger=trigger)
    said = looping()
    wait_until(lambda: any("there is no Delta table silver.orders" in line for line in said))
    log = shop / ".nbkit" / "warehouse" / "silver.db" / "orders" / "_delta_log"
    log.mkdir(parents=True)
    for version in (0, 1):
        (log / f"{version:020}.json").touch()
        (log / f"{version:020}.crc").touch()
    wait_until(lambda: results() == ["SUCCESS"])
    record = api.show(api.runs()[0]["run_id"]).record
    assert record["trigger"] == "TABLE"
    assert record["run_page_url"] == f"{PAGES}{record['run_id']}"


def test_a_wake_saves_the_wait(shop):
    """Whoever plans a run in the same process need not wait for the next round."""
    said = []
    loop = Loop(Settings.of(shop), said.append)
    loop.start()
    job = deploy(shop)
    api.run_deployed(job.job_id, launch=False)
    loop.wake()
    wait_until(lambda: results() == ["SUCCESS"])
    loop.stop()
    assert "job: run 1 begins" in said
