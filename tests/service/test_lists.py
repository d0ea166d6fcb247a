"""What the pages and the side bar list, without a browser: the rules are those of `nbkit jobs`."""

from __future__ import annotations

import json
import threading
from itertools import pairwise

import nbformat
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from nbformat.v4 import new_code_cell, new_notebook
from processes import until

from nbkit import api
from nbkit.api.deployed import create_job, deployed_jobs
from nbkit.app.overview import overview
from nbkit.app.parameters import again
from nbkit.app.waiting import Wait
from nbkit.errors import SetupError, UsageError
from nbkit.service.pages import waits
from nbkit.service.pages.acts import act
from nbkit.service.pages.listing import listing, side_bar
from nbkit.service.pages.notebooks import notebook_document, upcoming
from nbkit.service.pages.tables import table_document, tables_document
from nbkit.service.project import Project
from nbkit.service.refusals import Refusal
from nbkit.service.request import ApiRequest
from nbkit.settings import Settings

CHECK = {"task_key": "check", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
DAILY = {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"}


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "nbkit.toml").touch()
    project = Project(Settings.of(tmp_path))
    yield project
    project.close()


def job(project, name, **more):
    path = project.settings.root / f"{name}.json"
    path.write_text(json.dumps({"name": name, "tasks": [CHECK], **more}))
    return path


def notebook(path, *cells, parameters=None):
    made = new_notebook(cells=[new_code_cell(source) for source in cells])
    if parameters is not None:
        made.cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


STARTING = {
    "by_hand": {},
    "daily": {"schedule": DAILY},
    "paused": {"schedule": {**DAILY, "pause_status": "PAUSED"}},
    "often": {"trigger": {"periodic": {"interval": 1, "unit": "HOURS"}}},
    "files": {"trigger": {"file_arrival": {"url": "/in/"}}},
    "both": {
        "triggers": [
            {"schedule": DAILY},
            {"job_completion": {"jobs": [{"workspace_id": "1", "job_id": "7"}]}},
        ]
    },
    "endless": {"continuous": {"pause_status": "UNPAUSED"}},
}


def test_states_and_next_times_are_those_of_the_command(shop):
    """Of every kind of trigger; a periodic one goes on from its deployment, not from now."""
    for name, starts in STARTING.items():
        api.deploy(job(shop, name, **starts), settings=shop.settings)

    lines = {line["name"]: line for line in listing(shop)["jobs"]}
    for expected in overview(shop.settings):
        line = lines[expected.job.name]
        assert line["state"] == expected.state
        wanted = [int(each.timestamp() * 1000) for each in expected.next]
        assert [line["next"]] == (wanted or [0]), line
        assert line["waits"] == [str(each) for each in expected.waits]
    told = {name: (line["state"], line["starts"]) for name, line in lines.items()}
    assert told["by_hand"] == ("by hand", "")
    assert told["paused"] == ("paused", "")
    assert told["files"] == ("waiting", "on new files")
    assert told["both"] == ("waiting", "after other jobs")
    assert told["endless"] == ("waiting", "continuously")
    assert any("no folder /in" in each for each in lines["files"]["waits"]), lines["files"]
    assert lines["paused"]["waits"] == ["schedule: paused; `nbkit resume` ends that"]
    assert lines["by_hand"]["waits"] == []


def test_a_look_that_takes_long_holds_up_no_list(shop, monkeypatch):
    """A disk that does not answer: the list is there, and says what was seen before."""
    api.deploy(job(shop, "files", **STARTING["files"]), settings=shop.settings)
    answers, looks = threading.Event(), []

    def slow(*_, **__):
        looks.append(1)
        assert answers.wait(60)
        return (Wait("file_arrival", "no new file"),)

    monkeypatch.setattr(waits, "waits_of_triggers", slow)
    for _ in range(3):
        assert listing(shop)["jobs"][0]["waits"] == []
    answers.set()
    until(lambda: listing(shop)["jobs"][0]["waits"] == ["file_arrival: no new file"])
    assert len(looks) >= 1


def test_a_look_that_fails_is_made_again(shop, monkeypatch):
    """Such as while the ledger is away."""
    api.deploy(job(shop, "files", **STARTING["files"]), settings=shop.settings)
    answers = iter([SetupError("away"), (Wait("", "there"),)])

    def look(*_, **__):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(waits, "waits_of_triggers", look)
    with pytest.raises(SetupError):
        listing(shop)
    assert listing(shop)["jobs"][0]["waits"] == ["there"]


def test_the_side_bar_of_a_folder_without_runs_makes_nothing(shop):
    """To look is not to write."""
    job(shop, "daily")
    before = sorted(shop.settings.root.rglob("*"))
    found = side_bar(shop)
    assert [each["name"] for each in found["files"]] == ["daily"]
    assert (found["jobs"], found["runs"]) == ([], [])
    assert sorted(shop.settings.root.rglob("*")) == before


def test_a_file_is_deployed_paused_and_undeployed_from_there(shop):
    """Listed once: as a file, or as the deployed job that it is."""
    source = str(job(shop, "daily", schedule=DAILY))

    def done(**action):
        return act(shop, ApiRequest("", action))

    assert "deployed" in done(kind="deploy", source=source)["message"]
    found = side_bar(shop)
    assert (len(found["jobs"]), found["files"]) == (1, [])
    number = found["jobs"][0]["id"]
    assert "paused" in done(kind="pause", job_id=number)["message"]
    assert side_bar(shop)["jobs"][0]["state"] == "paused"
    assert "updated" in done(kind="deploy", source=source)["message"]
    assert done(kind="files", job_id=number) == {"files": ["daily.json"]}
    assert "no more" in done(kind="undeploy", job_id=number)["message"]
    assert [each["name"] for each in side_bar(shop)["files"]] == ["daily"]
    with pytest.raises(Refusal, match="no job of this project"):
        done(kind="deploy", source="/etc/passwd")


def test_the_files_that_a_run_reads_are_known(shop):
    """Notebooks, what they run inline, scripts, and the job itself."""
    root = shop.settings.root
    notebook(root / "lib" / "shared.ipynb", "print(1)")
    notebook(root / "load.ipynb", "%run ./lib/shared")
    (root / "script.py").write_text("print(1)")
    tasks = [
        {"task_key": "load", "notebook_task": {"notebook_path": "load.ipynb"}},
        {"task_key": "script", "spark_python_task": {"python_file": "script.py"}},
    ]
    job(shop, "etl", tasks=tasks)
    (line,) = side_bar(shop)["files"]
    assert act(shop, ApiRequest("", {"kind": "files", "job_id": line["id"]}))["files"] == [
        "etl.json",
        "lib/shared.ipynb",
        "load.ipynb",
        "script.py",
    ]


def test_a_form_has_what_a_notebook_asks_for(shop):
    """Parameters with their kinds, then widgets; of a name that both have, the declaration."""
    place = notebook(
        shop.settings.root / "a.ipynb",
        'dbutils.widgets.text("city", "Vienna", "Which city")\n'
        'dbutils.widgets.dropdown("size", "S", ["S", "L"])\ndbutils.widgets.text("day", "9")',
        "%sql select 1",
        parameters='day = 1  # of the month\nfull = False\nname = "x"\nrest = [1]\nmaybe = None',
    )
    found = notebook_document(shop, place.name)
    told = [(each["name"], each["kind"], each["default"]) for each in found["parameters"]]
    assert told == [
        ("day", "int", "1"),
        ("full", "bool", "False"),
        ("name", "str", "x"),
        ("rest", "literal", "[1]"),
        ("maybe", "literal", ""),
        ("city", "str", "Vienna"),
        ("size", "choice", "S"),
    ]
    assert found["parameters"][0]["help"] == "of the month"
    assert found["parameters"][-1]["choices"] == ["S", "L"]
    assert (found["notebook"], found["schedules"]) == ("a.ipynb", [])
    for wrong in ("nowhere.ipynb", "../a.ipynb"):
        with pytest.raises(Refusal):
            notebook_document(shop, wrong)


def test_a_notebook_knows_its_schedules(shop):
    """Those that were made for it alone, not jobs that have it among others."""
    place = notebook(shop.settings.root / "sub" / "a.ipynb", "1")
    task = {"task_key": "a", "notebook_task": {"notebook_path": "sub/a"}}
    both = [task, CHECK]
    create_job({"name": "a", "tasks": [task], "schedule": DAILY}, settings=shop.settings)
    create_job({"name": "more", "tasks": both, "schedule": DAILY}, settings=shop.settings)
    (known,) = notebook_document(shop, "sub/a.ipynb")["schedules"]
    assert (known["name"], known["expression"], known["zone"]) == ("a", "0 0 3 * * ?", "UTC")
    assert place.is_file()
    assert len(deployed_jobs(settings=shop.settings)) == 2


def test_jupyterlab_below_the_project_names_files_from_its_own_folder(shop):
    """What it does not show has no name there."""
    root = shop.settings.root
    notebook(root / "sub" / "a.ipynb", "1")
    below = Project(shop.settings, home=root / "sub")
    assert notebook_document(below, "a.ipynb")["notebook"] == "sub/a.ipynb"
    assert (below.inside, shop.inside) == ("sub", "")
    assert below.lab_path(root / "job.json") == ""
    below.close()


def test_a_schedule_says_what_it_would_do_or_what_is_wrong():
    found = upcoming("0 0 3 * * ?", "Europe/Vienna")
    assert (len(found["next"]), found["problem"]) == (5, "")
    assert all(later - now <= 25 * 3600_000 for now, later in pairwise(found["next"]))
    assert "fields" in upcoming("daily", "UTC")["problem"]
    assert "Europe/Vienna" in upcoming("0 0 3 * * ?", "Europe/Wien")["problem"]
    assert "never fires" in upcoming("0 0 3 30 2 ?", "UTC")["problem"]
    assert "never fires" in upcoming("0 0 3 * * ? 2001", "UTC")["problem"]


def test_tables_are_listed_and_say_who_wrote_them(shop):
    """As far as a dataset of a pipeline did; of others only their log is known."""
    place = shop.settings.root / shop.settings.spark.warehouse / "silver.db" / "orders"
    place.parent.mkdir(parents=True)
    write_deltalake(place, pa.table({"day": [1]}))
    (told,) = tables_document(shop)["tables"]
    assert (told["spoken"], told["folder"]) == ("silver.orders", "silver.db/orders")
    found = table_document(shop, told["folder"])
    assert found["columns"] == [["day", "bigint", ""]]
    assert [each["version"] for each in found["history"]] == [0]
    assert found["writers"] == []
    with pytest.raises(UsageError, match="there is no table"):
        table_document(shop, "../orders")


def test_what_a_run_is_given_again():
    """All that it had, whatever the defaults are now; a reference to a secret stays the job's."""
    had = [
        {"name": "day", "default": "1", "value": "1"},
        {"name": "at", "default": "{{job.start_time.iso_date}}", "value": "2026-11-30"},
        {"name": "key", "default": "{{secrets/shop/key}}", "value": "{{secrets/shop/key}}"},
        {"name": "text", "value": "{{as typed}}"},
    ]
    assert again({"job_parameters": had}) == {
        "day": "1",
        "at": "2026-11-30",
        "text": "{{as typed}}",
    }
