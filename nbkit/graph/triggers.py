"""What starts a job by itself: schedules, triggers, continuous runs."""

from __future__ import annotations

from typing import Literal

from nbkit.graph.fields import Count, Part, Text, Whole


class SqlCondition(Part):
    """A query whose answer decides whether a trigger fires."""

    sql_query_id: Text
    warehouse_id: Text
    trigger_mode: Literal["QUERY_RETURNS_ROWS", "RESULT_VALUE_CHANGES"] | None = None


class CronSchedule(Part):
    """Runs at fixed times."""

    quartz_cron_expression: Text
    timezone_id: Text
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None
    sql_condition: SqlCondition | None = None


class MaintenanceWindow(Part):
    """When a continuous job may be restarted."""

    start_hour: Whole
    day_of_week: Literal[
        "FRIDAY", "MONDAY", "SATURDAY", "SUNDAY", "THURSDAY", "TUESDAY", "WEDNESDAY"
    ]
    timezone_id: Text


class Continuous(Part):
    """One run after the other, for ever."""

    maintenance_window: MaintenanceWindow | None = None
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None
    task_retry_mode: Literal["NEVER", "ON_FAILURE"] | None = None


class FileArrivalTrigger(Part):
    """Runs when files arrive."""

    url: Text
    min_time_between_triggers_seconds: Count | None = None
    wait_after_last_change_seconds: Count | None = None


class MonitoredJob(Part):
    """A job whose end fires a trigger."""

    workspace_id: Text
    job_id: Text


class JobCompletionTrigger(Part):
    """Runs when other jobs end."""

    jobs: list[MonitoredJob]
    if_status: Literal["DONE", "FAILED", "SUCCESS"] | None = None


class ModelTrigger(Part):
    """Runs when a registered model changes."""

    condition: Literal["MODEL_ALIAS_SET", "MODEL_CREATED", "MODEL_VERSION_READY"]
    aliases: list[Text] | None = None
    min_time_between_triggers_seconds: Count | None = None
    securable_name: Text | None = None
    wait_after_last_change_seconds: Count | None = None


class PeriodicTrigger(Part):
    """Runs every so often."""

    interval: Whole
    unit: Literal["DAYS", "HOURS", "MINUTES", "WEEKS"]


class TableUpdateTrigger(Part):
    """Runs when tables change."""

    table_names: list[Text]
    condition: Literal["ALL_UPDATED", "ANY_UPDATED"] | None = None
    min_time_between_triggers_seconds: Count | None = None
    wait_after_last_change_seconds: Count | None = None


class TriggerSettings(Part):
    """What starts a job besides a schedule."""

    file_arrival: FileArrivalTrigger | None = None
    job_completion: JobCompletionTrigger | None = None
    model: ModelTrigger | None = None
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None
    periodic: PeriodicTrigger | None = None
    sql_condition: SqlCondition | None = None
    table_update: TableUpdateTrigger | None = None


class ContinuousTrigger(Part):
    """One of several triggers: run for ever."""

    maintenance_window: MaintenanceWindow | None = None
    task_retry_mode: Literal["NEVER", "ON_FAILURE"] | None = None


class CronTrigger(Part):
    """One of several triggers: a schedule."""

    quartz_cron_expression: Text
    timezone_id: Text


class TriggerConfiguration(Part):
    """One of several triggers of a job."""

    continuous: ContinuousTrigger | None = None
    file_arrival: FileArrivalTrigger | None = None
    job_completion: JobCompletionTrigger | None = None
    model: ModelTrigger | None = None
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None
    periodic: PeriodicTrigger | None = None
    schedule: CronTrigger | None = None
    sql_condition: SqlCondition | None = None
    table_update: TableUpdateTrigger | None = None
