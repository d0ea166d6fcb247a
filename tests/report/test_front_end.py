from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import nbkit.report
from nbkit.app.work_board import with_work
from nbkit.events import Unit
from nbkit.report.critical import critical_path, ready_times
from nbkit.report.documents import run_document, task_documents
from nbkit.report.front_end import hash_of, script
from nbkit.report.rows import matrix_of, row_of
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.spark.work_now import starting, told

STATIC = Path(nbkit.report.__file__).parent / "static"
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("name", [path.stem for path in sorted(STATIC.glob("*.js"))])
def test_every_module_joined_is_a_module(name, tmp_path):
    """What is joined parses, and asks for no other file."""
    path = tmp_path / f"{name}.mjs"
    path.write_text(script(name))
    subprocess.run([NODE, "--check", path], check=True)
    assert 'from "./' not in path.read_text()


def test_joined_modules_keep_their_names_to_themselves(tmp_path):
    """Two modules may each have a function `row`; each is there once, before who imports it."""
    text = script("widget")
    assert text.count("const nbkit_elements = ") == 1
    assert text.index("const nbkit_words") < text.index("const nbkit_timeline")
    assert text.index("const nbkit_timeline") < text.index("const nbkit_dashboard")
    assert text.rstrip().endswith("export default { render };")


def test_a_script_is_known_by_its_hash():
    assert hash_of("alert(1)") == "bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI="


def test_the_critical_path_decided_how_long_the_run_took(flights):
    """From the task that ended last, back by whichever parent ended last."""
    run = run_view(record(flights.graph, flights.state))
    path = critical_path(run)
    ends = {task.key: task.ended for task in run.tasks}
    assert path[0] == "ingest"
    assert path[-1] == max((task for task in run.tasks if task.ended), key=lambda t: t.ended).key
    assert [ends[key] for key in path] == sorted(ends[key] for key in path)


def test_a_task_is_ready_once_its_parents_are_over(flights):
    run = run_view(record(flights.graph, flights.state))
    ready = ready_times(run)
    tasks = {task.key: task for task in run.tasks}
    assert ready["ingest"] == run.started
    assert ready["clean"] == tasks["ingest"].ended
    assert "serve" not in ready, "it never ran"


def test_documents_are_json_and_hold_what_a_person_wants_to_know(flights):
    document = record(flights.graph, flights.state)
    clean = next(task for task in document["tasks"] if task["task_key"] == "clean")
    step = {"id": "1", "parent": "", "name": "count", "state": "succeeded", "tries": 1}
    clean["attempts"][-1]["steps"] = [step]
    run = run_view(document)
    told = json.loads(json.dumps([run_document(run), task_documents(run)]))
    about, tasks = told
    assert about["look"]["word"] == "failed"
    assert about["failed"] == ["gold_carriers"]
    assert tasks["clean"]["told"] == {"steps": [step]}
    assert tasks["clean"]["attempts"][1]["retry"] is True
    assert tasks["ingest"]["line"] == "for each · 5 of 5"
    assert tasks["ingest"]["iterations_in_all"] == 5
    assert tasks["gold_carriers"]["critical"] is False or tasks["gold_carriers"]["ended"]


def test_a_running_task_tells_its_cell(flights):
    state = next(s for _, s in flights.events if s.tasks["transform"].life == "RUNNING"
                 and s.tasks["transform"].last.cell == 3)  # fmt: skip
    tasks = task_documents(run_view(record(flights.graph, state)))
    assert tasks["transform"]["line"] == "notebook · cell 3 of 8"
    assert tasks["transform"]["spark"] is None
    assert tasks["transform"]["ended"] == 0


def test_a_running_task_tells_what_spark_does_for_it(flights):
    """In the box of the graph in short, in the panel with a bar."""
    state = next(s for _, s in flights.events if s.tasks["transform"].life == "RUNNING"
                 and s.tasks["transform"].last.cell == 3)  # fmt: skip

    def shown(work):
        document = with_work(record(flights.graph, state), {Unit("transform"): work})
        return task_documents(run_view(document))["transform"]

    busy = shown(told("2 1 3 1200 2000"))
    assert busy["line"] == "Spark: 1200/2000 tasks"
    assert busy["spark"] == [
        "Spark: 1,200 of 2,000 tasks, 1 of 3 stages, 2 jobs (cell 3 of 8)",
        0.6,
    ]
    assert shown(starting())["spark"] == ["starting Spark … (cell 3 of 8)", None]
    over = with_work(record(flights.graph, flights.state), {Unit("transform"): starting()})
    assert task_documents(run_view(over))["transform"]["spark"] is None


def test_a_matrix_has_one_column_per_run_and_names_each_look_once(flights):
    """Tasks that only an earlier run had come last; a run without a task has no cell."""
    newest = row_of(record(flights.graph, flights.state))
    earlier = json.loads(json.dumps(newest))
    earlier["id"] = 11
    earlier["tasks"] = [["old", *earlier["tasks"][0][1:]], *earlier["tasks"][1:]]
    earlier["expectations"] = [["flights", "has time", 9, 1, False, 0.05]]
    matrix = json.loads(json.dumps(matrix_of([newest, earlier])))
    assert matrix["tasks"][0] == "ingest"
    assert matrix["tasks"][-1] == "old"
    assert [run["id"] for run in matrix["runs"]] == [12, 11]
    assert matrix["runs"][0]["cells"][-1] is None
    assert matrix["runs"][1]["cells"][0] is None
    words = [look["word"] for look in matrix["looks"]]
    assert len(words) == len(set(words))
    assert words[matrix["runs"][0]["cells"][1][0]] == "succeeded"
    assert matrix["runs"][0]["parameters"] == newest["parameters"]
    assert matrix["runs"][1]["expectations"] == earlier["expectations"]
