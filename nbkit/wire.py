"""What a kernel and the runner say to each other: typed, and nothing else.

The runner tells a kernel once who it is (`Context`, sent before the first cell). The kernel
answers while it runs with lines of JSON that it adds to a file (`Context.messages`): nothing that
a notebook does with its outputs, threads or children takes them away, and what was written is
there though the kernel dies right after.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

NOTEBOOK_EXIT = "NotebookExit"
"""Name of the exception by which `dbutils.notebook.exit` ends a notebook, as a success."""


class Context(TypedDict):
    """What a notebook's kernel knows about the attempt it serves.

    Attributes:
        project: absolute path of the project root.
        directory: working directory of the notebook, absolute.
        notebook_path: the notebook as the job names it.
        job_id, job_name, run_id, task_key, task_run_id, attempt: identity; attempt from 0.
        iteration: of a For each task; None, or missing, where there is none.
        parameters: job and task parameters as strings; what widgets answer.
        skip_unsupported: whether cells of other languages are left out instead of failing.
        secrets: where parameters have references to secrets, which become values in the kernel:
            begin and end, by the parameter's name. What else looks like one is data.
        task_values: values set so far by the tasks of this run, by task key, then by name.
        spark_conf: session settings to apply when the Spark session is attached.
        env: environment variables to set.
        messages: the file to which this kernel adds what it tells the runner; set by who starts
            the kernel, absent where nobody listens.
    """

    project: str
    directory: str
    notebook_path: str
    job_id: int
    job_name: str
    run_id: int
    task_key: str
    task_run_id: int
    attempt: int
    iteration: NotRequired[int | None]
    parameters: dict[str, str]
    skip_unsupported: NotRequired[bool]
    secrets: NotRequired[dict[str, tuple[tuple[int, int], ...]]]
    task_values: dict[str, dict[str, Any]]
    spark_conf: dict[str, str]
    env: dict[str, str]
    messages: NotRequired[str]


class NotebookExited(TypedDict):
    """`dbutils.notebook.exit(value)` was called: the notebook ends here, as a success."""

    kind: Literal["exit"]
    value: str


class TaskValueSet(TypedDict):
    """`dbutils.jobs.taskValues.set(key, value)` was called; the value is any JSON value."""

    kind: Literal["task_value"]
    key: str
    value: Any


class StepReported(TypedDict):
    """A step of the notebook (`nbkit.step`) began or is over; the last word on an `id` counts.

    Attributes:
        id: of the step in this attempt; its parent's is `parent`, empty for none.
        name: as the author calls it.
        state: `recorded` is a failure that the author chose to go on after.
        tries: how often its body was begun.
        started_at, ended_at: milliseconds since the epoch; 0 for not yet.
        error: one line; empty for none. `transient` if another try could have helped.
    """

    kind: Literal["step"]
    id: str
    parent: str
    name: str
    state: Literal["running", "succeeded", "failed", "recorded"]
    tries: int
    started_at: int
    ended_at: int
    error: str
    transient: bool


class ExpectationResult(TypedDict):
    """How one expectation fared.

    Attributes:
        name, rule: as the author calls it, and what it says, for a person.
        action: what was to be done about failing rows.
        threshold: share of rows that may fail, from 0 to 1.
        passed, failed, dropped: counts of rows; for a check of a whole table, 1 and 0.
        ok: whether it held, its threshold considered.
        sample: some failing rows, as objects of JSON.
        observed: what was measured, for a check of a whole table.
    """

    name: str
    rule: str
    action: Literal["warn", "drop", "fail", "quarantine"]
    threshold: float
    passed: int
    failed: int
    dropped: int
    ok: bool
    sample: NotRequired[list[dict[str, Any]]]
    observed: NotRequired[str]


class ExpectationsMeasured(TypedDict):
    """Expectations on one dataset were measured; the last word on an `id` counts.

    Attributes:
        dataset: the table or DataFrame that was looked at.
        rows: how many rows were looked at.
        at: when, in milliseconds since the epoch.
    """

    kind: Literal["expectations"]
    id: str
    dataset: str
    rows: int
    at: int
    results: list[ExpectationResult]


class ChildRunStarted(TypedDict):
    """`dbutils.notebook.run` began a run of another notebook."""

    kind: Literal["child_run"]
    id: str
    run_id: int
    notebook: str


class DatasetRefreshed(TypedDict):
    """A dataset of a declarative pipeline was, or was not, brought up to date.

    Attributes:
        id: the dataset's name.
        type: such as `materialized_view`.
        state: as the pipeline's event log spells it, such as `COMPLETED`.
        message: for a person: how it was refreshed and why, or what went wrong.
        rows, dropped: written and kept out; None where that is not known.
        quarantined: those of the rows kept out that are in the quarantine beside it.
        started_at, ended_at: milliseconds since the epoch; 0 for not yet.
    """

    kind: Literal["dataset"]
    id: str
    type: str
    state: str
    message: str
    rows: int | None
    dropped: int | None
    quarantined: NotRequired[int]
    started_at: int
    ended_at: int


class RowsRead(TypedDict):
    """The last statement of a SQL task gave rows, for `{{tasks.x.output.rows}}`.

    Attributes:
        id: `last`, as it is the only one.
        columns: their names.
        rows: as objects of JSON, as many as `OUTPUT_ROWS` and `OUTPUT_BYTES` allow.
        more: whether there were others.
    """

    kind: Literal["sql_rows"]
    id: str
    columns: list[str]
    rows: list[dict[str, Any]]
    more: bool


OUTPUT_ROWS = 1000
OUTPUT_BYTES = 48 * 1024
"""What Databricks keeps of the output of a SQL task; the bytes are those of its JSON."""


class SparkAttached(TypedDict):
    """The kernel has its Spark session; `application_id` and `session` name it in logs.

    `lacking` says in one line what this Spark does not have, where that is something.
    """

    kind: Literal["spark_attached"]
    session: str
    application_id: NotRequired[str]
    lacking: NotRequired[str]


class SparkLost(TypedDict):
    """The Spark driver went away while the notebook was using it."""

    kind: Literal["spark_lost"]
    message: str


class SparkWork(TypedDict):
    """What the notebook waits for Spark to do, as it is now: to be shown, and never kept.

    Attributes:
        starting: whether its session, or the driver, starts.
        jobs: how many jobs of this notebook run; 0 for nothing to tell.
        stages_done, stages, tasks_done, tasks: of these jobs: how many are done, and of how many.
    """

    kind: Literal["spark_work"]
    starting: bool
    jobs: int
    stages_done: int
    stages: int
    tasks_done: int
    tasks: int


Report = StepReported | ExpectationsMeasured | ChildRunStarted | DatasetRefreshed | RowsRead
"""What goes on record with the attempt as it is."""

REPORTS = {
    "step": "steps",
    "expectations": "expectations",
    "child_run": "child_runs",
    "dataset": "datasets",
}
"""Kinds of `Report`, and the field of an attempt's record where they are listed."""

ROWS = "sql_rows"
"""The kind of `Report` that is the attempt's output instead."""

Message = NotebookExited | TaskValueSet | SparkAttached | SparkLost | SparkWork | Report
