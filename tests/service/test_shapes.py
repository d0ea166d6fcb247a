"""Records as the Jobs API answers them, page by page and in its versions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.graph.load import parse_job
from nbkit.rules.record import record
from nbkit.rules.state import RunState
from nbkit.service import shapes
from nbkit.service.refusals import Refusal

URL = "http://127.0.0.1:1"


def run_of(count, run_id=7):
    """The record of a run that has not begun, its task runs numbered."""
    tasks = [{"task_key": f"t{n}", "notebook_task": {"notebook_path": "n"}} for n in range(count)]
    graph = parse_job(json.dumps({"name": "big", "tasks": tasks})).graph
    made = record(graph, RunState.fresh(graph))
    made |= {"run_id": run_id, "submitted": False}
    numbered = enumerate(made["tasks"], 1)
    made["tasks"] = [{**task, "run_id": run_id * 1_000_000 + n} for n, task in numbered]
    return made


def pages_of(made, **more):
    """Every page of a run, as a client gets them one after the other."""
    pages, token = [], ""
    while True:
        pages.append(shapes.get_run(made, made["run_id"], URL, page_token=token, **more))
        token = pages[-1].get("next_page_token")
        if token is None:
            return pages


@given(st.sampled_from([1, 2, 99, 100, 101, 200, 250]))
def test_pages_hold_every_task_once(count):
    """At most 100 each; the other arrays are on the first page alone."""
    made = run_of(count)

    pages = pages_of(made, history=True)

    assert [t["task_key"] for page in pages for t in page["tasks"]] == [
        f"t{n}" for n in range(count)
    ]
    assert all(0 < len(page["tasks"]) <= 100 for page in pages)
    assert ["repair_history" in page for page in pages] == [n == 0 for n in range(len(pages))]
    assert ["job_parameters" in page for page in pages] == [n == 0 for n in range(len(pages))]


def test_older_versions_have_no_pages():
    """All tasks at once."""
    answer = shapes.get_run(run_of(250), 7, URL, version="2.1")

    assert len(answer["tasks"]) == 250
    assert "next_page_token" not in answer


def test_a_task_run_is_a_run():
    """Under its own id, with its state and a link to its place on the page."""
    answer = shapes.get_run(run_of(3), 7_000_002, URL)

    assert (answer["run_id"], answer["run_name"], answer["job_run_id"]) == (7_000_002, "t1", 7)
    assert [task["task_key"] for task in answer["tasks"]] == ["t1"]
    assert answer["run_page_url"] == f"{URL}/nbkit/runs/7#t1"
    with pytest.raises(Refusal, match="Run 7000009 does not exist"):
        shapes.get_run(run_of(3), 7_000_009, URL)


def test_what_is_only_ours_stays_here():
    """Values, outputs and attempts are in `get-output`, or not for clients at all."""
    (task,) = shapes.get_run(run_of(1), 7, URL)["tasks"]

    assert not {"attempts", "task_values", "output", "output_notebook", "failure"} & task.keys()


def test_the_output_of_many_tasks_is_refused():
    """With the text that clients know."""
    with pytest.raises(Refusal, match="multiple tasks is not supported"):
        shapes.run_output(run_of(2), 7, URL)
    assert shapes.run_output(run_of(1), 7, URL)["metadata"]["run_id"] == 7_000_001


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=3))
def test_tokens_come_back_as_they_were(numbers):
    """And tell nothing else."""
    token = shapes.token_of(*numbers)

    assert shapes.numbers_of(token, len(numbers)) == tuple(numbers)
    with pytest.raises(Refusal, match="page_token"):
        shapes.numbers_of(token, len(numbers) + 1)


@given(st.text())
def test_other_tokens_are_refused(token):
    """Whatever a client makes up."""
    with pytest.raises(Refusal, match="page_token"):
        shapes.place_of(f"x{token}")
