"""Each task type becomes a notebook that shows what it runs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nbkit.errors import DefinitionError
from nbkit.events import RunStarted, Unit
from nbkit.graph.load import parse_job
from nbkit.rules.apply import replay
from nbkit.rules.commands import StartAttempt
from nbkit.rules.parameters import pushed_down
from nbkit.tasks import programs
from nbkit.tasks.programs import prepared
from nbkit.tasks.work import TaskFailedError, Work


def work(kind, block, job=()):
    graph = parse_job(json.dumps({"name": "j", "tasks": [{"task_key": "a", kind: block}]})).graph
    state = replay(graph, [RunStarted(1, 7, 99, "j")])
    parameters = pushed_down(kind, block, dict(job))
    command = StartAttempt(Unit("a"), 0, 7_000_001, {kind: block}, parameters)
    return Work(command, graph.job, graph.task("a"), state)


def code(program):
    return [cell.source for cell in program.notebook.cells if cell.cell_type == "code"]


def test_a_python_file_is_a_cell_with_its_arguments(tmp_path):
    """It works beside its file, as `__main__`."""
    (tmp_path / "src").mkdir()
    script = tmp_path / "src" / "etl.py"
    script.write_bytes("# -*- coding: latin-1 -*-\nprint('é')\n".encode("latin-1"))
    block = {"python_file": "src/etl.py", "parameters": ["--day", "it's"]}
    program = prepared(work("spark_python_task", block, {"job": "x"}), tmp_path)

    start, body = code(program)
    names = {"__name__": "__main__"}
    exec(start, names)
    assert names["sys"].argv == [str(script), "--day", "it's"]
    assert names["__file__"] == str(script)
    assert body == "# -*- coding: latin-1 -*-\nprint('é')\n"
    assert program.directory == script.parent


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("elt.py", "nearest: etl.py"),
        ("nowhere/etl.py", "the folder .*nowhere does not exist"),
        ("dbfs:/etl.py", "not on this machine"),
        ("/Workspace/Repos/me/etl.py", "not on this machine"),
    ],
)
def test_a_missing_file_is_named_with_the_nearest(tmp_path, named, message):
    """What only Databricks has is no mistake in spelling."""
    (tmp_path / "etl.py").write_text("")
    with pytest.raises(TaskFailedError, match=message):
        prepared(work("spark_python_task", {"python_file": named}), tmp_path)


@pytest.mark.parametrize(
    ("given", "job", "argv"),
    [
        ({"parameters": ["a", "b c"]}, {"day": "1"}, ["etl", "a", "b c"]),
        ({"named_parameters": {"x": "1"}}, {"day": "a b"}, ["etl", "--x=1", "--day=a b"]),
        ({"named_parameters": {"day": "0"}}, {"day": "1"}, ["etl", "--day=1"]),
        ({}, {}, ["etl"]),
    ],
)
def test_a_wheel_gets_its_arguments(tmp_path, monkeypatch, given, job, argv):
    """Job parameters reach named ones, not a list."""
    block = {"package_name": "etl", "entry_point": "main", **given}
    start, call = code(prepared(work("python_wheel_task", block, job), tmp_path))

    monkeypatch.setattr("sys.argv", [])
    names = {}
    exec(start, names)
    assert names["sys"].argv == argv
    assert call == "entry_point('etl', 'main')()"


def test_a_sql_file_is_one_cell(tmp_path):
    """As they are: the kernel binds the values of `{{name}}` and `:name`."""
    (tmp_path / "q.sql").write_text("select '{{ day }}', '{{other}}', :day; select 2")
    block = {"warehouse_id": "w", "file": {"path": "q.sql"}, "parameters": {"day": "monday"}}
    program = prepared(work("sql_task", block), tmp_path)

    assert code(program)[1:] == ["%sql\nselect '{{ day }}', '{{other}}', :day; select 2"]


def test_sql_can_be_in_the_job(tmp_path):
    """Databricks keeps queries; here their text is given."""
    query = {"query_id": "1", "query_text": "select 1"}
    program = prepared(work("sql_task", {"warehouse_id": "w", "query": query}), tmp_path)

    assert code(program) == ["%load_ext nbkit.toolkit.sql_task", "%sql\nselect 1"]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"query": {"query_id": "1"}}, "query .* is kept by Databricks.*query_text"),
        ({"dashboard": {"dashboard_id": "1"}}, "dashboard"),
        ({"alert": {"alert_id": "1"}}, "alert"),
    ],
)
def test_what_databricks_keeps_cannot_run(tmp_path, block, message):
    """With the reason."""
    with pytest.raises(TaskFailedError, match=message) as caught:
        prepared(work("sql_task", {"warehouse_id": "w", **block}), tmp_path)
    assert caught.value.cause == "unsupported"


def test_dbt_commands_are_shell_cells(tmp_path, monkeypatch):
    """In the project's folder, with its profiles."""
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_named: "/bin/dbt")
    (tmp_path / "shop").mkdir()
    block = {
        "commands": ["dbt deps", "dbt run --vars '{a: 1}'"],
        "project_directory": "shop",
        "profiles_directory": "profiles",
    }
    with pytest.raises(TaskFailedError, match="no dbt project"):
        prepared(work("dbt_task", block), tmp_path)
    (tmp_path / "shop" / "dbt_project.yml").write_text("")
    program = prepared(work("dbt_task", block), tmp_path)

    assert code(program) == ["%sh -e\ndbt deps", "%sh -e\ndbt run --vars '{a: 1}'"]
    assert program.directory == tmp_path / "shop"
    assert program.env["DBT_PROFILES_DIR"] == str(tmp_path / "shop" / "profiles")


def test_without_dbt_the_message_says_so(tmp_path, monkeypatch):
    """And how to get it."""
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_named: None)
    with pytest.raises(TaskFailedError, match="pip install dbt-core") as caught:
        prepared(work("dbt_task", {"commands": ["dbt run"]}), tmp_path)
    assert caught.value.cause == "unsupported"


def test_a_pipeline_is_a_cell_that_updates_it(tmp_path):
    """It works beside the pipeline's file, and asks for no more than the task does."""
    spec = tmp_path / "etl" / "spark-pipeline.yml"
    spec.parent.mkdir()
    spec.write_text("name: etl")
    block = {"pipeline_id": "etl", "full_refresh_selection": ["a"], "full_refresh": False}
    program = prepared(work("pipeline_task", block), tmp_path)

    (cell,) = code(program)
    assert cell.endswith(f"run_task({str(spec)!r}, full_refresh_selection=['a'])")
    assert program.directory == spec.parent


def test_a_pipeline_of_a_bundle_keeps_its_key_and_target(tmp_path):
    """Its address is the one that a bundle's reference leads to."""
    bundle = tmp_path / "databricks.yml"
    bundle.write_text("resources: {}")
    block = {"pipeline_id": "databricks.yml:sales --target dev"}
    (cell,) = code(prepared(work("pipeline_task", block), tmp_path))
    assert f"{bundle}:sales --target dev" in cell


def test_a_pipeline_elsewhere_is_refused(tmp_path):
    """A number of a workspace is none of this machine's pipelines."""
    attempt = work("pipeline_task", {"pipeline_id": "1a2b"})
    with pytest.raises(TaskFailedError, match="no pipeline 1a2b on this machine"):
        prepared(attempt, tmp_path)


@pytest.mark.parametrize("field", ["refresh_flow_selection", "reset_checkpoint_selection"])
def test_what_a_pipeline_cannot_be_asked_for_here_is_refused(tmp_path, field):
    """Also where a client says it for one run: to do something else would be worse."""
    (tmp_path / "spark-pipeline.yml").write_text("name: etl")
    block = {"pipeline_id": "spark-pipeline.yml"}
    attempt, asked = work("pipeline_task", block), block | {field: ["a"]}
    command = replace(attempt.command, block={"pipeline_task": asked})
    with pytest.raises(
        TaskFailedError, match=f"{field}: .* here; .*begins a dataset|{field}: .*chooses datasets"
    ):
        prepared(replace(attempt, command=command), tmp_path)
    with pytest.raises(DefinitionError, match=rf"tasks\[0\]\.pipeline_task\.{field}"):
        work("pipeline_task", asked)
