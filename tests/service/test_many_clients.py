"""Many clients at once: nothing is lost, and none sees a run go backwards."""

from __future__ import annotations

import threading

import pytest
from proving import rounds

pytestmark = pytest.mark.e2e

ORDER = ("PENDING", "QUEUED", "RUNNING", "TERMINATING", "TERMINATED")
GATE = {"op": "EQUAL_TO", "left": "{{job.parameters.x}}", "right": "1"}
JOB = {
    "name": "gates",
    "max_concurrent_runs": 100,
    "parameters": [{"name": "x", "default": "1"}],
    "tasks": [
        {"task_key": "a", "condition_task": GATE},
        {
            "task_key": "b",
            "depends_on": [{"task_key": "a", "outcome": "true"}],
            "condition_task": GATE,
        },
    ],
}


def test_nothing_is_lost(served):
    """Runs begun at once by several, watched by many more, all to their ends."""
    runs, clients = rounds(3, 20), rounds(12, 50)
    job_id = served.ask("POST", "/api/2.2/jobs/create", JOB).json()["job_id"]
    begun, wrong = [], []

    def begin(number):
        request = {"job_id": job_id, "idempotency_token": f"t{number % runs}"}
        answer = served.ask("POST", "/api/2.2/jobs/run-now", request)
        (begun if answer.status_code == 200 else wrong).append(answer.json())

    at_once(begin, range(2 * runs))
    ids = sorted({each["run_id"] for each in begun})
    assert (wrong, len(begun), len(ids)) == ([], 2 * runs, runs)

    def watch(number):
        run_id, seen = ids[number % runs], 0
        while True:
            answer = served.ask("GET", f"/api/2.2/jobs/runs/get?run_id={run_id}")
            if answer.status_code != 200:
                wrong.append(answer.text)
                return
            state = answer.json()["status"]["state"]
            if ORDER.index(state) < seen:
                wrong.append(f"run {run_id} went back to {state}")
            seen = ORDER.index(state)
            if state == "TERMINATED":
                return

    at_once(watch, range(clients))
    assert wrong == []
    listed = served.ask("GET", f"/api/2.2/jobs/runs/list?job_id={job_id}&limit=25").json()["runs"]
    assert {run["run_id"]: run["state"]["result_state"] for run in listed} == dict.fromkeys(
        ids, "SUCCESS"
    )


def at_once(act, numbers):
    """Do it for all numbers at the same time, and wait for the last."""
    threads = [threading.Thread(target=act, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
