"""Notebooks on Spark, tested by the fixture `notebook`: its tables, and steps that try again."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from nbkit.errors import UsageError

pytestmark = pytest.mark.e2e

FLIGHTS = [
    {"id": 1, "delay": 5, "at": dt.datetime(2013, 1, 1, 5)},  # noqa: DTZ001
    {"id": 2, "delay": None, "at": None},
]
CONFLICT = """\
import tempfile, time
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
import nbkit

folder = Path(tempfile.mkdtemp())
begun, go = folder / "begun", folder / "go"

def wait(number):
    begun.touch()
    late = time.monotonic() + 60
    while not go.exists() and time.monotonic() < late: time.sleep(0.05)
    return number

spark.udf.register("wait", wait, "long")
spark.range(0, 10, 1, 1).write.saveAsTable("numbers")  # one task: the other core stays free

@nbkit.step("slow change", retries=3, wait=0)
def change():
    spark.sql("UPDATE numbers SET id = wait(id)")

with ThreadPoolExecutor(1) as pool:
    slow = pool.submit(change)
    while not begun.exists() and not slow.done(): time.sleep(0.05)
    spark.sql("UPDATE numbers SET id = id + 100")
    go.touch()
    slow.result()
dbutils.notebook.exit(spark.sql("SELECT sum(id) AS total FROM numbers").first().total)
"""

LOSE = """\
import os
import nbkit
with nbkit.step("count", retries=1, wait=0) as count:
    if count.tries == 1: os.kill(sc._jvm.ProcessHandle.current().pid(), 9)
    rows = spark.table("numbers").count()
dbutils.notebook.exit(rows)
"""


def test_tables(notebook, folder):
    """Tables are put before the notebook runs, and read as pandas when they are looked at."""
    r = notebook(folder / "clean.ipynb", tables={"bronze.flights": FLIGHTS})
    assert r.tables["silver.flights"]["id"].tolist() == [1]
    assert r.tables["bronze.flights"]["at"][0] == pd.Timestamp("2013-01-01 05:00")
    assert set(r.tables) == {"bronze.flights", "silver.flights"}
    assert r.task_values == {"dropped": 1}
    assert "2013-01-01 05:00:00" in r.displayed[0]["text/plain"]
    with pytest.raises(KeyError, match=r"nearest: silver\.flights"):
        r.tables["silver.flihgts"]
    given = pd.DataFrame({"id": [7], "delay": [1]})
    r = notebook(
        folder / "clean.ipynb",
        tables={"bronze.flights": given, "main.bronze.empty": ([], "id INT, name STRING")},
    )
    assert r.tables["silver.flights"]["id"].tolist() == [7]
    assert r.tables["main.bronze.empty"].columns.tolist() == ["id", "name"]
    for wrong, message in ((5, "given as int"), ([{"x": None}], "needs a type"), ([], "schema")):
        with pytest.raises(UsageError, match=message):
            notebook(folder / "clean.ipynb", tables={"bronze.flights": wrong})


def test_nothing_is_left_of_the_last_test(notebook, folder):
    """Every test begins with an empty warehouse and DBFS."""
    r = notebook(folder / "look.ipynb")
    assert r.printed == "['default'] []\n"


def test_a_step_in_conflict_tries_again(notebook, folder, write):
    """A step whose change of a table Delta refuses, since another came first, tries again."""
    write(folder / "conflict.ipynb", CONFLICT)
    r = notebook(folder / "conflict.ipynb")
    assert r.exit_value == "1045"
    assert r.step("slow change")["tries"] == 2
    assert "DELTA_CONCURRENT" in r.printed


def test_a_step_survives_the_driver(notebook, folder, write):
    """A step that loses the Spark driver tries again with a new one; so do the test's tables."""
    write(folder / "lose.ipynb", LOSE)
    r = notebook(folder / "lose.ipynb", tables={"numbers": [{"id": 1}, {"id": 2}]})
    assert r.exit_value == "2"
    assert r.step("count")["tries"] == 2
    assert len(r.tables["numbers"]) == 2
