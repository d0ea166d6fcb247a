"""A real driver for the end-to-end tests of this folder: one per run, in a project of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from nbkit.settings import Settings
from nbkit.spark.lease import hold


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Settings:
    root = tmp_path_factory.mktemp("project")
    return Settings.model_validate({"root": root, "spark": {"ui": True}})


@pytest.fixture(scope="session")
def driver(project):
    """The status of a running driver, held for the whole test session."""
    with hold(project) as held:
        yield held.ready()


class Client:
    """A Python process with a Spark session, as a kernel is one."""

    def __init__(self, settings: Settings, code: str) -> None:
        prelude = """
            import sys
            from nbkit.settings import Settings
            from nbkit.spark.lease import attach, lost
            settings = Settings.model_validate_json(sys.argv[1])
            spark = attach(settings)
        """
        self.process = subprocess.Popen(
            [
                sys.executable,
                *("-c", textwrap.dedent(prelude) + textwrap.dedent(code)),
                settings.model_dump_json(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """Wait for the next line that the client prints."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def tell(self) -> None:
        """Let the client go on after its `sys.stdin.readline()`."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self) -> str:
        """Wait for the client's end; what it printed is the result."""
        out, err = self.process.communicate()
        assert self.process.returncode == 0, err
        return out.strip()


@pytest.fixture
def client(project, driver):
    """Start clients of the shared driver; those still running are killed afterwards."""
    started: list[Client] = []

    def start(code: str, settings: Settings = project) -> Client:
        started.append(Client(settings, code))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
