"""The flights job on a Spark cluster, unchanged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from standalone_cluster import standalone_cluster

import nbkit
from nbkit.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "notebooks" / "flights"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_flights_job_runs_on_a_standalone_cluster(tmp_path: Path) -> None:
    """With `spark.master = "spark://…"` the same job does the same on executors elsewhere."""
    shutil.copytree(EXAMPLE, tmp_path / "flights")
    with standalone_cluster(tmp_path, memory="2g") as master:
        (tmp_path / "nbkit.toml").write_text(f'[spark]\nmaster = "{master}"\n')
        run = nbkit.run(
            tmp_path / "flights" / "job.json",
            parameters={"month": 1},
            show="nothing",
            settings=Settings.of(tmp_path),
        )
    assert run.result_state == "SUCCESS"
    assert run.value("clean", "rows") > 27_000
    ran = [key for key, task in run.tasks.items() if task["output_notebook"]]
    assert "serve" in ran
