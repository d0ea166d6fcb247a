"""Tiny notebooks, and kernels that are made once for all tests of a module."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nbkit.kernels.run_notebook import Kernels, NotebookRequest, Outcome, StopRequest
from nbkit.settings import KernelSettings, RunSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbkit import wire
    from nbkit.errors import Cause


@dataclass
class Heard:
    """A listener that remembers; `at_cell` is called when that code cell begins."""

    cells: list[tuple[int, int]] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    at_cell: Callable[[int], None] = lambda cell: None

    def progressed(self, cell: int, cells: int) -> None:
        self.cells.append((cell, cells))
        self.at_cell(cell)

    def said(self, message: wire.Message) -> None:
        self.messages.append(message)


def context(folder: Path, **parameters: str) -> wire.Context:
    return {
        "project": str(folder),
        "directory": str(folder),
        "notebook_path": "nb.ipynb",
        "job_id": 1,
        "job_name": "job",
        "run_id": 7,
        "task_key": "task",
        "task_run_id": 7_000_001,
        "attempt": 0,
        "parameters": parameters,
        "task_values": {},
        "spark_conf": {},
        "env": {"NBKIT_TEST_VARIABLE": "är"},
    }


def write_notebook(
    path: Path, *sources: str, parameters: str | None = None, kernel: str | None = None
) -> Path:
    cells = [new_code_cell(source) for source in sources]
    if parameters is not None:
        cells.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    notebook = new_notebook(cells=cells)
    if kernel is not None:
        notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    path.write_text(json.dumps(notebook), encoding="utf-8")  # any text at all
    return path


@dataclass
class Ran:
    """What is known of an attempt when it is over."""

    outcome: Outcome
    output: Path
    heard: Heard

    @property
    def notebook(self) -> Any:
        notebook = nbformat.read(self.output, as_version=4)
        nbformat.validate(notebook)
        return notebook

    @property
    def text(self) -> str:
        """All text outputs, in order."""
        return "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for cell in self.notebook.cells
            for output in cell.get("outputs", ())
        )

    @property
    def statuses(self) -> list[str]:
        cells = self.notebook.cells
        return [cell.metadata.papermill.status for cell in cells if "papermill" in cell.metadata]


@dataclass
class Runner:
    """Runs sources as a notebook."""

    kernels: Kernels
    folder: Path

    def __call__(
        self,
        *sources: str,
        declared: str | None = None,
        kernel: str | None = None,
        timeout: float = 0,
        stop_at: int = 0,
        cause: Cause = "canceled",
        after: Callable[[], None] = lambda: None,
        stop_when: Callable[[], Any] | None = None,
        name: str = "nb",
        given: dict[str, str] | None = None,
        directory: str | None = None,
        env: dict[str, str] | None = None,
    ) -> Ran:
        path = self.folder / f"{name}.ipynb"
        write_notebook(path, *sources, parameters=declared, kernel=kernel)
        stop = StopRequest()
        if stop_at < 0:
            stop.request(cause)

        def stop_later() -> None:
            if stop_when and stop_when():
                stop.request(cause)

        threading.Thread(target=stop_later, daemon=True).start()

        def at_cell(cell: int) -> None:
            if cell == stop_at:
                after()
                stop.request(cause)

        heard = Heard(at_cell=at_cell)
        output = self.folder / "out" / f"{name}.ipynb"
        told = context(self.folder, **(given or {}))
        told["directory"] = directory or told["directory"]
        told["env"] |= env or {}
        request = NotebookRequest(path, output, told, timeout)
        return Ran(self.kernels.run_notebook(request, heard, stop), output, heard)

    def at(self, path: Path) -> Ran:
        """Run a notebook that is already there."""
        heard, output = Heard(), self.folder / "out" / path.name
        request = NotebookRequest(path, output, context(self.folder))
        return Ran(self.kernels.run_notebook(request, heard, StopRequest()), output, heard)


def settings(root: Path, **kernels: Any) -> Settings:
    return Settings(
        root=root,
        run=RunSettings(grace_seconds=1),
        kernels=KernelSettings(**{"spare": 1, "preload": ["numpy"], **kernels}),
    )


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    with Kernels(settings(tmp_path_factory.mktemp("project"))) as made:
        yield made


@pytest.fixture
def run(kernels: Kernels, tmp_path: Path) -> Runner:
    return Runner(kernels, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write sources as a notebook of the test's own folder."""

    def write_here(*sources: str, name: str = "nb", **options: Any) -> Path:
        return write_notebook(tmp_path / f"{name}.ipynb", *sources, **options)

    return write_here


@pytest.fixture
def runner_of(tmp_path: Path) -> Callable[[Kernels], Runner]:
    """Make a runner for kernels of the test's own."""
    return lambda kernels: Runner(kernels, tmp_path)


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """Make settings of a project in the test's own folder."""
    return lambda **kernels: settings(tmp_path, **kernels)
