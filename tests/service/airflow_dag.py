"""Run by Airflow's Python: its operators against a service; prints what became of each task."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from airflow.providers.databricks.operators.databricks import (
    DatabricksNotebookOperator,
    DatabricksRunNowOperator,
    DatabricksSubmitRunOperator,
)
from airflow.providers.databricks.operators.databricks_workflow import (
    DatabricksWorkflowTaskGroup,
)
from airflow.sdk import DAG

CLUSTER = "nbkit"
FAST = {"polling_period_seconds": 1}


def notebook(task_id: str, path: str, **more: object) -> DatabricksNotebookOperator:
    return DatabricksNotebookOperator(
        task_id=task_id,
        notebook_path=path,
        source="WORKSPACE",
        existing_cluster_id=CLUSTER,
        **{**FAST, **more},
    )


with DAG("drives_nbkit", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    DatabricksRunNowOperator(
        task_id="run_now", job_name="daily", job_parameters={"day": "7"}, **FAST
    )
    DatabricksRunNowOperator(task_id="repaired", job_name="mends", repair_run=True, **FAST)
    DatabricksRunNowOperator(task_id="fails", job_name="never", **FAST)
    submitted = {"notebook_path": "/good", "base_parameters": {"day": "8"}}
    DatabricksSubmitRunOperator(
        task_id="submit",
        tasks=[
            {"task_key": "a", "notebook_task": submitted, "existing_cluster_id": CLUSTER},
        ],
        **FAST,
    )
    notebook("alone", "/good", notebook_params={"day": "9"})
    notebook("tried_again", "/fails_once", max_retries=1)
    notebook("alone_fails", "/bad")
    with DatabricksWorkflowTaskGroup(
        group_id="group",
        databricks_conn_id="databricks_default",
        notebook_params={"day": "10"},
        extra_job_params={"email_notifications": {}},
    ):
        notebook("first", "/slow") >> notebook("then", "/good")


if __name__ == "__main__":
    run = dag.test()
    found = {each.task_id: str(each.state) for each in run.get_task_instances()}
    sys.stderr.flush()
    print("\n" + json.dumps(found))
