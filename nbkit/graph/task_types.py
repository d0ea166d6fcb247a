"""Task types with a meaning on one machine, and their older relatives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nbkit.graph.fields import FilledText, JobReference, Part, Text

Source = Literal["WORKSPACE", "GIT"]

ConditionOp = Literal[
    "EQUAL_TO",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
]


class NotebookTask(Part):
    """Run a notebook."""

    notebook_path: FilledText
    base_parameters: dict[str, Text] = Field(default_factory=dict)
    source: Source | None = None
    warehouse_id: Text | None = None


class ConditionTask(Part):
    """If/else: compare two operands. Its outcome opens or closes the ways that follow."""

    op: ConditionOp
    left: Text
    right: Text


class PipelineParams(Part):
    """What a pipeline started by another job refreshes."""

    full_refresh: bool | None = None
    full_refresh_selection: list[Text] | None = None
    refresh_flow_selection: list[Text] | None = None
    refresh_selection: list[Text] | None = None
    reset_checkpoint_selection: list[Text] | None = None


class RunJobTask(Part):
    """Run another job."""

    job_id: JobReference
    dbt_commands: list[Text] | None = None
    jar_params: list[Text] = Field(default_factory=list)
    job_parameters: dict[str, Text] = Field(default_factory=dict)
    notebook_params: dict[str, Text] = Field(default_factory=dict)
    pipeline_params: PipelineParams | None = None
    python_named_params: dict[str, Text] = Field(default_factory=dict)
    python_params: list[Text] = Field(default_factory=list)
    spark_submit_params: list[Text] | None = None
    sql_params: dict[str, Text] = Field(default_factory=dict)


class SparkPythonTask(Part):
    """Run a Python file with arguments."""

    python_file: FilledText
    parameters: list[Text] = Field(default_factory=list)
    source: Source | None = None


class PythonWheelTask(Part):
    """Call an entry point of an installed package."""

    package_name: FilledText
    entry_point: FilledText
    named_parameters: dict[str, Text] = Field(default_factory=dict)
    parameters: list[Text] = Field(default_factory=list)


class SqlTaskSubscription(Part):
    """Who hears of a query's result."""

    destination_id: Text | None = None
    user_name: Text | None = None


class SqlTaskAlert(Part):
    """An alert to evaluate."""

    alert_id: Text
    pause_subscriptions: bool | None = None
    subscriptions: list[SqlTaskSubscription] | None = None


class SqlTaskDashboard(Part):
    """A dashboard to refresh."""

    dashboard_id: Text
    custom_subject: Text | None = None
    pause_subscriptions: bool | None = None
    subscriptions: list[SqlTaskSubscription] | None = None


class SqlTaskFile(Part):
    """A file of SQL."""

    path: FilledText
    source: Source | None = None


class SqlTaskQuery(Part):
    """A saved query."""

    query_id: FilledText


class SqlTask(Part):
    """Run SQL: one of a query, a file, a dashboard or an alert."""

    warehouse_id: FilledText
    alert: SqlTaskAlert | None = None
    dashboard: SqlTaskDashboard | None = None
    file: SqlTaskFile | None = None
    parameters: dict[str, Text] = Field(default_factory=dict)
    query: SqlTaskQuery | None = None


class PipelineTask(Part):
    """Update a declarative pipeline."""

    pipeline_id: FilledText
    full_refresh: bool | None = None
    full_refresh_selection: list[Text] | None = None
    parameters: dict[str, Text] = Field(default_factory=dict)
    refresh_flow_selection: list[Text] | None = None
    refresh_selection: list[Text] | None = None
    reset_checkpoint_selection: list[Text] | None = None


class DbtTask(Part):
    """Run dbt commands."""

    commands: list[Text]
    catalog: Text | None = None
    profiles_directory: Text | None = None
    project_directory: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    source: Source | None = None
    warehouse_id: Text | None = None


class SparkJarTask(Part):
    """Run a class of a jar."""

    jar_uri: Text | None = None
    main_class_name: Text | None = None
    parameters: list[Text] = Field(default_factory=list)
    run_as_repl: bool | None = None


class SparkSubmitTask(Part):
    """Call spark-submit, as old jobs do."""

    parameters: list[Text] = Field(default_factory=list)


class PythonOperatorParameter(Part):
    """One argument of a Python operator."""

    name: Text | None = None
    value: Text | None = None


class PythonOperatorTask(Part):
    """Run a Python operator."""

    main: Text | None = None
    parameters: list[PythonOperatorParameter] | None = None


class DbtCloudTask(Part):
    """Run a job of dbt Cloud; the old name of the dbt platform."""

    connection_resource_name: Text | None = None
    dbt_cloud_job_id: JobReference | None = None


class DbtPlatformTask(Part):
    """Run a job of the dbt platform."""

    connection_resource_name: Text | None = None
    dbt_platform_job_id: Text | None = None
