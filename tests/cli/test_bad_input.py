"""Bad input gets one clear message, naming the place and the nearest name; nothing runs."""

from __future__ import annotations

import json

import pytest

NOTEBOOK = {"notebook_path": "good"}
GOOD = {"task_key": "load", "notebook_task": NOTEBOOK}
BUNDLE = """
resources:
  jobs:
    nightly: {name: nightly, tasks: [{task_key: load, notebook_task: {notebook_path: good}}]}
    hourly: {name: hourly, tasks: [{task_key: load, notebook_task: {notebook_path: good}}]}
"""


@pytest.fixture(autouse=True)
def notebooks(project):
    project.notebook("good", "1", parameters="day = 1")


@pytest.fixture
def refused(nbkit, nothing_ran):
    """Say a command line that has to fail, and return all that it printed."""

    def say(*arguments: object) -> str:
        status, out, err = nbkit(*arguments)
        assert (status, out) == (2, "")
        assert nothing_ran()
        return err

    return say


def job(**changes):
    """Return a job with one task that differs from a good one."""
    return {"name": "job", "tasks": [{**GOOD, **changes}]}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("jbo.json", "there is no job file jbo.json; nearest: job.json"),
        ("jobs/job.json", "the folder jobs does not exist"),
        (".", ". is a folder; name the job file in it"),
        ("", "is a folder; name the job file in it"),
        ("job.json:nightly", "the file is a single job; it has no jobs by key, so no nightly"),
        ("bundle.yml", "the bundle has 2 jobs: nightly, hourly; say which, as in FILE:nightly"),
        ("bundle.yml:nihgtly", "the bundle has no job nihgtly; nearest: nightly"),
    ],
)
@pytest.mark.parametrize("command", ["run", "explain"])
def test_a_job_that_cannot_be_found(command, named, said, project, refused):
    """The message names the nearest file, or the job's key in a bundle."""
    project.write("job.json", job())
    project.write("bundle.yml", BUNDLE)

    assert said in refused(command, named)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"tasks": [1,\n  2', "line 2, column 4"),
        ('{"tasks": [] // none yet\n}', "comments are not allowed in JSON (line 1, column 14)"),
        ('{"tasks": [],\n}', "trailing commas are not allowed in JSON (line 1, column 13)"),
        (b"\x7fELF\x02\xff\xfe", "it is not UTF-8 text (byte 5 of the file)"),
        ("", "empty"),
        ("[]", "object"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_job(text, said, project, refused):
    """The message says what is wrong with it and where."""
    project.write("job.json", text)

    assert said in refused("run", "job.json")


@pytest.mark.parametrize(
    ("tasks", "place", "said"),
    [
        (
            [GOOD, {**GOOD, "task_key": "b", "depends_on": [{"task_key": "laod"}]}],
            "tasks[1].depends_on[0].task_key",
            "the job has no task laod; nearest: load",
        ),
        ([GOOD, GOOD], "tasks[1].task_key", "load is already the task_key of tasks[0]"),
        (
            [
                {**GOOD, "task_key": "a", "depends_on": [{"task_key": "b"}]},
                {**GOOD, "task_key": "b", "depends_on": [{"task_key": "c"}]},
                {**GOOD, "task_key": "c", "depends_on": [{"task_key": "a"}]},
            ],
            "tasks[0].depends_on[0].task_key",
            "the tasks wait for each other: a → c → b → a",
        ),
        (
            [{**GOOD, "notebook_task": {**NOTEBOOK, "base_parameters": {"x": "{{job.nmae}}"}}}],
            "tasks[0].notebook_task.base_parameters.x",
            "nearest: name",
        ),
        (
            [{**GOOD, "notebook_task": {"notebook_path": "god"}}],
            "tasks[0].notebook_task.notebook_path",
            "There is no notebook god in",
        ),
        (
            [{**GOOD, "notebook_task": {"notebook_path": "god"}}],
            "tasks[0].notebook_task.notebook_path",
            "nearest: good",
        ),
        (
            [{**GOOD, "notebook_task": {"notebook_path": "silver/clean"}}],
            "tasks[0].notebook_task.notebook_path",
            "silver does not exist",
        ),
        ([{**GOOD, "max_retries": "often"}], "tasks[0].max_retries", "a whole number"),
    ],
)
def test_a_job_that_cannot_run(tasks, place, said, project, nbkit):
    """The message points at the place and names the nearest valid name."""
    project.write("job.json", {"name": "job", "tasks": tasks})

    found = nbkit("validate", "job.json")

    assert place in found.out
    assert said in found.out
    assert found.status == 2
    assert nbkit("run", "job.json").status == 2
    assert '"runs": []' in nbkit("runs", "--json").out


def test_a_kernel_that_is_not_installed(project, refused):
    """It is known before anything runs, with what can be had."""
    path = project.notebook("good", "1")
    notebook = json.loads(path.read_text())
    notebook["metadata"] = {"kernelspec": {"name": "pyhton3", "display_name": "Python"}}
    project.write("good.ipynb", notebook)
    project.write("job.json", job())

    said = refused("run", "job.json")

    assert "pyhton3" in said
    assert "python3" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "dya=1"], "nobody declares the parameter dya; nearest: day"),
        (["-p", "dya=1", "-p", "moth=2"], "nobody declares the parameter moth; nearest: month"),
        (["-p", "day"], "-p day: a parameter is given as NAME=VALUE"),
        (["-p", "=1"], "-p =1: a parameter is given as NAME=VALUE"),
        (["-p", "day=1", "-p", "day=2"], "-p day=2: day is given twice"),
        (["--only", "laod"], "the job has no task laod; nearest: load"),
        (["--olny", "load"], "--only"),
    ],
)
def test_options_that_mean_nothing(arguments, said, project, refused):
    """A misspelt name is not handed on unseen."""
    project.write("job.json", {**job(), "parameters": [{"name": "month", "default": "1"}]})

    assert said in refused("run", "job.json", *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", 7], "There is no run 7"),
        (["cancel", 7], "There is no run 7"),
        (["repair", 7], "There is no run 7"),
        (["review", 7, "--no-open"], "There is no run 7"),
        (["repair", 7, "--tasks", "a", "--all-failed"], "either --tasks or --all-failed"),
        (["show", "last"], "'run_id'"),
        (["rnu", "job.json"], "run"),
    ],
)
def test_commands_that_cannot_be_meant(arguments, said, refused):
    """Unknown runs and commands are named."""
    assert said in refused(*arguments)


def test_every_problem_is_said_at_once(project, nbkit):
    """Faults of the graph, of references and of notebooks come together, each with its place."""
    tasks = [
        {**GOOD, "task_key": "a", "depends_on": [{"task_key": "bb"}]},
        {"task_key": "b", "notebook_task": {"notebook_path": "missing"}},
        {"task_key": "b", "notebook_task": {"notebook_path": 5}},
    ]
    project.write("job.json", {"name": "job", "max_concurent_runs": 1, "tasks": tasks})

    found = nbkit("validate", "job.json", "--json")

    document = json.loads(found.out)
    assert (found.status, found.err, document["valid"]) == (2, "", False)
    assert {(each["pointer"], each["severity"]) for each in document["problems"]} == {
        ("max_concurent_runs", "warning"),
        ("tasks[0].depends_on[0].task_key", "error"),
        ("tasks[1].notebook_task.notebook_path", "error"),
        ("tasks[2].task_key", "error"),
        ("tasks[2].notebook_task.notebook_path", "error"),
    }


def test_what_databricks_lets_pass_is_a_warning(project, nbkit, nothing_ran):
    """A field that the API does not have warns, and stops the job only with --strict."""
    project.write("job.json", {**job(), "max_concurent_runs": 1})

    lenient, strict = nbkit("validate", "job.json"), nbkit("validate", "job.json", "--strict")

    assert (lenient.status, strict.status) == (0, 2)
    assert "! warning  max_concurent_runs" in lenient.out
    assert "nearest: max_concurrent_runs" in lenient.out
    assert "✗ error  max_concurent_runs" in strict.out
    assert nbkit("run", "job.json", "--strict").status == 2
    assert nothing_ran()


@pytest.mark.parametrize(
    ("text", "said"),
    [("[run]\nparalell = 3\n", "run.paralell"), ("[run\n", "line 1"), ("run = 3", "run")],
)
def test_settings_that_make_no_sense(text, said, project, nbkit):
    """A mistake in nbkit.toml is bad input too."""
    project.write("nbkit.toml", text)
    project.write("job.json", job())

    status, out, err = nbkit("run", "job.json")

    assert (status, out) == (2, "")
    assert "nbkit.toml" in err
    assert said in err
    assert not (project.root / "runs").exists()
