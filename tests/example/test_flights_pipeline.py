"""What the README shows is what happens; as a pipeline, the flights medallion has the same gold."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import nbkit
from nbkit.settings import Settings
from nbkit.spark.lease import hold

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
LOOK = """\
import json

gold = ("carriers", "routes", "delays_by_hour")
tables = [f"{schema}.{name}" for schema in ("gold", "flights_gold") for name in gold]
dbutils.notebook.exit(json.dumps({
    table: json.loads(spark.table(table).toPandas().to_json(orient="records")) for table in tables
}))
"""
KEYS = {"carriers": ["carrier"], "routes": ["origin", "dest"], "delays_by_hour": ["origin", "hour"]}


@pytest.fixture(scope="module")
def project(shared_project):
    """A fresh copy of the notebooks, where nothing has run before, with one driver for all."""
    shutil.copytree(ROOT / "notebooks", shared_project.root / "notebooks")
    with hold(Settings.of(shared_project.root)):
        yield shared_project


@pytest.fixture(scope="module")
def said(project):
    """What each of the README's commands answers, run in the order in which they stand."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    lines = [line.split(" #")[0].strip() for text in blocks for line in text.splitlines()]
    calls = [line for line in lines if line.startswith("nbkit ")]
    return {call: project.shell(call, BROWSER="true") for call in calls}


@pytest.fixture(scope="module")
def runs(project, said):
    """The README's run of the pipeline, one more with nothing new, and what is in gold."""
    assert any(call.startswith("nbkit run notebooks/flights_pipeline") for call in said)
    settings = Settings.of(project.root)
    project.notebook("look", LOOK)
    look = project.job(project.notebook_task("look", "look.ipynb"), name="look")
    pipeline = project.root / "notebooks" / "flights_pipeline" / "job.json"
    first = max(run["run_id"] for run in nbkit.runs(settings=settings))
    made = {
        "first": nbkit.show(first, settings=settings),
        "second": nbkit.run(pipeline, {"month": 1}, settings=settings, show="nothing"),
        "look": nbkit.run(look, settings=settings, show="nothing"),
    }
    assert all(run.succeeded for run in made.values()), made
    return made


def test_the_readmes_commands_run_in_the_order_in_which_they_stand(said):
    """Each of them comes to a good end, in a project where nothing has run before."""
    assert any("pipeline validate" in call for call in said)
    for call, done in said.items():
        assert done.status == 0, f"{call}\n{done.err}"


@pytest.mark.parametrize("table", KEYS)
def test_gold_is_the_same(runs, table):
    """Whoever moves from one to the other finds the same figures."""
    found = json.loads(runs["look"].exit_value("look"))
    ours, theirs = (
        pd.DataFrame(found[f"{schema}.{table}"]).set_index(KEYS[table]).sort_index()
        for schema in ("flights_gold", "gold")
    )
    assert len(ours) > 0
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)


def test_with_nothing_new_nothing_is_recomputed(runs):
    """The second run leaves every materialized view as it is, and says so."""
    attempt = runs["second"].tasks["update"]["attempts"][-1]
    messages = {
        each["id"]: each["message"]
        for each in attempt["datasets"]
        if each["type"] == "materialized_view"
    }
    assert len(messages) == 4
    assert all(message.startswith("left as it is") for message in messages.values()), messages


def test_every_row_is_in_one_of_two_places(runs):
    """What breaks a rule is in quarantine, and nowhere else."""
    attempt = runs["first"].tasks["update"]["attempts"][-1]
    datasets = {each["id"]: each for each in attempt["datasets"]}
    silver, bronze = datasets["flights_silver.flights"], datasets["flights_bronze.flights"]
    assert silver["dropped"] > 0
    assert silver["rows"] + silver["dropped"] == bronze["rows"]
