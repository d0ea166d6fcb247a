from __future__ import annotations

import io
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from report.test_page import Page
from rich.console import Console

from nbkit.errors import UsageError
from nbkit.report.compare import comparable, compare, require_task
from nbkit.report.diff import as_document, diff_runs, print_diff, write_diff
from nbkit.report.notebook_diff import notebook_changes
from nbkit.rules.record import record


def code(source: str, text: str = "", **metadata):
    outputs = [new_output("stream", text=text)] if text else []
    return new_code_cell(source, outputs=outputs, metadata=metadata)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("took 2.1 s", "took 13 seconds"),
        ("at 2026-01-01 10:11:12.123", "at 2026-02-03 01:02:03.5"),
        ("10:11:12 start", "11:12:13 start"),
        ("<object at 0x7f0011223344>", "<object at 0x7f99aabbccdd>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174fff"),
        ("Cell In[7], line 3", "Cell In[8], line 3"),
    ],
)
def test_what_every_run_changes_is_no_change(before, after):
    """Times, durations, addresses, ids and counts in outputs are noise."""
    first, second = code("x", before), code("x", after)
    first.execution_count, second.execution_count = 3, 9
    second.metadata["papermill"] = {"duration": 3}
    assert notebook_changes(new_notebook(cells=[first]), new_notebook(cells=[second])) == ()


def test_cells_are_matched_and_their_changes_told():
    """A cell that was added moves the others, but does not change them."""
    before = new_notebook(cells=[code("a = 1"), new_markdown_cell("gone"), code("n", "5\n")])
    header = new_markdown_cell("run 3", metadata={"tags": ["nbkit-header"]})
    after = new_notebook(cells=[header, code("a = 2"), code("n", "6\n"), code("new")])
    told = [(c.change, c.number, c.source, c.outputs) for c in notebook_changes(before, after)]
    assert told == [
        ("changed", 2, ("@@ -1 +1 @@", "-a = 1", "+a = 2"), ()),
        ("removed", 2, ("-gone",), ()),
        ("changed", 3, (), ("@@ -1 +1 @@", "-5", "+6")),
        ("added", 4, ("+new",), ()),
    ]


def test_streams_are_compared_whole():
    """Where a kernel cut its text is chance."""
    cut = new_code_cell("x", outputs=[new_output("stream", text=part) for part in ("a", "b\n")])
    assert (
        notebook_changes(new_notebook(cells=[cut]), new_notebook(cells=[code("x", "ab\n")])) == ()
    )


@pytest.fixture
def runs(flights):
    """Two records of the flights job; the second one differs where the tests look."""
    before = record(flights.graph, flights.state)
    after = json.loads(json.dumps(before))
    after["run_id"] = 13
    after["job_parameters"][0]["value"] = "2014"
    tasks = {task["task_key"]: task for task in after["tasks"]}
    clean = tasks["clean"]
    clean["task_values"]["rows"] = 400_000
    clean["end_time"] += 60_000
    for document, rows, failed in ((before, 10, 0), (after, 12, 3)):
        last = next(t for t in document["tasks"] if t["task_key"] == "clean")["attempts"][-1]
        result = {"name": "has time", "passed": rows - failed, "failed": failed, "ok": not failed}
        last["expectations"] = [{"dataset": "flights", "rows": rows, "results": [result]}]
    after["tasks"] = [task for task in after["tasks"] if task["task_key"] != "tell"]
    after["tasks"].append({**tasks["transform"], "task_key": "brand_new"})
    return before, after


def test_every_kind_of_change_is_found(runs):
    """Parameters, tasks that came and went, values, row counts and expectations."""
    found = compare(*runs)
    assert [(p.name, p.before, p.after) for p in found.parameters] == [("year", "2013", "2014")]
    tasks = {task.key: task for task in found.tasks}
    assert {key: task.change for key, task in tasks.items() if task.change != "same"} == {
        "clean": "changed",
        "brand_new": "added",
        "tell": "removed",
    }
    clean = tasks["clean"]
    assert [(v.name, v.before, v.after) for v in clean.values] == [("rows", "327346", "400000")]
    assert [(v.name, v.before, v.after) for v in clean.rows] == [("flights", "10", "12")]
    (expectation,) = clean.expectations
    assert expectation.after == "✗ not held: 3 failed, 9 passed"
    assert clean.durations[1] == clean.durations[0] + 60_000


def test_a_longer_time_alone_is_no_change(runs):
    before = runs[0]
    after = json.loads(json.dumps(before))
    after["tasks"][2]["end_time"] += 5000
    assert compare(before, after).changed == ()


def test_one_task_can_be_asked_for(runs):
    assert [task.key for task in compare(*runs, only="clean").tasks] == ["clean"]
    require_task("tell", *runs)
    with pytest.raises(UsageError, match="nearest: clean"):
        require_task("claen", *runs)


def test_only_what_both_runs_were_to_run_is_compared(runs):
    """After a run of a few tasks; the others are named, and can be asked for by themselves."""
    before, after = runs
    after["tasks"][0]["state"]["result_state"] = "DISABLED"
    found = compare(before, after)
    assert found.left_out == ("ingest",)
    assert "ingest" not in {task.key for task in found.tasks}
    assert [task.key for task in compare(before, after, only="ingest").tasks] == ["ingest"]
    assert as_document(found)["left_out"] == ["ingest"]
    console = Console(file=io.StringIO(), width=160, force_jupyter=False)
    print_diff(found, console)
    assert "one of the runs was not to run them: ingest." in console.file.getvalue()


def test_a_run_is_compared_with_the_last_that_ran_the_same():
    """Not with one of other tasks, as long as there is another; else with the one before."""

    def ran(*keys):
        states = {"a": "DISABLED", "b": "DISABLED"} | dict.fromkeys(keys, "SUCCESS")
        tasks = [{"task_key": key, "state": {"result_state": is_}} for key, is_ in states.items()]
        return {"tasks": tasks}

    runs = {1: ran("a", "b"), 2: ran("b"), 3: ran("a"), 4: ran("c")}
    assert comparable(ran("a"), [2, 1], runs.get) == 1
    assert comparable(ran("b"), [3, 2, 1], runs.get) == 2
    assert comparable(ran("a", "b"), [3, 2], runs.get) == 3
    assert comparable(ran("a"), [4], runs.get) == 4
    assert comparable(ran("a"), [], runs.get) is None


def test_notebooks_of_iterations_are_matched_by_input(runs, tmp_path):
    """Also where the inputs changed their order; a notebook that is gone is not compared."""
    before, after = runs
    ingest = after["tasks"][0]
    for one in ingest["iterations"]:
        one["output_notebook"] = one["output_notebook"].replace("runs/12", "runs/13")
    ingest["iterations"].reverse()
    for path, text in (("runs/12/ingest/1/0.ipynb", "5\n"), ("runs/13/ingest/1/0.ipynb", "6\n")):
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        nbformat.write(new_notebook(cells=[code("n", text)]), file)
    found = diff_runs(before, after, tmp_path, "ingest")
    (pair,) = found.tasks[0].notebooks
    assert pair.name == "ingest[airlines]"
    assert pair.cells[0].outputs[-1] == "+6"
    assert found.tasks[0].change == "changed"


def test_a_comparison_reads_well_in_a_terminal_and_as_json(runs):
    console = Console(file=io.StringIO(), width=160, force_jupyter=False)
    found = diff_runs(*runs, Path("/p"))
    print_diff(found, console)
    text = console.file.getvalue()
    for part in ("- run 12", "+ run 13", "year: 2013 → 2014", "rows: 327346 → 400000", "8 more"):
        assert part in text, part
    document = as_document(found)
    json.dumps(document)
    assert document["before"]["run_id"] == 12
    changed = {task["task_key"] for task in document["tasks"] if task["change"] != "same"}
    assert changed == {"clean", "brand_new", "tell"}


def test_the_page_shows_it_all_and_escapes_it(runs, tmp_path):
    before, after = runs
    after["job_parameters"][0]["value"] = "<script>alert(1)</script>"
    path = tmp_path / "runs/13/diff-12.html"
    write_diff(diff_runs(before, after, tmp_path), path, tmp_path)
    page = Page(path.read_text())
    assert "<script>alert(1)</script>" in page.text
    assert not page.all("script")
    for part in ("clean", "brand_new", "added", "removed", "has time", "400000"):
        assert part in page.text, part
