"""The Python API: jobs run from a notebook, a script or a test, with the record of the run.

The command line is made of these functions, and of those of `nbkit.api.pipelines`.
"""

from __future__ import annotations

from nbkit.api import pipelines
from nbkit.api.beginning import begin, start_repair, submit
from nbkit.api.defining import explain, export, schema, validate
from nbkit.api.deployed import (
    backfill,
    change_job,
    create_job,
    deploy,
    deployed_job,
    deployed_jobs,
    pause,
    resume,
    run_deployed,
    undeploy,
)
from nbkit.api.recorded import Run, near
from nbkit.api.running import Show, drive, plan, repair, run, start, work
from nbkit.api.viewing import cancel, diff, old_runs, places_of_runs, remove, review, runs, show

__all__ = [
    "Run",
    "Show",
    "backfill",
    "begin",
    "cancel",
    "change_job",
    "create_job",
    "deploy",
    "deployed_job",
    "deployed_jobs",
    "diff",
    "drive",
    "explain",
    "export",
    "near",
    "old_runs",
    "pause",
    "pipelines",
    "places_of_runs",
    "plan",
    "remove",
    "repair",
    "resume",
    "review",
    "run",
    "run_deployed",
    "runs",
    "schema",
    "show",
    "start",
    "start_repair",
    "submit",
    "undeploy",
    "validate",
    "work",
]
