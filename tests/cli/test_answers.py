"""Exit statuses, streams and documents of jobs that need no kernel: conditions only."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from nbkit.cli import exit_status
from nbkit.cli.main import program

RUN_FIELDS = {
    *("run_id", "run_name", "state", "status", "start_time", "end_time"),
    *("job_parameters", "tasks"),
}
TASK_FIELDS = {
    *("task_key", "run_id", "attempt_number", "state", "status", "start_time", "end_time"),
    *("depends_on", "run_if", "condition_task", "output"),
    *("output_notebook", "attempts", "task_values"),
}


@pytest.fixture
def good(project):
    """A job that succeeds."""
    check = project.condition("check", "{{job.parameters.day}}", "EQUAL_TO", "1")
    return project.job(check, name="good", parameters=[{"name": "day", "default": "1"}])


@pytest.fixture
def bad(project):
    """A job that fails, as text is greater than nothing."""
    return project.job(project.condition("check", "text", "GREATER_THAN", "1"), name="bad")


def commands(group=None, before=()):
    from typer.main import get_command

    group = group or get_command(program)
    for name, command in sorted(group.commands.items()):
        yield (*before, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))


@pytest.mark.parametrize("command", [(), *commands()], ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(command, option, nbkit):
    """Help goes to standard output, with status 0."""
    status, out, err = nbkit(*command, option)

    assert (status, err) == (0, "")
    assert " ".join(["Usage: nbkit", *command]) in out


def test_help_tells_the_exit_statuses(nbkit):
    """Scripts rely on them."""
    text = " ".join(nbkit("--help").out.split())

    assert {*exit_status.MEANING} == {0, 1, 2, 3, 130}
    for status, meaning in exit_status.MEANING.items():
        assert f"{status}: {meaning}" in text


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    """What answers at once may not wait for Spark, pandas or a database."""
    heavy = {"pyspark", "papermill", "pandas", "sqlalchemy", "IPython", "nbclient", "zmq"}
    code = (
        "import sys, nbkit.cli.main as cli\n"
        f"sys.argv = ['nbkit', *{arguments}]\n"
        "try: cli.main()\n"
        f"except SystemExit: sys.exit(','.join({heavy} & {{*sys.modules}}) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)

    assert ran.returncode == 0


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("SUCCESS", 0),
        ("SUCCESS_WITH_FAILURES", 0),
        ("FAILED", 1),
        ("TIMEDOUT", 1),
        ("UPSTREAM_FAILED", 1),
        ("CANCELED", 130),
    ],
)
def test_every_result_has_an_exit_status(result, status):
    """The table of the design."""
    assert exit_status.of_result(result) == status


def test_success_is_0_and_people_are_told_on_standard_error(good, nbkit):
    """Standard output stays free for what was asked for."""
    status, out, err = nbkit("run", good.name)

    assert (status, out) == (0, "")
    assert "good succeeded" in err
    assert "runs/1/report.html" in err


def test_failure_is_1_and_says_why(bad, nbkit):
    """The message of what failed is among the last lines."""
    status, out, err = nbkit("run", bad.name)

    assert (status, out) == (1, "")
    assert "bad failed" in err


def test_quiet_is_one_line_for_a_success(good, nbkit):
    """Only failures and the end."""
    assert len(nbkit("run", good.name, "--quiet").err.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "show", "repair"])
def test_json_is_one_document_with_the_fields_of_the_contract(command, bad, nbkit):
    """Nothing else is on standard output."""
    if command != "run":
        nbkit("run", bad.name)

    status, out, err = nbkit(command, bad.name if command == "run" else 1, "--json")

    document = json.loads(out)
    assert status == (0 if command == "show" else 1)
    assert ("failed" in err) == (command != "show")
    assert document.keys() >= RUN_FIELDS
    assert {"life_cycle_state", "result_state", "state_message"} <= document["state"].keys()
    assert document["status"]["state"] == "TERMINATED"
    assert document["status"]["termination_details"].keys() == {"code", "type", "message"}
    (task,) = document["tasks"]
    assert task.keys() >= TASK_FIELDS
    assert task["state"]["result_state"] == "FAILED"


def test_parameters_reach_the_run_and_the_record(good, nbkit):
    """`-p` wins over the default, and a value may hold an equals sign."""
    document = json.loads(nbkit("run", good.name, "-p", "day=a=b", "--json").out)

    assert document["job_parameters"] == [{"name": "day", "default": "1", "value": "a=b"}]
    assert document["tasks"][0]["condition_task"]["outcome"] == "false"


def test_runs_are_listed_newest_first(good, bad, nbkit):
    """With the shape of the Jobs API's list."""
    for job in (good, bad, good):
        nbkit("run", job.name, "--quiet")

    listed = json.loads(nbkit("runs", "--json").out)["runs"]
    of_bad = json.loads(nbkit("runs", "--job", "bad", "--json").out)["runs"]

    assert [(run["run_id"], run["run_name"]) for run in listed] == [
        (3, "good"),
        (2, "bad"),
        (1, "good"),
    ]
    assert [run["state"]["result_state"] for run in listed] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert [run["run_id"] for run in of_bad] == [2]
    assert len(nbkit("runs", "--limit", 1).out.splitlines()) == 3


def test_show_says_where_to_look(bad, nbkit):
    """The folder of the notebooks and the report, as typed from here."""
    nbkit("run", bad.name)

    out = nbkit("show", 1).out

    assert "bad failed" in out
    assert "notebooks  runs/1" in out
    assert "report     runs/1/report.html" in out


def test_review_prints_a_page_that_exists(good, project, nbkit):
    """Without a terminal no browser is opened; the path is the answer."""
    nbkit("run", good.name)

    of_run, index = nbkit("review", 1), nbkit("review")

    assert of_run.out == f"{project.root / 'runs/1/report.html'}\n"
    assert index.out == f"{project.root / 'runs/index.html'}\n"
    assert "good" in (project.root / "runs/1/report.html").read_text()
    assert "1/report.html" in (project.root / "runs/index.html").read_text()


def test_review_without_a_browser_says_so(good, nbkit, monkeypatch):
    """On a machine without one there is a message, not an error."""
    import webbrowser

    nbkit("run", good.name)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(webbrowser, "open", lambda _: False)

    status, out, err = nbkit("review", 1)

    assert (status, out.count("\n")) == (0, 1)
    assert "No browser" in err


def test_explain_runs_nothing(good, nbkit, nothing_ran):
    """It shows the order and the values."""
    status, out, _ = nbkit("explain", good.name, "-p", "day=2")

    assert status == 0
    assert "2 EQUAL_TO 1 → false" in out
    assert nothing_ran()


def test_a_job_of_a_bundle_is_named_by_its_key(project, nbkit):
    """One job needs no key; each of several does."""
    check = "{task_key: a, condition_task: {left: '1', op: EQUAL_TO, right: '1'}}"
    project.write("one.yml", f"resources: {{jobs: {{x: {{name: the x, tasks: [{check}]}}}}}}")
    two = f"x: {{name: the x, tasks: [{check}]}}, y: {{name: the y, tasks: [{check}]}}"
    project.write("two.yaml", f"resources: {{jobs: {{{two}}}}}")

    names = [
        json.loads(nbkit("run", job, "--json").out)["run_name"]
        for job in ("one.yml", "one.yml:x", "two.yaml:y")
    ]

    assert names == ["the x", "the x", "the y"]


def test_cancel_of_a_run_that_is_over(good, nbkit):
    """It says how the run ended and changes nothing."""
    nbkit("run", good.name)

    status, _, err = nbkit("cancel", 1)

    assert status == 0
    assert "over already: SUCCESS" in err


def test_repair_of_a_run_without_failures_is_refused(good, nbkit):
    """There is nothing to do, and nothing is done."""
    nbkit("run", good.name)

    status, _, err = nbkit("repair", 1)

    assert status == 2
    assert "nothing to repair" in err


def test_no_java_is_3_and_nothing_ran(project, nbkit, nothing_ran, monkeypatch):
    """A job whose notebooks use Spark is refused before it begins."""
    project.notebook("count", "spark.range(1).count()")
    project.job(project.notebook_task("count", "count"))
    monkeypatch.setenv("JAVA_HOME", str(project.root))

    status, out, err = nbkit("run", "job.json")

    assert (status, out) == (3, "")
    assert "Java" in err
    assert nothing_ran()
