"""nbkit from its wheel, in an environment of its own: no checkout, no Java on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import notebook_task

if TYPE_CHECKING:
    from conftest import Project

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))
VERSION = """
version = spark.sparkContext._jvm.System.getProperty("java.version")
assert version.startswith("17."), version
"""
TABLE = """
spark.sql("CREATE SCHEMA fresh.bronze")
spark.range(3).write.saveAsTable("fresh.bronze.t")
assert spark.table("fresh.bronze.t").count() == 3
"""
LEFT_OUT = {"JAVA_HOME", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """nbkit as a person has it who said `pip install nbkit`; nothing else is on the path."""

    folder: Path

    def __call__(self, *command: str, cwd: Path | None = None, **said: str) -> str:
        programs = self.folder / "venv" / "bin"
        path = os.pathsep.join([str(programs), str(self.folder / "tools")])
        named = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        done = subprocess.run(
            [str(programs / command[0]), *command[1:]],
            cwd=cwd or self.folder,
            env={**named, "PATH": path, **said},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    by = Installed(folder)
    (folder / "tools").mkdir()
    for program in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):  # Hadoop calls chmod
        if not program.name.startswith("java"):
            with suppress(FileExistsError):
                (folder / "tools" / program.name).symlink_to(program)
    by(UV, "venv", "--quiet", "--python", sys.executable, "venv")
    by(UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("nbkit-*.whl")
    by(UV, "pip", "install", "--quiet", "--python", "venv/bin/python", str(wheel))
    return by


def test_a_first_project_runs_without_any_java(installed: Installed) -> None:
    """`init`, `run` and the project's own notebooks: the Java that came with it runs Spark."""
    installed("nbkit", "init", "shop")
    shop = installed.folder / "shop"
    installed("nbkit", "run", cwd=shop)
    assert "succeeded" in installed("nbkit", "runs", cwd=shop)
    assert "java-runtime" in installed("nbkit", "doctor", cwd=shop)


def test_a_java_of_the_machine_runs_spark_too(installed: Installed, project: Project) -> None:
    """The oldest that Spark takes, by JAVA_HOME: Delta, and nbkit's own classes for it."""
    found = sorted(Path("/usr/lib/jvm").glob("*17*/bin/java"))
    if not found:
        pytest.skip("there is no Java 17 below /usr/lib/jvm")
    project.notebook("n", VERSION, TABLE)
    project.job(notebook_task("n", "n.ipynb"))
    home = str(found[0].parents[1])
    installed("nbkit", "run", "job.json", "--no-keep", cwd=project.root, JAVA_HOME=home)
