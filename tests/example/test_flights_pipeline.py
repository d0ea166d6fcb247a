"""The flights medallion as a declarative pipeline: the same gold figures as the notebook job."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import nbkit
from nbkit.settings import Settings
from nbkit.spark.lease import hold

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
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
def runs(tmp_path_factory):
    """Both jobs for one month, the pipeline once more with nothing new, and what is in gold."""
    root = tmp_path_factory.mktemp("project")
    (root / "nbkit.toml").write_text('[spark]\nmemory = "2g"\n')
    for name in ("flights", "flights_pipeline"):
        shutil.copytree(NOTEBOOKS / name, root / name)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    look = {"cells": [{**cell, "source": LOOK}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (root / "look.ipynb").write_text(json.dumps(look))
    task = {"task_key": "look", "notebook_task": {"notebook_path": "look.ipynb"}}
    (root / "look.json").write_text(json.dumps({"name": "look", "tasks": [task]}))
    settings = Settings.of(root)
    with hold(settings):
        made = {
            name: nbkit.run(root / file, parameters=parameters, settings=settings, show="nothing")
            for name, file, parameters in (
                ("notebooks", "flights/job.json", {"month": 1}),
                ("first", "flights_pipeline/job.json", {"month": 1}),
                ("second", "flights_pipeline/job.json", {"month": 1}),
                ("look", "look.json", None),
            )
        }
    assert all(run.succeeded for run in made.values()), made
    return made


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
