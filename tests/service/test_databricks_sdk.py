"""Databricks' own SDK drives the service, with notebooks that need no Spark."""

from __future__ import annotations

import io
import time
from datetime import timedelta

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service import compute, iam, jobs, pipelines, workspace
from jupyterlab import server

pytestmark = pytest.mark.e2e

GOOD = """
print("day", day)
dbutils.jobs.taskValues.set("day", day)
dbutils.notebook.exit(day)
"""
FAILS_ONCE = """
import pathlib
if not pathlib.Path("mended").exists():
    raise ValueError("not yet")
dbutils.notebook.exit("mended")
"""
WAITS = "import time\ntime.sleep(600)"


@pytest.fixture(scope="module")
def client(served):
    served.project.notebook("good", GOOD, parameters="day = '1'")
    served.project.notebook("fails", FAILS_ONCE)
    served.project.notebook("waits", WAITS)
    served.project.write("script.py", "import sys\nprint('given', sys.argv[1:])")
    return WorkspaceClient(host=served.url, token=served.token)


def notebook(key, name, *parents, **parameters):
    return jobs.Task(
        task_key=key,
        depends_on=[jobs.TaskDependency(task_key=parent) for parent in parents] or None,
        notebook_task=jobs.NotebookTask(notebook_path=name, base_parameters=parameters or None),
    )


def test_who_and_where(client, served):
    """What clients ask before they do anything."""
    assert client.current_user.me().user_name
    assert client.get_workspace_id() > 0
    assert client.clusters.select_spark_version(long_term_support=True)
    assert client.clusters.select_node_type(local_disk=True)
    assert [each.state for each in client.clusters.list()] == [compute.State.RUNNING]
    with pytest.raises(DatabricksError, match="does not answer GET"):
        list(client.warehouses.list())
    wrong = WorkspaceClient(host=served.url, token="wrong")
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        wrong.current_user.me()
    bare = served.ask("GET", "/api/2.2/jobs/list", headers={"Authorization": ""})
    assert (bare.status_code, bare.json()["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_job_from_its_creation_to_its_deletion(client):
    """Create, get, list, update, reset, run with a parameter, look at the output, delete."""
    made = client.jobs.create(
        name="daily",
        tasks=[notebook("a", "/good", day="2"), notebook("b", "/Workspace/good", "a", day="3")],
        parameters=[jobs.JobParameterDefinition(name="day", default="4")],
        max_concurrent_runs=3,
        tags={"team": "x"},
    )
    job = client.jobs.get(made.job_id)
    assert (job.settings.name, job.settings.max_concurrent_runs) == ("daily", 3)
    assert job.settings.tasks[0].run_if == jobs.RunIf.ALL_SUCCESS
    assert job.settings.tasks[0].notebook_task.notebook_path == "/good"
    assert [each.job_id for each in client.jobs.list(name="DAILY")] == [made.job_id]
    (listed,) = client.jobs.list(name="daily", expand_tasks=True)
    assert [task.task_key for task in listed.settings.tasks] == ["a", "b"]

    settings = jobs.JobSettings(tasks=[notebook("c", "/good", "a")], timeout_seconds=500)
    client.jobs.update(made.job_id, new_settings=settings, fields_to_remove=["tags", "tasks/b"])
    with_a = client.jobs.get(made.job_id).settings
    assert [task.task_key for task in with_a.tasks] == ["a", "c"]

    client.jobs.reset(
        made.job_id,
        jobs.JobSettings(
            name="reset",
            tasks=[notebook("a", "/good")],
            parameters=[jobs.JobParameterDefinition(name="day", default="4")],
        ),
    )
    waiter = client.jobs.run_now(made.job_id, job_parameters={"day": "5"}, idempotency_token="t")
    again = client.jobs.run_now(made.job_id, job_parameters={"day": "5"}, idempotency_token="t")
    assert again.run_id == waiter.run_id
    run = waiter.result(timeout=timedelta(minutes=3))
    assert (run.state.result_state, run.job_id) == (jobs.RunResultState.SUCCESS, made.job_id)
    assert run.run_page_url.endswith(f"/nbkit/runs/{run.run_id}")
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.notebook_output.result == "5"
    assert "day" in client.jobs.export_run(run.tasks[0].run_id).views[0].content
    (in_list,) = client.jobs.list_runs(job_id=made.job_id, completed_only=True, expand_tasks=True)
    assert [task.task_key for task in in_list.tasks] == ["a"]
    assert list(client.jobs.list_runs(job_id=made.job_id, active_only=True)) == []

    client.jobs.delete_run(run.run_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Run {run.run_id} does not exist"):
        client.jobs.get_run(run.run_id)
    client.jobs.delete(made.job_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Job {made.job_id} does not exist"):
        client.jobs.get(made.job_id)


def test_who_may_do_what_is_said_and_never_widened(client, served):
    """The owner may do everything; rights for others are refused by a named code."""
    me = client.current_user.me().user_name
    made = client.jobs.create(name="mine", tasks=[notebook("a", "/good", day="1")])
    job_id = str(made.job_id)
    (owner,) = client.permissions.get("jobs", job_id).access_control_list
    assert owner.user_name == me
    assert owner.all_permissions[0].permission_level == iam.PermissionLevel.IS_OWNER
    known = client.permissions.get_permission_levels("jobs", job_id).permission_levels
    assert iam.PermissionLevel.CAN_MANAGE in [each.permission_level for each in known]
    same = iam.AccessControlRequest(user_name=me, permission_level=iam.PermissionLevel.IS_OWNER)
    assert client.permissions.set("jobs", job_id, access_control_list=[same]).object_id
    other = iam.AccessControlRequest(
        group_name="users", permission_level=iam.PermissionLevel.CAN_VIEW
    )
    with pytest.raises(DatabricksError, match="gives nobody else rights"):
        client.permissions.update("jobs", job_id, access_control_list=[same, other])
    theirs = [jobs.JobAccessControlRequest.from_dict(each.as_dict()) for each in (same, other)]
    tasks = [notebook("a", "/good", day="1")]
    known = {job.job_id for job in client.jobs.list()}
    with pytest.raises(DatabricksError, match=f"may only name {me} as IS_OWNER"):
        client.jobs.create(name="theirs", tasks=tasks, access_control_list=theirs)
    assert {job.job_id for job in client.jobs.list()} == known
    ours = client.jobs.create(name="ours", tasks=tasks, access_control_list=theirs[:1])
    client.jobs.delete(ours.job_id)
    with pytest.raises(DatabricksError, match="gives nobody else rights"):
        client.jobs.submit(tasks=[jobs.SubmitTask("a")], access_control_list=theirs)
    with pytest.raises(ResourceDoesNotExist, match="Job 7 does not exist"):
        client.permissions.get("jobs", "7")
    refused = served.ask("GET", "/api/2.0/permissions/clusters/1")
    assert (refused.status_code, refused.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    client.jobs.delete(made.job_id)


def test_what_triggers_have_seen(client, served):
    """For one trigger in `trigger_state`, for several in `trigger_details`, in their order."""
    tables = jobs.TableUpdateTriggerConfiguration(table_names=["s.a", "s.b"])
    paused = jobs.PauseStatus.PAUSED
    task = [notebook("a", "/good", day="1")]
    one = client.jobs.create(
        name="one",
        tasks=task,
        trigger=jobs.TriggerSettings(table_update=tables, pause_status=paused),
    )
    assert client.jobs.get(one.job_id).trigger_state is None
    state = client.jobs.get(one.job_id, include_trigger_state=True).trigger_state
    assert state.pause_status == paused
    assert [
        (each.table_name, each.has_seen_updates) for each in state.table.last_seen_table_states
    ] == [("s.a", False), ("s.b", False)]
    kinds = [{"table_update": {"table_names": ["s.a"]}}, {"continuous": {}}]
    body = {"job_id": one.job_id, "new_settings": {"name": "one", "tasks": []}}
    body["new_settings"]["tasks"] = [each.as_dict() for each in task]
    body["new_settings"]["triggers"] = [each | {"pause_status": "PAUSED"} for each in kinds]
    assert served.ask("POST", "/api/2.2/jobs/reset", body).status_code == 200
    first, then = client.jobs.get(one.job_id, include_trigger_state=True).trigger_details
    assert first.state.table_update.last_seen_table_states[0].table_name == "s.a"
    assert then.state.continuous.consecutive_failures == 0
    assert not then.state.continuous.is_backing_off
    client.jobs.delete(one.job_id)


def test_a_run_that_fails_is_repaired(client, served):
    """The waiter raises; a repair runs what failed again, and the waiter sees it through."""
    made = client.jobs.create(
        name="mend",
        tasks=[
            notebook("first", "/good", day="1"),
            notebook("then", "/fails", "first"),
            jobs.Task(
                task_key="script",
                spark_python_task=jobs.SparkPythonTask("/script.py", parameters=["x"]),
            ),
        ],
    )
    waiter = client.jobs.run_now(made.job_id)
    seen = client.jobs.get_run(waiter.run_id)
    assert {task.task_key for task in seen.tasks} == {"first", "then", "script"}
    with pytest.raises(Exception, match="INTERNAL_ERROR"):
        waiter.result(timeout=timedelta(minutes=3))
    run = client.jobs.get_run(waiter.run_id, include_history=True)
    tasks = {task.task_key: task for task in run.tasks}
    assert tasks["then"].state.result_state == jobs.RunResultState.FAILED
    failed = client.jobs.get_run_output(tasks["then"].run_id)
    assert "not yet" in failed.error
    assert "ValueError" in failed.error_trace
    assert "given ['x']" in client.jobs.get_run_output(tasks["script"].run_id).logs
    with pytest.raises(BadRequest, match="multiple tasks is not supported"):
        client.jobs.get_run_output(run.run_id)
    alone = client.jobs.get_run(tasks["then"].run_id)
    assert (alone.run_id, alone.tasks[0].task_key) == (tasks["then"].run_id, "then")

    (served.project.root / "mended").touch()
    with pytest.raises(InvalidParameterValue, match="no task 'nothing'"):
        client.jobs.repair_run(run.run_id, rerun_tasks=["nothing"])
    repair = client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    mended = repair.result(timeout=timedelta(minutes=3))
    assert mended.state.result_state == jobs.RunResultState.SUCCESS
    history = client.jobs.get_run(run.run_id, include_history=True).repair_history
    assert [each.type for each in history] == [
        jobs.RepairHistoryItemType.ORIGINAL,
        jobs.RepairHistoryItemType.REPAIR,
    ]
    assert history[1].id == repair.response.repair_id
    with pytest.raises(InvalidParameterValue, match="nothing to repair"):
        client.jobs.repair_run(
            run.run_id, rerun_all_failed_tasks=True, latest_repair_id=history[1].id
        )


def test_runs_are_cancelled(client):
    """One by its id, one by its task's, and all of a job."""
    one = client.jobs.submit(
        run_name="one",
        tasks=[jobs.SubmitTask("w", notebook_task=jobs.NotebookTask("/waits"))],
    )
    running(client, one.run_id)
    client.jobs.cancel_run(client.jobs.get_run(one.run_id).tasks[0].run_id)
    ended = one.result(timeout=timedelta(minutes=2))
    assert ended.state.result_state == jobs.RunResultState.CANCELED
    assert ended.run_type == jobs.RunType.SUBMIT_RUN

    made = client.jobs.create(
        name="many",
        tasks=[notebook("w", "/waits")],
        queue=jobs.QueueSettings(enabled=True),
    )
    first = client.jobs.run_now(made.job_id)
    running(client, first.run_id)
    second = client.jobs.run_now(made.job_id)
    active = {run.run_id for run in client.jobs.list_runs(job_id=made.job_id, active_only=True)}
    assert active == {first.run_id, second.run_id}
    with pytest.raises(BadRequest, match="still going"):
        client.jobs.delete_run(first.run_id)
    client.jobs.cancel_all_runs(job_id=made.job_id)
    for waiter in (first, second):
        ended = waiter.result(timeout=timedelta(minutes=2))
        assert ended.state.result_state == jobs.RunResultState.CANCELED


def test_a_run_in_the_older_form(client, served):
    """One task at the top of the request; its output under the run's own id."""
    answer = served.ask(
        "POST",
        "/api/2.1/jobs/runs/submit",
        {"run_name": "old", "notebook_task": {"notebook_path": "good"}},
    )
    run_id = answer.json()["run_id"]
    client.jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=timedelta(minutes=2))
    output = served.ask("GET", f"/api/2.0/jobs/runs/get-output?run_id={run_id}").json()
    assert output["notebook_output"]["result"] == "1"
    wrong = served.ask("POST", "/api/2.2/jobs/runs/submit", {"tasks": [{"task_key": "x"}]})
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "has no task type" in wrong.json()["message"]


def test_files_of_the_workspace(client, served):
    """Notebooks lose their suffix, files keep it; nothing leads out of the project."""
    files = client.workspace
    files.mkdirs("/Users/me/etl")
    source = (
        b"# Databricks notebook source\nprint(1)\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC hi"
    )
    files.upload("/Users/me/etl/nb.py", io.BytesIO(source), format=workspace.ImportFormat.AUTO)
    files.upload("/Users/me/etl/plain.py", io.BytesIO(b"x = 1"), format=workspace.ImportFormat.AUTO)
    found = {each.path: each for each in files.list("/Users/me/etl")}
    assert found["/Users/me/etl/nb"].object_type == workspace.ObjectType.NOTEBOOK
    assert found["/Users/me/etl/plain.py"].object_type == workspace.ObjectType.FILE
    assert found["/Users/me/etl/nb"].language == workspace.Language.PYTHON
    with files.download("/Users/me/etl/nb") as stream:
        assert stream.read() == source
    exported = files.export("/Users/me/etl/nb", format=workspace.ExportFormat.JUPYTER)
    assert exported.file_type == "ipynb"
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        files.upload("/Users/me/etl/nb.py", io.BytesIO(source), format=workspace.ImportFormat.AUTO)
    files.upload("/Users/me/etl/raw", io.BytesIO(b"print(2)"), language=workspace.Language.PYTHON)
    with files.download("/Workspace/Users/me/etl/raw") as stream:
        assert stream.read() == b"# Databricks notebook source\nprint(2)"
    assert files.get_status("/good").object_type == workspace.ObjectType.NOTEBOOK
    with files.download("/good", format=workspace.ExportFormat.SOURCE) as stream:
        assert b"dbutils.notebook.exit(day)" in stream.read()
    with pytest.raises(BadRequest, match="not empty"):
        files.delete("/Users/me")
    files.delete("/Users/me", recursive=True)
    with pytest.raises(ResourceDoesNotExist):
        files.get_status("/Users/me")
    with pytest.raises(ResourceDoesNotExist, match="parent folder"):
        files.upload("/none/x.txt", io.BytesIO(b""), format=workspace.ImportFormat.AUTO)
    (served.project.root / "out").symlink_to("/etc")
    for path in ("/../x", "/a/../../x", "/out/passwd", "/.nbkit/service-token", "/x\0y"):
        with pytest.raises((BadRequest, PermissionDenied)):
            files.export(path)
    (served.project.root / "out").unlink()


def test_dbfs_and_volumes(client):
    """In blocks and whole; what is at one path by one API is there by the other."""
    with client.dbfs.open("/dir/big", write=True) as file:
        file.write(b"x" * 1_500_000)
    assert client.dbfs.get_status("dbfs:/dir/big").file_size == 1_500_000
    with client.dbfs.open("/dir/big", read=True) as file:
        assert len(file.read()) == 1_500_000
    with pytest.raises(ResourceAlreadyExists):
        client.dbfs.put("/dir/big", contents="")
    client.dbfs.move("/dir/big", "/dir/moved")
    assert [each.path for each in client.dbfs.list("/dir")] == ["/dir/moved"]
    volume = "/Volumes/main/default/files"
    client.files.create_directory(f"{volume}/in")
    client.files.upload(f"{volume}/in/a b.txt", io.BytesIO(b"hello"))
    with pytest.raises(AlreadyExists):
        client.files.upload(f"{volume}/in/a b.txt", io.BytesIO(b"hello"), overwrite=False)
    client.files.upload(f"{volume}/in/a b.txt", io.BytesIO(b"hello you"), overwrite=True)
    assert client.files.download(f"{volume}/in/a b.txt").contents.read() == b"hello you"
    assert client.files.get_metadata(f"{volume}/in/a b.txt").content_length == 9
    (entry,) = client.files.list_directory_contents(f"{volume}/in")
    assert (entry.name, entry.file_size) == ("a b.txt", 9)
    assert client.dbfs.get_status(f"{volume}/in/a b.txt").file_size == 9
    with pytest.raises(NotFound):
        client.files.get_metadata(f"{volume}/none")
    with pytest.raises(BadRequest, match="not empty"):
        client.files.delete_directory(f"{volume}/in")
    client.files.delete(f"{volume}/in/a b.txt")
    client.files.delete_directory(f"{volume}/in")
    client.dbfs.delete("/dir", recursive=True)
    assert not client.dbfs.exists("/dir/big")


def test_secrets_are_written_and_never_read(client, served):
    """A notebook gets them, and nobody else."""
    client.secrets.create_scope("prod")
    with pytest.raises(ResourceAlreadyExists):
        client.secrets.create_scope("prod")
    client.secrets.put_secret("prod", "key.a", string_value="hunter22")
    assert [each.name for each in client.secrets.list_scopes()] == ["prod"]
    assert [each.key for each in client.secrets.list_secrets("prod")] == ["key.a"]
    with pytest.raises(PermissionDenied, match="written here, not read"):
        client.secrets.get_secret("prod", "key.a")
    with pytest.raises(ResourceDoesNotExist):
        client.secrets.list_secrets("none")
    served.project.notebook(
        "secret", "dbutils.notebook.exit(str(len(dbutils.secrets.get('prod', 'key.a'))))"
    )
    run = client.jobs.submit(
        run_name="secret",
        tasks=[jobs.SubmitTask("s", notebook_task=jobs.NotebookTask("/secret"))],
    ).result(timeout=timedelta(minutes=2))
    assert client.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result == "8"
    client.secrets.delete_secret("prod", "key.a")
    client.secrets.delete_scope("prod")
    assert list(client.secrets.list_scopes()) == []
    assert "hunter22" not in "".join(served.said)


def test_pipelines(client, served):
    """Made, listed, changed; an update is begun and stopped; only one at a time."""
    served.project.write("source.py", "from pyspark import pipelines as dp")
    library = pipelines.PipelineLibrary(file=pipelines.FileLibrary("/source.py"))
    given = {"catalog": "main", "schema": "default", "libraries": [library]}
    made = client.pipelines.create(name="sales", **given)
    with pytest.raises(ResourceConflict, match="already used"):
        client.pipelines.create(name="sales", **given)
    client.pipelines.update(made.pipeline_id, name="more sales", **given)
    found = client.pipelines.get(made.pipeline_id)
    assert (found.name, found.state) == ("more sales", pipelines.PipelineState.IDLE)
    assert [each.name for each in client.pipelines.list_pipelines()] == ["more sales"]
    assert list(client.pipelines.list_pipelines(filter="name LIKE 'sales%'")) == []

    update = client.pipelines.start_update(made.pipeline_id, full_refresh=True)
    with pytest.raises(ResourceConflict, match="active update"):
        client.pipelines.start_update(made.pipeline_id)
    client.pipelines.stop(made.pipeline_id).result(timeout=timedelta(minutes=2))
    ended = client.pipelines.get_update(made.pipeline_id, update.update_id).update
    assert (ended.state, ended.full_refresh) == (pipelines.UpdateInfoState.CANCELED, True)
    told = [each.event_type for each in client.pipelines.list_pipeline_events(made.pipeline_id)]
    assert told[-1] == "create_update"
    client.pipelines.delete(made.pipeline_id)
    with pytest.raises(ResourceDoesNotExist):
        client.pipelines.get(made.pipeline_id)


def test_jupyterlab_serves_its_project(tmp_path):
    """Without a further process, by Jupyter's own token."""
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    with server(tmp_path / "project", tmp_path / "home", "secret") as running:
        url = running.url.rstrip("/")
        client = WorkspaceClient(host=url, token="secret")
        assert list(client.jobs.list()) == []
        with pytest.raises(PermissionDenied):
            list(WorkspaceClient(host=url, token="other").jobs.list())


def running(client, run_id):
    """Wait until a run is at work."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        task = client.jobs.get_run(run_id).tasks[0]
        if task.state.life_cycle_state == jobs.RunLifeCycleState.RUNNING:
            return
        time.sleep(0.2)
    raise AssertionError("it does not run")
