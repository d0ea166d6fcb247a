"""A project of a test's own: notebooks, jobs, and the program at work on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import psutil
import pytest
from hypothesis import HealthCheck, settings
from nbformat.v4 import new_code_cell, new_notebook

from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgresql import Server
    from pyspark.sql import SparkSession

# A test's own number of examples is `of_examples(few)` in `proving.py`; CI repeats what it tried.
_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=_SLOW, print_blob=True
)
settings.register_profile("prove", settings.get_profile("ci"), derandomize=False)
if (
    settings.get_current_profile_name() == "default"
):  # a test that imports this file changes nothing
    settings.load_profile("ci")

_LONGEST_FIRST = (
    "example/test_on_cluster.py",
    "pipelines/test_killed.py",
    "example/test_flights.py",
    "example/test_flights_pipeline.py",
    "pipelines/test_random_graphs.py",
    "pipelines/test_cdc_forms.py",
    "pipelines/test_streams.py",
    "quality/test_once.py",
    "pipelines/test_engine.py",
    "quality/test_killed.py",
    "cli/test_init.py",
    "pipelines/test_sessions.py",
    "quality/test_on_connect.py",
    "pipelines/test_changes.py",
    "guide/test_guide.py",
    "kernels/test_every_end.py",
    "kernels/test_run_notebook.py",
    "testing/test_with_spark.py",
    "service/test_loop.py",
    "app/test_nodes.py",
    "spark/test_metastore.py",
    "ui/test_dashboard.py",
    "test_docs.py",
)
"""Files of tests that take longest: begun first, so that at the end no worker waits for one."""

PROGRAM = Path(sys.executable).with_name("nbkit")
SETTINGS = """
[run]
parallel = 4
grace_seconds = 1
save_seconds = 0.2
[kernels]
spare = 1
preload = []
[spark]
memory = "1g"
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files be the first ones; the others keep their order."""
    here = Path(__file__).parent
    rank = {str(here / name): at for at, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(str(item.path), len(rank)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Beside the slowest tests, say which files take longest, setups included."""
    shown = terminalreporter.config.option.durations
    if not shown:
        return
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    terminalreporter.write_sep("=", f"longest {shown} files")
    for name, took in seconds.most_common(shown):
        terminalreporter.write_line(f"{took:.0f}s {name}")


@dataclass
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def notebook_task(key: str, notebook: str, *parents: str, **fields: Any) -> dict[str, Any]:
    return {
        "task_key": key,
        "depends_on": [{"task_key": parent} for parent in parents],
        "notebook_task": {"notebook_path": notebook},
        **fields,
    }


def condition(key: str, left: str, op: str, right: str, *parents: str) -> dict[str, Any]:
    return {
        "task_key": key,
        "depends_on": [{"task_key": parent} for parent in parents],
        "condition_task": {"left": left, "op": op, "right": right},
    }


@dataclass
class Project:
    """A folder with settings, and the real program in it."""

    root: Path
    started: list[Started]

    notebook_task = staticmethod(notebook_task)
    condition = staticmethod(condition)

    def notebook(self, name: str, *cells: str, parameters: str | None = None) -> Path:
        made = new_notebook(cells=[new_code_cell(source) for source in cells])
        if parameters is not None:
            tagged = new_code_cell(parameters, metadata={"tags": ["parameters"]})
            made.cells.insert(0, tagged)
        path = self.root / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    def job(self, *tasks: dict[str, Any], name: str = "job", **settings: Any) -> Path:
        return self.write(f"{name}.json", {"name": name, "tasks": list(tasks), **settings})

    def write(self, name: str, content: Any) -> Path:
        path = self.root / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def nbkit(self, *arguments: object, **env: str) -> Said:
        """Run the program to its end."""
        return self.start(*arguments, **env).end()

    def start(self, *arguments: object, **env: str) -> Started:
        """Start the program."""
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            cwd=self.root,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(Started(process))
        return self.started[-1]

    def shell(self, line: str, **env: str) -> Said:
        """Say a line to a shell, which knows the program."""
        path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=self.root,
            env={**os.environ, "PATH": path, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        out, err = (each.decode(errors="replace") for each in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        return Said(done.returncode, out, err)

    def record(self, run_id: int = 1) -> dict[str, Any]:
        """What `nbkit show --json` says of a run, its tasks by their keys."""
        document: dict[str, Any] = self.nbkit("show", run_id, "--json").json
        document["tasks"] = {task["task_key"]: task for task in document["tasks"]}
        return document

    def results(self, run_id: int = 1) -> dict[str, str | None]:
        """The result of each task of a run."""
        tasks = self.record(run_id)["tasks"].items()
        return {key: task["state"].get("result_state") for key, task in tasks}


@dataclass
class Started:
    """The program at work."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def family(self) -> list[psutil.Process]:
        """It and all that it started, the Spark driver included."""
        with suppress(psutil.NoSuchProcess):
            me = psutil.Process(self.pid)
            return [me, *me.children(recursive=True)]
        return []

    def end(self, timeout: float = 120) -> Said:
        out, err = self.process.communicate(timeout=timeout)
        assert "Traceback" not in err, err
        return Said(self.process.returncode, out, err)


def _made(root: Path) -> Iterator[Project]:
    (root / "nbkit.toml").write_text(SETTINGS)
    project = Project(root, [])
    yield project
    for started in project.started:
        if started.process.poll() is None:
            started.process.kill()
            started.process.communicate()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield from _made(tmp_path)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    yield from _made(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def warm_driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a project whose driver runs until the last test of this process.

    A JVM that has compiled what the modules before ran is what makes the tests quick.
    """
    from nbkit.spark.lease import hold

    root = tmp_path_factory.mktemp("project")
    settings = Settings.model_validate({"root": root, "spark": {"memory": "2g"}})
    with hold(settings):
        yield settings


@pytest.fixture(scope="module")
def module_spark(warm_driver: Settings) -> Iterator[SparkSession]:
    """A session of the warm driver for a module, which leaves no schema and no table behind."""
    from nbkit.spark.lease import attach

    before = os.environ.copy()
    session = attach(warm_driver)
    yield session
    session.stop()
    session = attach(warm_driver)
    for (schema,) in session.sql("SHOW SCHEMAS").collect():
        if schema != "default":
            session.sql(f"DROP SCHEMA `{schema}` CASCADE")
    for table in session.catalog.listTables("default"):
        kind = "VIEW" if table.tableType == "VIEW" else "TABLE"
        session.sql(f"DROP {kind} `default`.`{table.name}`")
    session.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server, where one is installed."""
    from postgresql import Server, programs

    if programs() is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt install postgresql")
    server = Server()
    server.start()
    yield server
    server.remove()
