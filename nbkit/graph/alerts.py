"""Whom a job tells what: notifications and the health rules behind some of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nbkit.graph.fields import Part, Text, Whole


class EmailNotifications(Part):
    """Who gets mail, and on what."""

    no_alert_for_skipped_runs: bool | None = None
    on_duration_warning_threshold_exceeded: list[Text] | None = None
    on_failure: list[Text] | None = None
    on_maintenance_complete: list[Text] | None = None
    on_maintenance_start: list[Text] | None = None
    on_start: list[Text] | None = None
    on_streaming_backlog_exceeded: list[Text] | None = None
    on_success: list[Text] | None = None


class Webhook(Part):
    """A notification destination by its id."""

    id: Text


Webhooks = Annotated[list[Webhook], Field(max_length=3)]


class WebhookNotifications(Part):
    """Which destinations are called, and on what."""

    on_duration_warning_threshold_exceeded: Webhooks | None = None
    on_failure: Webhooks | None = None
    on_maintenance_complete: Webhooks | None = None
    on_maintenance_start: Webhooks | None = None
    on_start: Webhooks | None = None
    on_streaming_backlog_exceeded: Webhooks | None = None
    on_success: Webhooks | None = None


class JobNotificationSettings(Part):
    """When a job keeps silent."""

    no_alert_for_canceled_runs: bool | None = None
    no_alert_for_skipped_runs: bool | None = None


class TaskNotificationSettings(Part):
    """When a task keeps silent."""

    alert_on_last_attempt: bool | None = None
    no_alert_for_canceled_runs: bool | None = None
    no_alert_for_skipped_runs: bool | None = None


class HealthRule(Part):
    """A limit whose crossing is worth a warning."""

    metric: Literal[
        "RUN_DURATION_SECONDS",
        "STREAMING_BACKLOG_BYTES",
        "STREAMING_BACKLOG_FILES",
        "STREAMING_BACKLOG_RECORDS",
        "STREAMING_BACKLOG_SECONDS",
    ]
    op: Literal["GREATER_THAN"]
    value: Whole


class HealthRules(Part):
    """The limits of a healthy run."""

    rules: list[HealthRule] | None = None
