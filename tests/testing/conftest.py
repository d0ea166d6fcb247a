"""A project whose notebooks are tested with the fixture that people use."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CLEAN = """\
flights = spark.table("bronze.flights")
good = flights.where("delay IS NOT NULL")
spark.sql("CREATE SCHEMA IF NOT EXISTS silver")
good.write.mode("overwrite").saveAsTable("silver.flights")
dbutils.jobs.taskValues.set("dropped", flights.count() - good.count())
display(good)
"""

PLAIN = [
    """\
import airports, nbkit
print(dbutils.jobs.taskValues.get("ingest", "n"), month, airports.HOME)
print(dbutils.widgets.get("month"), dbutils.secrets.get("mail", "password"))
""",
    """\
with nbkit.step("load", retries=1, wait=0) as load:
    if load.tries == 1: raise TimeoutError("slow")
""",
    """\
dbutils.fs.put("dbfs:/a/b.txt", "left behind")
answer = dbutils.notebook.run("./child", 60, {"day": "1"})
dbutils.jobs.taskValues.set("answer", answer)
6 * 7
""",
    """\
from nbkit.toolkit.say import say
held = {"name": "has an id", "action": "drop", "passed": 9, "failed": 1, "ok": True}
for rows in (5, 10):
    say({"kind": "expectations", "id": "f", "dataset": "flights", "rows": rows, "results": [held]})
""",
    "dbutils.notebook.exit(answer)",
]


def write_notebook(path, *sources, parameters=None):
    made = new_notebook(cells=[new_code_cell(source) for source in sources])
    if parameters is not None:
        made.cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    nbformat.write(made, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with a module and notebooks; its settings lead to a cluster and a shared place."""
    root = tmp_path_factory.mktemp("project")
    (root / "nbkit.toml").write_text(
        "[spark]\nmemory = '1g'\nmaster = 'spark://nowhere:7077'\nwarehouse = '/nowhere'\n"
        "[kernels]\npreload = []\n"
    )
    (root / "airports.py").write_text("HOME = 'JFK'\n")
    write_notebook(root / "plain.ipynb", *PLAIN, parameters="month = 1")
    write_notebook(root / "clean.ipynb", CLEAN)
    (root / "source.py").write_text(
        "# Databricks notebook source\nimport time\n\n# COMMAND ----------\n\n"
        "time.sleep(float(dbutils.widgets.get('seconds')))\ndbutils.notebook.exit('slept')\n"
    )
    write_notebook(root / "bad.ipynb", "rows = {}", "def read():\n    return rows['x']\nread()")
    write_notebook(root / "asks.ipynb", "dbutils.notebook.run('other', 1)")
    write_notebook(
        root / "look.ipynb",
        "print([s.name for s in spark.catalog.listDatabases()], dbutils.fs.ls('dbfs:/'))",
    )
    return root


@pytest.fixture(name="write")
def _write():
    return write_notebook
