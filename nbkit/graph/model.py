"""A job as the Jobs API 2.2 has it: every field of its settings, and every task type.

The models say what a field may hold on its own. What fields mean to each other (a parent that
does not exist, a cycle) is for `nbkit.graph.checks`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from nbkit.graph.alerts import (
    EmailNotifications,
    HealthRules,
    JobNotificationSettings,
    TaskNotificationSettings,
    WebhookNotifications,
)
from nbkit.graph.cloud_tasks import (
    AiFunctionTask,
    AiRuntimeTask,
    AlertTask,
    CleanRoomsNotebookTask,
    DashboardTask,
    GenAiComputeTask,
    PowerBiTask,
)
from nbkit.graph.compute import (
    ClusterSpec,
    Compute,
    GitSource,
    JobCluster,
    JobEnvironment,
    JobEnvironmentVariables,
    Library,
)
from nbkit.graph.fields import Count, FilledText, Part, Text, Whole, json_spelling
from nbkit.graph.task_types import (
    ConditionTask,
    DbtCloudTask,
    DbtPlatformTask,
    DbtTask,
    NotebookTask,
    PipelineTask,
    PythonOperatorTask,
    PythonWheelTask,
    RunJobTask,
    SparkJarTask,
    SparkPythonTask,
    SparkSubmitTask,
    SqlTask,
)
from nbkit.graph.triggers import (
    Continuous,
    CronSchedule,
    TriggerConfiguration,
    TriggerSettings,
)

__all__ = [
    "TASK_TYPES",
    "ConditionTask",
    "DbtTask",
    "Dependency",
    "ForEachTask",
    "Job",
    "JobParameter",
    "NotebookTask",
    "Outcome",
    "PipelineTask",
    "PythonWheelTask",
    "RunIf",
    "RunJobTask",
    "SparkPythonTask",
    "SqlTask",
    "Task",
]

RunIf = Literal[
    "ALL_SUCCESS",
    "ALL_DONE",
    "NONE_FAILED",
    "AT_LEAST_ONE_SUCCESS",
    "ALL_FAILED",
    "AT_LEAST_ONE_FAILED",
]

Outcome = Annotated[Literal["true", "false"], BeforeValidator(json_spelling)]


class JobParameter(Part):
    """A parameter of the job: every notebook gets it as a widget."""

    name: FilledText
    default: Text


class QueueSettings(Part):
    """Whether runs wait when too many are active."""

    enabled: bool


class JobRunAs(Part):
    """As whom the job runs."""

    user_name: Text | None = None
    service_principal_name: Text | None = None
    group_name: Text | None = None


class JobDeployment(Part):
    """What deployed the job."""

    kind: Literal["BUNDLE", "SYSTEM_MANAGED"]
    deployment_id: Text | None = None
    metadata_file_path: Text | None = None
    version_id: Text | None = None


class Dependency(Part):
    """A parent of a task; of an If/else parent, the outcome that is needed."""

    task_key: FilledText
    outcome: Outcome | None = None


class ForEachTask(Part):
    """Run a task once for each of the inputs, `concurrency` of them at a time."""

    inputs: FilledText
    task: Task
    concurrency: Annotated[Whole, Field(ge=1, le=100)] = 1


class Task(Part):
    """One step of the job: its key, what it waits for, what it does and how it is retried."""

    task_key: FilledText
    description: Text | None = None
    depends_on: list[Dependency] = Field(default_factory=list)
    run_if: RunIf = "ALL_SUCCESS"
    disabled: bool = False

    notebook_task: NotebookTask | None = None
    condition_task: ConditionTask | None = None
    for_each_task: ForEachTask | None = None
    run_job_task: RunJobTask | None = None
    spark_python_task: SparkPythonTask | None = None
    python_wheel_task: PythonWheelTask | None = None
    sql_task: SqlTask | None = None
    dbt_task: DbtTask | None = None
    pipeline_task: PipelineTask | None = None
    spark_jar_task: SparkJarTask | None = None
    spark_submit_task: SparkSubmitTask | None = None
    python_operator_task: PythonOperatorTask | None = None
    dbt_platform_task: DbtPlatformTask | None = None
    dbt_cloud_task: DbtCloudTask | None = None
    dashboard_task: DashboardTask | None = None
    alert_task: AlertTask | None = None
    power_bi_task: PowerBiTask | None = None
    clean_rooms_notebook_task: CleanRoomsNotebookTask | None = None
    gen_ai_compute_task: GenAiComputeTask | None = None
    ai_runtime_task: AiRuntimeTask | None = None
    ai_function_task: AiFunctionTask | None = None
    genie_task: Part | None = None
    agentic_task: Part | None = None

    job_cluster_key: Text | None = None
    existing_cluster_id: Text | None = None
    new_cluster: ClusterSpec | None = None
    environment_key: Text | None = None
    environment_variables_key: Text | None = None
    compute: Compute | None = None
    libraries: list[Library] = Field(default_factory=list)
    disable_auto_optimization: bool | None = None

    max_retries: Annotated[Whole, Field(ge=-1)] = 0
    min_retry_interval_millis: Count = 0
    retry_on_timeout: bool = False
    timeout_seconds: Count = 0
    health: HealthRules | None = None
    email_notifications: EmailNotifications | None = None
    webhook_notifications: WebhookNotifications | None = None
    notification_settings: TaskNotificationSettings | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the task types given; a valid task has exactly one."""
        return tuple(name for name in TASK_TYPES if getattr(self, name) is not None)

    @property
    def kind(self) -> str:
        """What the task does, such as `notebook_task`; empty if it says nothing."""
        return next(iter(self.kinds), "")

    @property
    def block(self) -> Part:
        """The settings of the task's own type.

        Raises:
            LookupError: the task has none, which validation refuses.
        """
        if not self.kind:
            raise LookupError(f"task {self.task_key} has no task type")
        block: Part = getattr(self, self.kind)
        return block


ForEachTask.model_rebuild()  # it was written before `Task`, which it holds

TASK_TYPES = tuple(name for name in Task.model_fields if name.endswith("_task"))


class Job(Part):
    """The settings of a job."""

    name: Annotated[Text, Field(max_length=4096)] = "Untitled"
    description: Annotated[Text, Field(max_length=27_700)] | None = None
    tasks: Annotated[list[Task], Field(max_length=1000)] = Field(default_factory=list)
    parameters: list[JobParameter] = Field(default_factory=list)

    job_clusters: list[JobCluster] = Field(default_factory=list)
    environments: list[JobEnvironment] = Field(default_factory=list)
    environment_variables: Annotated[list[JobEnvironmentVariables], Field(max_length=10)] = Field(
        default_factory=list
    )
    git_source: GitSource | None = None

    timeout_seconds: Count = 0
    max_concurrent_runs: Annotated[Whole, Field(ge=0, le=1000)] = 1
    queue: QueueSettings | None = None
    schedule: CronSchedule | None = None
    trigger: TriggerSettings | None = None
    triggers: list[TriggerConfiguration] = Field(default_factory=list)
    continuous: Continuous | None = None

    health: HealthRules | None = None
    duration_target: Text | None = None
    email_notifications: EmailNotifications | None = None
    webhook_notifications: WebhookNotifications | None = None
    notification_settings: JobNotificationSettings | None = None

    tags: Annotated[dict[str, Text], Field(max_length=25)] = Field(default_factory=dict)
    run_as: JobRunAs | None = None
    performance_target: Literal["STANDARD", "PERFORMANCE_OPTIMIZED"] | None = None
    budget_policy_id: Text | None = None
    usage_policy_id: Text | None = None
    parent_path: Text | None = None
    deployment: JobDeployment | None = None
    edit_mode: Literal["UI_LOCKED", "EDITABLE"] | None = None
    format: Literal["SINGLE_TASK", "MULTI_TASK"] | None = None

    permissions: list[dict[str, Any]] | None = None
    lifecycle: dict[str, Any] | None = None
