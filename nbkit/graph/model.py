"""A job as the Jobs API 2.2 has it: every field of its settings; task types are in `kinds`.

The models say what a field may hold on its own. What fields mean to each other (a parent that
does not exist, a cycle) is for `nbkit.graph.checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from nbkit.graph.alerts import (
    EmailNotifications,
    HealthRules,
    JobNotificationSettings,
    TaskNotificationSettings,
    WebhookNotifications,
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
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH, ForEachTask
from nbkit.graph.run_if_rules import RunIf
from nbkit.graph.triggers import (
    Continuous,
    CronSchedule,
    TriggerConfiguration,
    TriggerSettings,
)

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


class _Order(Part):
    """What a task is called, and when it runs."""

    task_key: FilledText
    description: Text | None = None
    depends_on: list[Dependency] = Field(default_factory=list)
    run_if: RunIf = "ALL_SUCCESS"
    disabled: bool = False


if TYPE_CHECKING:
    _WithTypes = _Order
else:
    _WithTypes = create_model(
        "_WithTypes",
        __base__=_Order,
        **{kind.name: (kind.model | None, None) for kind in KINDS.values()},
    )


class Task(_WithTypes):
    """One step of the job: its key, what it waits for, what it does and how it is retried.

    Besides the fields below it has one for each task type, with the settings of that type.
    """

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
        return tuple(name for name in KINDS if getattr(self, name) is not None)

    @property
    def kind(self) -> str:
        """What the task does, such as `notebook_task`; empty if it says nothing."""
        return next(iter(self.kinds), "")

    @property
    def inner(self) -> Task:
        """What really runs: of a For each task the task inside, of others they themselves."""
        each = FOR_EACH.of(self)
        return each.task if each else self

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


ForEachTask.model_rebuild(_types_namespace={"Task": Task})  # it was written before
Task.model_rebuild()


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
