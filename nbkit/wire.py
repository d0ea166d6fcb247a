"""What a kernel and the runner say to each other: typed, and nothing else.

The runner tells a kernel once who it is (`Context`, sent before the first cell). The kernel
answers while it runs with display messages of the MIME type `MIME`, which the runner takes
out of the output notebook. A front end that does not know nbkit shows their text instead.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

MIME = "application/vnd.nbkit.message+json"

NOTEBOOK_EXIT = "NotebookExit"
"""Name of the exception by which `dbutils.notebook.exit` ends a notebook, as a success."""


class Context(TypedDict):
    """What a notebook's kernel knows about the attempt it serves.

    Attributes:
        project: absolute path of the project root.
        directory: working directory of the notebook, absolute.
        notebook_path: the notebook as the job names it.
        job_id, job_name, run_id, task_key, task_run_id, attempt: identity; attempt from 0.
        parameters: job and task parameters as strings; what widgets answer.
        task_values: values set so far by the tasks of this run, by task key, then by name.
        spark_conf: session settings to apply when the Spark session is attached.
        env: environment variables to set.
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
    parameters: dict[str, str]
    task_values: dict[str, dict[str, Any]]
    spark_conf: dict[str, str]
    env: dict[str, str]


class NotebookExited(TypedDict):
    """`dbutils.notebook.exit(value)` was called: the notebook ends here, as a success."""

    kind: Literal["exit"]
    value: str


class TaskValueSet(TypedDict):
    """`dbutils.jobs.taskValues.set(key, value)` was called; the value is any JSON value."""

    kind: Literal["task_value"]
    key: str
    value: Any


class SparkAttached(TypedDict):
    """The kernel has its Spark session; `application_id` and `session` name it in logs."""

    kind: Literal["spark_attached"]
    session: str
    application_id: NotRequired[str]


class SparkLost(TypedDict):
    """The Spark driver went away while the notebook was using it."""

    kind: Literal["spark_lost"]
    message: str


Message = NotebookExited | TaskValueSet | SparkAttached | SparkLost
