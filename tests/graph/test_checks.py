"""What the fields of a job mean to each other: every rule with the place it is broken at."""

from __future__ import annotations

import pytest

CONDITION = {"op": "EQUAL_TO", "left": "1", "right": "1"}


def nb(key, *parents, **fields):
    made = {"task_key": key, "notebook_task": {"notebook_path": f"{key}.ipynb"}}
    return made | {"depends_on": [{"task_key": parent} for parent in parents]} | fields


def typed(key, kind, **block):
    return {"task_key": key, kind: block}


def each(inputs="[1]", **inner):
    return typed("e", "for_each_task", inputs=inputs, task=nb("i") | inner)


@pytest.mark.parametrize(
    ("tasks", "pointer", "message"),
    [
        (
            [nb("a"), nb("b"), nb("a")],
            "tasks[2].task_key",
            "a is already the task_key of tasks[0]",
        ),
        (
            [nb("load"), nb("b", "laod")],
            "tasks[1].depends_on[0].task_key",
            "the job has no task laod; nearest: load",
        ),
        (
            [nb("a"), nb("b", "zzz")],
            "tasks[1].depends_on[0].task_key",
            "the job has no task zzz; known: a, b",
        ),
        (
            [each(), nb("b", "i")],
            "tasks[1].depends_on[0].task_key",
            "the job has no task i; it runs inside e: wait for e",
        ),
        (
            [nb("a", "a")],
            "tasks[0].depends_on[0].task_key",
            "the tasks wait for each other: a → a",
        ),
        (
            [nb("a", "b"), nb("b", "a")],
            "tasks[0].depends_on[0].task_key",
            "the tasks wait for each other: a → b → a",
        ),
        (
            [nb("x"), nb("a", "x", "c"), nb("b", "a"), nb("c", "b"), nb("d", "c")],
            "tasks[1].depends_on[1].task_key",
            "the tasks wait for each other: a → b → c → a",
        ),
        (
            [nb("a"), nb("b", depends_on=[{"task_key": "a", "outcome": "true"}])],
            "tasks[1].depends_on[0].outcome",
            "only If/else tasks have an outcome, and a is none",
        ),
        ([{"task_key": "a"}], "tasks[0]", "task a has no task type; it needs one, such as"),
        (
            [nb("a", condition_task=CONDITION)],
            "tasks[0].notebook_task",
            "a task has one type only, not condition_task and notebook_task",
        ),
        (
            [each(for_each_task={"inputs": "[1]", "task": nb("k")}, notebook_task=None)],
            "tasks[0].for_each_task.task.for_each_task",
            "a For each task cannot run inside another",
        ),
        (
            [each(condition_task=CONDITION, notebook_task=None)],
            "tasks[0].for_each_task.task.condition_task",
            "an If/else task cannot run inside a For each task: nothing could follow its outcome",
        ),
        (
            [each(notebook_task=None)],
            "tasks[0].for_each_task.task",
            "task i has no task type; it needs one, such as notebook_task",
        ),
        ([each("1, 2")], "tasks[0].for_each_task.inputs", 'or a reference to one, not "1, 2"'),
        ([each('{"a": 1}')], "tasks[0].for_each_task.inputs", "must be a JSON array, such as"),
        ([each("[1, 2,]")], "tasks[0].for_each_task.inputs", "must be a JSON array, such as"),
        ([each(task_key="i i")], "tasks[0].for_each_task.task.task_key", "may only have letters"),
        ([nb("a b")], "tasks[0].task_key", "a b may only have letters, digits, _ and -"),
        ([nb("ä")], "tasks[0].task_key", "ä may only have letters, digits, _ and -"),
        ([nb("a/../b")], "tasks[0].task_key", "may only have letters, digits, _ and -"),
        ([nb("a" * 101)], "tasks[0].task_key", "at most 100 of them"),
        (
            [nb("a", job_cluster_key="smal")],
            "tasks[0].job_cluster_key",
            "job_clusters declares no smal; nearest: small",
        ),
        (
            [nb("a", environment_key="x")],
            "tasks[0].environment_key",
            "environments declares no x; known: default",
        ),
        (
            [each(job_cluster_key="big")],
            "tasks[0].for_each_task.task.job_cluster_key",
            "job_clusters declares no big; known: small",
        ),
        (
            [nb("a", job_cluster_key="small", existing_cluster_id="1")],
            "tasks[0].existing_cluster_id",
            "only one of job_cluster_key, existing_cluster_id can be given",
        ),
        (
            [
                typed(
                    "a",
                    "python_wheel_task",
                    package_name="p",
                    entry_point="e",
                    parameters=["1"],
                    named_parameters={"x": "1"},
                )
            ],
            "tasks[0].python_wheel_task.named_parameters",
            "either parameters or named_parameters can be given, not both",
        ),
        (
            [typed("a", "sql_task", warehouse_id="w")],
            "tasks[0].sql_task",
            "exactly one of query, file, dashboard, alert is needed, not none",
        ),
        (
            [
                typed(
                    "a",
                    "sql_task",
                    warehouse_id="w",
                    file={"path": "x.sql"},
                    query={"query_id": "q"},
                )
            ],
            "tasks[0].sql_task",
            "is needed, not query and file",
        ),
    ],
)
def test_errors_of_tasks(problems_of, tasks, pointer, message):
    """One rule is broken: there is one error, at its place."""
    settings = {
        "tasks": tasks,
        "job_clusters": [{"job_cluster_key": "small"}],
        "environments": [{"environment_key": "default"}],
    }
    (problem,) = problems_of(settings)
    assert problem[:2] == ("error", pointer)
    assert message in problem[2]


@pytest.mark.parametrize(
    ("tasks", "pointer", "message"),
    [
        (
            [nb("a"), nb("b", "a", "a")],
            "tasks[1].depends_on[0].task_key",
            "a is listed more than once",
        ),
        (
            [typed("a", "condition_task", op="LESS_THAN", left="many", right="5")],
            "tasks[0].condition_task.left",
            'LESS_THAN compares numbers, and "many" is none',
        ),
        (
            [nb("a"), each(depends_on=[{"task_key": "a"}])],
            "tasks[1].for_each_task.task.depends_on",
            "the inner task of a For each task waits for nothing",
        ),
        (
            [nb("a", notebook_task={"notebook_path": "a", "base_parameters": {"day": "1"}})],
            "tasks[0].notebook_task.base_parameters.day",
            "the job parameter day wins over this one",
        ),
    ],
)
def test_warnings_of_tasks(problems_of, tasks, pointer, message):
    """Databricks would go on: so do we, but not in silence."""
    settings = {"tasks": tasks, "parameters": [{"name": "day", "default": "1"}]}
    (problem,) = problems_of(settings)
    assert problem[:2] == ("warning", pointer)
    assert message in problem[2]


@pytest.mark.parametrize(
    "tasks",
    [
        [nb("A-b_9")],
        [nb("b", "a"), nb("a")],
        [each("[]")],
        [each('[{"a": 1}, null, "x"]')],
        [nb("a"), each("{{tasks.a.values.names}}") | {"depends_on": [{"task_key": "a"}]}],
        [each('[{"day": "{{job.parameters.day}}"}, {{job.run_id}}]')],
        [
            typed("a", "condition_task", **CONDITION),
            nb("b", depends_on=[{"task_key": "a", "outcome": "true"}]),
            nb("c", depends_on=[{"task_key": "a", "outcome": "false"}]),
            nb("d", "a"),
        ],
        [typed("a", "condition_task", op="LESS_THAN", left="{{job.parameters.day}}", right="1e3")],
        [nb("a", job_cluster_key="small"), nb("b", environment_key="default")],
        [
            nb(
                "a",
                notebook_task={
                    "notebook_path": "a",
                    "base_parameters": {"day": "{{job.parameters.day}}"},
                },
            )
        ],
        [typed("a", "run_job_task", job_id=12), typed("b", "run_job_task", job_id="nightly")],
        [typed("a", "dashboard_task"), typed("b", "spark_jar_task", main_class_name="M")],
    ],
)
def test_valid_jobs_have_no_problems(problems_of, tasks):
    """Nothing is said where nothing is wrong."""
    settings = {
        "tasks": tasks,
        "parameters": [{"name": "day", "default": "1"}],
        "job_clusters": [{"job_cluster_key": "small"}],
        "environments": [{"environment_key": "default"}],
    }
    assert problems_of(settings) == []


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        (
            {"parameters": [{"name": "p", "default": "1"}, {"name": "p", "default": "2"}]},
            "parameters[1].name",
            "p is already the name of parameters[0]",
        ),
        (
            {"parameters": [{"name": "a b", "default": "1"}]},
            "parameters[0].name",
            "a b may only have letters, digits, _, - and .",
        ),
        (
            {"job_clusters": [{"job_cluster_key": "k"}, {"job_cluster_key": "k"}]},
            "job_clusters[1].job_cluster_key",
            "k is already the job_cluster_key of job_clusters[0]",
        ),
        (
            {"environments": [{"environment_key": "k"}, {"environment_key": "k"}]},
            "environments[1].environment_key",
            "k is already the environment_key of environments[0]",
        ),
        (
            {
                "continuous": {"pause_status": "PAUSED"},
                "schedule": {"quartz_cron_expression": "0 0 0 * * ?", "timezone_id": "UTC"},
            },
            "continuous",
            "cannot stand beside schedule",
        ),
        (
            {"schedule": {"quartz_cron_expression": "0 0 5 30 2 ?", "timezone_id": "UTC"}},
            "schedule.quartz_cron_expression",
            "0 0 5 30 2 ? never fires",
        ),
        (
            {"schedule": {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "Europe/Berlim"}},
            "schedule.timezone_id",
            "there is no time zone Europe/Berlim; nearest: Europe/Berlin",
        ),
        (
            {
                "triggers": [
                    {"schedule": {"quartz_cron_expression": "0 5 * * ?", "timezone_id": "UTC"}}
                ]
            },
            "triggers[0].schedule.quartz_cron_expression",
            (
                "has 5 fields; Quartz has six or seven, the first for seconds: seconds minutes "
                "hours day-of-month month day-of-week [year]"
            ),
        ),
    ],
)
def test_errors_of_the_job(problems_of, settings, pointer, message):
    """The job's own lists have unique names, and what starts it does not conflict."""
    assert problems_of({"tasks": [nb("a")]} | settings) == [("error", pointer, message)]


def test_every_cycle_is_printed(problems_of):
    """Two cycles are two errors, each from its first defined task; tasks below are not named."""
    tasks = [nb("a", "b"), nb("b", "a"), nb("x", "y"), nb("y", "x", "a"), nb("below", "x")]
    assert problems_of({"tasks": tasks}) == [
        (
            "error",
            "tasks[0].depends_on[0].task_key",
            "the tasks wait for each other: a → b → a",
        ),
        (
            "error",
            "tasks[2].depends_on[0].task_key",
            "the tasks wait for each other: x → y → x",
        ),
    ]


def test_a_thicket_of_cycles_ends(problems_of):
    """Sixty tasks that all wait for each other give some cycles, not all of them."""
    keys = [f"t{number}" for number in range(60)]
    found = problems_of({"tasks": [nb(key, *keys) for key in keys]})
    assert 1 <= len(found) <= 20


def test_a_misspelt_task_type_is_named(problems_of):
    """An unknown `…_task` is a warning, and why the task can do nothing says which was meant."""
    tasks = [{"task_key": "a", "notebok_task": {"notebook_path": "a.ipynb"}}]
    assert problems_of({"tasks": tasks}) == [
        ("error", "tasks[0]", "task a has no task type; nearest: notebook_task"),
        (
            "warning",
            "tasks[0].notebok_task",
            "the Jobs API has no field notebok_task here; nearest: notebook_task",
        ),
    ]
