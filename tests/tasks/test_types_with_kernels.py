"""Every task type in real kernels, with one Spark driver for all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from processes import until

import nbkit
from nbkit.app.work_board import WorkLook
from nbkit.events import Unit
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings
from nbkit.spark import control

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "nbkit.toml").write_text(
        "[spark]\nmemory = '1g'\ngrace_seconds = 30\n[kernels]\nspare = 1\n"
    )
    yield Project(root)
    control.stop(Settings.of(root))


class Project:
    """A folder with a job."""

    def __init__(self, root):
        self.root = root

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *tasks, **job):
        settings = {"name": "job", "tasks": tasks, **job}
        (self.root / "job.json").write_text(json.dumps(settings))
        return nbkit.run(self.root / "job.json", show="nothing", settings=Settings.of(self.root))


def errors(run):
    return {key: task["output"].get("error_trace") for key, task in run.tasks.items()}


def outputs(run, key):
    notebook = nbformat.read(run.output_notebook(key), as_version=4)
    return json.dumps([cell.get("outputs", []) for cell in notebook.cells])


def test_a_source_notebook_runs_unchanged(project):
    """Widgets, SQL with a widget, `%run`, Markdown and task values, in one of each language."""
    project.write("lib/names.py", "# Databricks notebook source\nTABLE = 'seen_' + DAY\n")
    project.write(
        "clean.py",
        """# Databricks notebook source
# MAGIC %md # Clean
# COMMAND ----------
dbutils.widgets.text("day", "none")
DAY = dbutils.widgets.get("day")
# COMMAND ----------
# MAGIC %run ./lib/names
# COMMAND ----------
# MAGIC %sql
# MAGIC CREATE OR REPLACE TEMP VIEW seen AS SELECT 'a;b' AS letter;
# MAGIC SELECT letter, :day AS day FROM seen
# COMMAND ----------
row = _sqldf.first()
dbutils.jobs.taskValues.set("row", [TABLE, row.letter, row.day])
dbutils.notebook.exit("done")
""",
    )
    project.write(
        "report.sql",
        """-- Databricks notebook source
SELECT upper(:day) AS shouted
-- COMMAND ----------
-- MAGIC %python
-- MAGIC dbutils.notebook.exit(_sqldf.first().shouted)
""",
    )
    run = project.run(
        {"task_key": "clean", "notebook_task": {"notebook_path": "clean"}},
        {"task_key": "report", "notebook_task": {"notebook_path": "./report.sql"}},
        parameters=[{"name": "day", "default": "friday"}],
    )
    assert run.succeeded, errors(run)
    assert run.value("clean", "row") == ["seen_friday", "a;b", "friday"]
    assert run.exit_value("report") == "FRIDAY"
    assert run.output_notebook("report").suffix == ".ipynb"


def test_a_python_file_has_spark_and_its_arguments(project):
    """`sys.exit(0)` is a success, anything else a failure at the file's own line."""
    project.write("src/rows.py", "def count(spark, n):\n    return spark.range(n).count()\n")
    project.write(
        "src/etl.py",
        "import sys\nfrom pyspark.sql import SparkSession\nimport rows\n\n"
        "def main():\n"
        "    spark = SparkSession.builder.appName('etl').getOrCreate()\n"
        "    print('counted', rows.count(spark, int(sys.argv[1])), __file__)\n"
        "    sys.exit(int(sys.argv[2]))\n\n"
        "if __name__ == '__main__':\n    main()\n",
    )
    block = {"python_file": "src/etl.py"}
    run = project.run(
        {"task_key": "good", "spark_python_task": {**block, "parameters": ["7", "0"]}},
        {"task_key": "bad", "spark_python_task": {**block, "parameters": ["7", "3"]}},
    )
    assert run.tasks["good"]["state"]["result_state"] == "SUCCESS", errors(run)
    assert f"counted 7 {project.root}/src/etl.py" in outputs(run, "good")
    assert run.tasks["bad"]["state"]["result_state"] == "FAILED"
    assert "SystemExit" in run.tasks["bad"]["output"]["error"]


def test_a_package_is_called(project):
    """With named parameters, those of the job among them."""
    project.write("shop_etl.py", "import sys\ndef main():\n    print('called', sys.argv[1:])\n")
    block = {"package_name": "shop_etl", "entry_point": "main", "named_parameters": {"x": "1"}}
    run = project.run(
        {"task_key": "wheel", "python_wheel_task": block},
        {
            "task_key": "missing",
            "python_wheel_task": {"package_name": "nowhere", "entry_point": "m"},
        },
    )
    assert "called ['--x=1']" in outputs(run, "wheel")
    assert "nowhere is not installed" in run.tasks["missing"]["output"]["error"]


def test_sql_runs_on_the_projects_spark(project):
    """Several statements with both kinds of parameters; the last result is shown."""
    project.write(
        "sql/load.sql",
        "CREATE OR REPLACE TABLE letters USING delta AS\n"
        "SELECT explode(array('a;', 'b')) AS letter;\n"
        "-- the end; or not\n"
        "SELECT count(*) AS n, :day AS day, '{{day}}!' AS shout FROM letters;\n",
    )
    sql = {"warehouse_id": "w", "file": {"path": "sql/load.sql"}, "parameters": {"day": "friday"}}
    run = project.run({"task_key": "load", "sql_task": sql})

    assert run.succeeded, errors(run)
    assert "friday!" in outputs(run, "load")


def test_rows_of_sql_drive_later_tasks(project):
    """A For each runs once per row, and the first row fills parameters and decides conditions."""
    project.write("one.py", "# Databricks notebook source\ndbutils.notebook.exit(day + size)\n")
    one = {
        "task_key": "one",
        "sql_task": {
            "warehouse_id": "w",
            "query": {"query_id": "1", "query_text": "SELECT :day || :n AS told"},
            "parameters": {"day": "{{input.day}}", "n": "{{input.n}}"},
        },
    }
    days = (
        "SELECT day, n, CAST(n AS DECIMAL(5, 2)) AS price, DATE '2013-01-01' AS at, "
        "named_struct('a', array(n)) AS deep, CAST(NULL AS STRING) AS none "
        "FROM VALUES ('monday', 1), ('friday', 2) AS t(day, n) ORDER BY n"
    )
    query = {"query_id": "1", "query_text": days}
    gate = {"op": "GREATER_THAN", "left": "{{tasks.days.output.first_row.n}}", "right": "0"}
    after = [{"task_key": "days"}]
    each = {"inputs": "{{tasks.days.output.rows}}", "task": one, "concurrency": 2}
    run = project.run(
        {"task_key": "days", "sql_task": {"warehouse_id": "w", "query": query}},
        {"task_key": "gate", "depends_on": after, "condition_task": gate},
        {"task_key": "each", "depends_on": after, "for_each_task": each},
    )
    assert run.succeeded, errors(run)
    output = run.tasks["days"]["output"]["sql_output"]
    assert output["columns"] == ["day", "n", "price", "at", "deep", "none"]
    assert output["rows"][0] == {
        "day": "monday",
        "n": 1,
        "price": "1.00",
        "at": "2013-01-01",
        "deep": {"a": [1]},
        "none": None,
    }
    assert not output["truncated"]
    assert run.tasks["gate"]["condition_task"]["outcome"] == "true"
    told = [each["output"]["sql_output"]["rows"] for each in run.tasks["each"]["iterations"]]
    assert told == [[{"told": "monday1"}], [{"told": "friday2"}]]
    assert "friday" in outputs(run, "days")


def test_dbt_runs_where_it_is_installed(project, monkeypatch):
    """Its output is in the notebook; a command that fails fails the task."""
    project.write("shop/dbt_project.yml", "name: shop\n")
    project.write("bin/dbt", '#!/bin/sh\necho "dbt says $*"\ntest "$1" != fail\n')
    (project.root / "bin" / "dbt").chmod(0o755)
    monkeypatch.setenv("PATH", str(project.root / "bin"), prepend=":")
    dbt = {"project_directory": "shop"}
    run = project.run(
        {"task_key": "good", "dbt_task": {**dbt, "commands": ["dbt deps", "dbt run"]}},
        {"task_key": "bad", "dbt_task": {**dbt, "commands": ["dbt fail", "dbt never"]}},
    )
    assert run.tasks["good"]["state"]["result_state"] == "SUCCESS", errors(run)
    assert "dbt says run" in outputs(run, "good")
    assert run.tasks["bad"]["state"]["result_state"] == "FAILED"
    assert "dbt says never" not in outputs(run, "bad")


def test_what_spark_does_is_seen_while_it_runs_and_nowhere_after(project):
    """By another process: neither the ledger nor the output notebook keeps any of it."""
    gate = project.root / "gate"
    project.write(
        "waiting.py",
        f"""# Databricks notebook source
def passing(number, rows):
    import time
    from pathlib import Path
    while not Path({str(gate)!r}).exists():
        time.sleep(0.05)
    return rows
print(sc.range(6, numSlices=3).mapPartitionsWithIndex(passing).count())
""",
    )
    runs = project.root / "runs"
    with ThreadPoolExecutor(1) as hands:
        task = {"task_key": "wait", "notebook_task": {"notebook_path": "waiting"}}
        going = hands.submit(project.run, task)
        try:
            look = WorkLook(
                until(lambda: next((f.parent for f in runs.glob("*/.work-now.json")), None))
            )
            until(lambda: look.changed() and look.works.get(Unit("wait"), {}).get("tasks") == 3)
        finally:
            gate.touch()
        run = going.result()
    assert run.succeeded, errors(run)
    assert not list(runs.glob("*/.work-now.json*"))
    assert "Spark:" not in Path(run.output_notebook("wait")).read_text()
    with closing(Ledger(Settings.of(project.root).ledger_url)) as ledger:
        assert not any("spark_work" in str(event) for event in ledger.read(run.run_id))


def test_other_types_say_that_they_cannot_run_here(project):
    """Nothing of them is tried."""
    run = project.run({"task_key": "jar", "spark_jar_task": {"main_class_name": "a.B"}})

    assert not run.succeeded
    assert "spark_jar_task" in run.tasks["jar"]["output"]["error"]
