"""What means nothing on one machine is accepted and named once."""

from __future__ import annotations

import json

import pytest

from nbkit.graph.load import parse_job

TASK = {"task_key": "a", "notebook_task": {"notebook_path": "a"}}
CLUSTER = {"new_cluster": {"spark_version": "17.3.x-scala2.13", "num_workers": 1}}
OF_CLUSTERS = "; of clusters, spark_conf and spark_env_vars count"
OF_LIBRARIES = "; what is to be installed is looked for, not installed"


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({}, None),
        ({"run_as": {}, "permissions": [], "job_clusters": []}, None),
        ({"run_as": {"user_name": "me"}}, "run_as"),
        (
            {
                "git_source": {"git_url": "https://example.com/x", "git_provider": "gitHub"},
                "permissions": [{"level": "CAN_VIEW", "group_name": "users"}],
            },
            "git_source, permissions",
        ),
        ({"job_clusters": [{"job_cluster_key": "c"} | CLUSTER]}, f"job_clusters{OF_CLUSTERS}"),
        (
            {"tasks": [TASK | CLUSTER, TASK | CLUSTER | {"task_key": "b"}]},
            f"new_cluster{OF_CLUSTERS}",
        ),
        (
            {
                "environments": [{"environment_key": "e", "spec": {"dependencies": ["numpy"]}}],
                "tasks": [TASK | {"libraries": [{"jar": "x.jar"}], "existing_cluster_id": "1"}],
            },
            f"environments, existing_cluster_id, libraries{OF_LIBRARIES}",
        ),
        (
            {
                "tasks": [
                    {
                        "task_key": "each",
                        "for_each_task": {
                            "inputs": "[1]",
                            "task": TASK | {"libraries": [{"whl": "x"}]},
                        },
                    }
                ]
            },
            f"libraries{OF_LIBRARIES}",
        ),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_ignored_fields_are_one_note(settings, note, strict):
    """It stays a note for those who take warnings as errors."""
    found = parse_job(json.dumps({"tasks": [TASK]} | settings), strict=strict).warnings
    expected = [] if note is None else [("note", f"ignored here: {note}")]
    assert [(problem.severity, str(problem)) for problem in found] == expected


def test_a_submitted_run_is_a_job():
    """The body of `runs/submit` but for its names; what belongs to one call is left out."""
    body = {
        "run_name": "once",
        "tasks": [TASK],
        "idempotency_token": "x",
        "timeout_seconds": 60,
        "access_control_list": [{"user_name": "me", "permission_level": "CAN_VIEW"}],
    }
    parsed = parse_job(json.dumps(body))
    assert (parsed.job.name, parsed.job.timeout_seconds) == ("once", 60)
    assert [str(problem) for problem in parsed.warnings] == ["ignored here: permissions"]
    again = parse_job(json.dumps(parsed.document))
    assert again.job == parsed.job


@pytest.mark.parametrize(
    "block",
    [
        "queue",
        "schedule",
        "trigger",
        "continuous",
        "git_source",
        "run_as",
        "email_notifications",
        "webhook_notifications",
        "notification_settings",
        "health",
        "deployment",
        "tags",
    ],
)
@pytest.mark.parametrize("empty", [{}, None])
def test_empty_blocks_are_not_given(block, empty):
    """`queue: {}` asks for nothing, and neither does `queue:`."""
    parsed = parse_job(json.dumps({"tasks": [TASK], block: empty}), strict=True)
    assert parsed.warnings == ()
    inner = ("email_notifications", "webhook_notifications", "notification_settings", "health")
    if block in inner:
        tasks = [TASK | {block: empty, "new_cluster": empty}]
        assert parse_job(json.dumps({"tasks": tasks}), strict=True).warnings == ()


CRON = {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC"}
CONDITION = {"sql_condition": {"sql_query_id": "1", "warehouse_id": "2"}}
WINDOW = {"maintenance_window": {"start_hour": 1, "day_of_week": "MONDAY", "timezone_id": "UTC"}}
MODEL = {"model": {"condition": "MODEL_CREATED"}}


@pytest.mark.parametrize(
    ("settings", "pointers", "severity"),
    [
        ({"schedule": CRON | CONDITION}, ["schedule.sql_condition"], "warning"),
        ({"schedule": CRON | CONDITION | {"pause_status": "PAUSED"}}, [], "warning"),
        ({"trigger": MODEL}, ["trigger.model"], "warning"),
        (
            {"triggers": [{"schedule": CRON} | CONDITION, MODEL]},
            ["triggers[0].sql_condition", "triggers[1].model"],
            "warning",
        ),
        ({"continuous": WINDOW}, ["continuous.maintenance_window"], "note"),
        (
            {"triggers": [{"continuous": WINDOW}]},
            ["triggers[0].continuous.maintenance_window"],
            "note",
        ),
    ],
)
def test_triggers_that_nothing_fires_are_named_and_the_job_runs_by_hand(
    settings, pointers, severity
):
    """Deployment refuses what `validate` warns of."""
    found = parse_job(json.dumps({"name": "n", "tasks": [TASK]} | settings)).warnings
    assert [each.pointer for each in found] == pointers
    assert {each.severity for each in found} <= {severity}
