"""Airflow's operators for Databricks drive the service, from an environment of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DAG = Path(__file__).with_name("airflow_dag.py")
PACKAGES = ("apache-airflow==3.3.2", "apache-airflow-providers-databricks==7.23.0")
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ONCE = """
import pathlib
mark = pathlib.Path("{name}.mark")
if not mark.exists():
    mark.touch()
    raise ValueError("not yet")
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """The Python of an environment with Airflow, and its home, whose database is there."""
    if UV is None:
        pytest.skip("uv is not installed")
    home = tmp_path_factory.mktemp("airflow")
    python = home / "venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, home / "venv"], check=True)
    install = [UV, "pip", "install", "--quiet", "--python", python, *PACKAGES]
    subprocess.run(install, check=True, timeout=600)
    return python, home


def job(served, name, path, **more):
    task = {"task_key": "a", "notebook_task": {"notebook_path": path}}
    body = {"name": name, "tasks": [task], **more}
    return served.ask("POST", "/api/2.2/jobs/create", body).json()["job_id"]


def test_operators_see_their_runs_through(served, airflow):
    """Run now, repair, submit, a notebook alone and tried again, a group; and what fails, fails."""
    served.project.notebook("good", "print(day)\ndbutils.notebook.exit(day)", parameters="day='1'")
    served.project.notebook("slow", "import time\ntime.sleep(8)\nprint(day)", parameters="day='1'")
    served.project.notebook("bad", "raise ValueError('no')")
    for name in ("fails_once", "mends"):
        served.project.notebook(name, ONCE.format(name=name))
    daily = job(served, "daily", "/good", parameters=[{"name": "day", "default": "1"}])
    mends = job(served, "mends", "/mends")
    job(served, "never", "/bad")
    python, home = airflow
    place = urlsplit(served.url)
    connection = {
        "conn_type": "databricks",
        "host": place.hostname,
        "port": place.port,
        "schema": "http",
        "password": served.token,
    }
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW_CONN_DATABRICKS_DEFAULT": json.dumps(connection),
    }
    (home / "dags").mkdir()
    file = home / "dags" / DAG.name
    shutil.copy(DAG, file)

    def called(*command):
        done = subprocess.run(
            [python, *command],
            env=env,
            cwd=home,
            text=True,
            capture_output=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done

    called("-m", "airflow", "db", "migrate")
    done = called(file)
    states = json.loads(done.stdout.strip().splitlines()[-1])
    failed = {name for name, state in states.items() if state != "success"}
    # the operator of 7.23.0 raises what the run failed with at first, even after a good repair
    assert failed == {"fails", "alone_fails", "repaired"}, done.stdout
    assert "repaired completed successfully." in done.stdout
    assert set(states) == {
        *("run_now", "repaired", "fails", "submit", "alone", "tried_again", "alone_fails"),
        *("group.launch", "group.first", "group.then"),
    }
    (run,) = served.ask("GET", f"/api/2.2/jobs/runs/list?job_id={daily}").json()["runs"]
    assert run["state"]["result_state"] == "SUCCESS"
    (run,) = served.ask("GET", f"/api/2.2/jobs/runs/list?job_id={mends}").json()["runs"]
    assert run["state"]["result_state"] == "SUCCESS"
    whole = served.ask(
        "GET", f"/api/2.2/jobs/runs/get?run_id={run['run_id']}&include_history=true"
    ).json()
    assert [each["type"] for each in whole["repair_history"]] == ["ORIGINAL", "REPAIR"]
